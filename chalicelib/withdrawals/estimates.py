"""What a withdrawal would cost, and what could be withdrawn: answered without making one."""

from typing import Any

from chalicelib.api.fields import number
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.lazily import Lazily
from chalicelib.ledger import service as ledger
from chalicelib.ledger.accounts import MASTER
from chalicelib.money import format_units, units_number
from chalicelib.withdrawals import quoting, targets
from chalicelib.withdrawals.schemas import (
    AvailableCurrencies,
    AvailableCurrency,
    CurrencyAsked,
    EstimateFee,
    EstimateWithdrawal,
    FeeEstimate,
    MinWithdrawal,
    WithdrawalEstimate,
)

chains: Any = Lazily("chalicelib.chains.adapter")
ACTIVATING = frozenset({"TRX"})  # elsewhere nobody need be asked


def estimate(env: Environment, tenant_id: str, asked: EstimateWithdrawal) -> WithdrawalEstimate:
    """Return what a withdrawal would take and give: on the same fee table it is what one does.

    Raises:
        ApiError: such a withdrawal would be refused; see :func:`quoting.quote`.
    """
    quoted = quoting.quote(env, tenant_id, asked)
    terms, money = quoted.terms, quoted.money
    return WithdrawalEstimate(
        requested_amount=money(terms.requested_units),
        fee=money(terms.fee_units),
        amount=money(terms.amount_units),
        currency=quoted.currency.code,
        blockchain=quoted.currency.blockchain,
        token=quoted.currency.token,
        platform_fee=money(terms.platform_fee_units),
        network_fee=money(terms.network_fee_units),
    )


def fee_estimate(env: Environment, tenant_id: str, asked: EstimateFee) -> FeeEstimate:
    """Return what a withdrawal would cost; whom it goes to makes no difference to that.

    The table's fee covers a recipient that is new to its chain: what the chain takes for that is part of it, and
    told only as far as the chain can be asked now.

    Raises:
        InvalidAddressError: an address came along, and it is none for this currency.
        ApiError: such a withdrawal would be refused; see :func:`quoting.quote`.
    """
    quoted = quoting.quote(env, tenant_id, asked)
    activation_units = 0
    if asked.address is not None:
        targets.require_target(env, quoted.currency, asked.address, None)
        activation_units = _activation_units(env, quoted.currency, asked.address)
    terms, money = quoted.terms, quoted.money
    return FeeEstimate(
        fee=money(terms.fee_units),
        currency=quoted.currency.code,
        blockchain=quoted.currency.blockchain,
        token=quoted.currency.token,
        network_fee=money(terms.network_fee_units),
        platform_fee=money(terms.platform_fee_units),
        is_new_address=activation_units > 0,
        address_activation_fee=money(activation_units if quoted.currency.contract is None else 0),
    )


def _activation_units(env: Environment, currency: Currency, address: str) -> int:
    """Return what the chain takes for the first coin to an address; 0 also when it does not answer."""
    if currency.blockchain not in ACTIVATING:
        return 0
    try:
        return env.chains[currency.blockchain].activation(address)
    except chains.ChainUnavailableError:
        return 0


def min_amount(env: Environment, tenant_id: str, asked: CurrencyAsked) -> MinWithdrawal:
    """Return the least that may be asked for.

    Raises:
        InvalidCurrencyError, CurrencyUnavailableError: no currency that can be withdrawn.
    """
    currency = quoting.withdrawable(env, asked.currency, asked.blockchain, asked.token)
    least_units = quoting.least(env, tenant_id, currency)
    return MinWithdrawal(
        min_amount=number(format(units_number(least_units, currency.decimals), "f")),
        currency=currency.code,
        blockchain=currency.blockchain,
        token=currency.token,
    )


def available(env: Environment, tenant_id: str) -> AvailableCurrencies:
    """Return the currencies that the master account has money in and that can be withdrawn."""
    balances = {
        one.currency: one.balance.available_units
        for one in ledger.balances_between(env, tenant_id, MASTER, MASTER)
    }
    rows = [
        _row(env, tenant_id, currency, balances[currency.code])
        for currency in env.catalogue.all()
        if currency.withdrawal_enabled and balances.get(currency.code, 0) > 0
    ]
    return AvailableCurrencies(currencies=rows, total=len(rows))


def _row(env: Environment, tenant_id: str, currency: Currency, balance_units: int) -> AvailableCurrency:
    least_units = quoting.least(env, tenant_id, currency)
    most_units = (
        min(balance_units, currency.withdrawal_max_units) // currency.quantum_units * currency.quantum_units
    )
    return AvailableCurrency(
        currency=currency.code,
        name=currency.name,
        blockchain=currency.blockchain,
        token=currency.token,
        balance=format_units(balance_units, currency.decimals),
        min_withdrawal=format_units(least_units, currency.decimals),
        max_withdrawal=format_units(most_units if most_units >= least_units else 0, currency.decimals),
    )
