"""From what a caller asks for to a withdrawal's terms: estimates and withdrawals are made by the same steps."""

from dataclasses import dataclass
from fractions import Fraction

from chalicelib import money
from chalicelib.currencies import service as currencies
from chalicelib.currencies.catalogue import UnknownCurrencyError
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.errors import (
    AboveMaximumError,
    BelowMinimumError,
    CurrencyUnavailableError,
    InvalidCurrencyError,
    InvalidRequestError,
)
from chalicelib.tenants.settings import settings_of
from chalicelib.withdrawals import fees
from chalicelib.withdrawals.schemas import AmountAsked
from chalicelib.withdrawals.terms import NothingLeftError, Terms, least_units, terms

_DOLLAR = "USD"


@dataclass(frozen=True, slots=True)
class Quote:
    """A withdrawal's terms, and the currency that they are in."""

    currency: Currency
    terms: Terms

    def money(self, units: int) -> str:
        """Write units of the currency as the API shows them."""
        return money.format_units(units, self.currency.decimals)


def quote(env: Environment, tenant_id: str, asked: AmountAsked) -> Quote:
    """Decide what a withdrawal takes and gives, at the fees and rates of this moment.

    Args:
        env: the environment.
        tenant_id: the merchant.
        asked: the currency in either form, and the amount in either form.

    Raises:
        InvalidRequestError: not exactly one amount, or one that is no amount.
        InvalidCurrencyError, CurrencyUnavailableError: no currency that can be withdrawn.
        BelowMinimumError, AboveMaximumError: outside the currency's limits, or nothing is left of it.
        RatesUnavailableError: a fiat amount needs a price that is not fresh.
    """
    currency = withdrawable(env, asked.currency, asked.blockchain, asked.token)
    requested_units = _requested(env, currency, asked)
    _check_bounds(requested_units, currency)
    fee_percent = settings_of(env, tenant_id).withdrawal_fee_percent
    network_fee_units = fees.network_fee_units(env, currency)
    try:
        agreed = terms(
            requested_units,
            currency.decimals,
            fee_percent,
            network_fee_units,
            is_final_amount=asked.final_amount,
            least_paid_units=currency.least_paid_units,
        )
    except NothingLeftError:
        raise _below(least(env, tenant_id, currency), currency) from None
    return Quote(currency, agreed)


def withdrawable(env: Environment, code: str | None, blockchain: str | None, token: str | None) -> Currency:
    """Find the currency that a request means, by its code or by blockchain and token, if it can be withdrawn.

    Raises:
        InvalidCurrencyError: no currency is meant.
        CurrencyUnavailableError: it is switched off for withdrawals.
    """
    currency = currencies.resolve(env, code, blockchain, token)
    if not currency.withdrawal_enabled:
        raise CurrencyUnavailableError(f"{currency.code} cannot be withdrawn at the moment.")
    return currency


def least(env: Environment, tenant_id: str, currency: Currency) -> int:
    """Return the least that this merchant may ask for in a currency, in its smallest units."""
    fee_percent = settings_of(env, tenant_id).withdrawal_fee_percent
    network_fee_units = fees.network_fee_units(env, currency)
    return least_units(
        currency.withdrawal_min_units,
        currency.decimals,
        fee_percent,
        network_fee_units,
        currency.least_paid_units,
    )


def usd_cents(env: Environment, currency: Currency, units: int) -> int:
    """Return what an amount is worth in US cents now, rounded up: what it takes of a limit.

    Raises:
        RatesUnavailableError: there is no fresh price.
    """
    dollars = Fraction(units, 10**currency.decimals) * currencies.rate(env, currency.code, _DOLLAR, is_fixed=False)
    return money.ceil_to(dollars * 10**money.FIAT_DECIMALS, 1)


def _requested(env: Environment, currency: Currency, asked: AmountAsked) -> int:
    if (asked.amount is None) == (asked.price_amount is None):
        problem = "give exactly one of amount and price_amount"
        raise InvalidRequestError(
            "Send amount (in the currency) or price_amount (in fiat), and not both.",
            details={"amount": [problem], "price_amount": [problem]},
        )
    if asked.amount is not None:
        if asked.price_currency is not None:
            # Whoever states a price currency means a price: 50 of the coin is not what was meant by 50 dollars.
            raise _wrong("price_currency", "goes with price_amount; amount is in the currency itself")
        return _units(asked.amount, currency.decimals, "amount")
    return _converted(env, currency, asked.price_amount or "", asked.price_currency or _DOLLAR)


def _converted(env: Environment, currency: Currency, price_amount: str, price_currency: str) -> int:
    """Return a fiat amount in the currency, rounded down as ``GET /rates/`` does."""
    try:
        fiat = env.catalogue.fiat(price_currency)
    except UnknownCurrencyError as error:
        raise InvalidCurrencyError(str(error), details={"price_currency": [str(error)]}) from None
    price = Fraction(_units(price_amount, fiat.decimals, "price_amount"), 10**fiat.decimals)
    coins = price * currencies.rate(env, fiat.code, currency.code)
    return money.floor_to(coins * 10**currency.decimals, currency.quantum_units)


def _units(text: str, decimals: int, field: str) -> int:
    try:
        units = money.parse_units(text, decimals)
    except money.InvalidAmountError as error:
        raise _wrong(field, str(error)) from None
    if units == 0:
        raise _wrong(field, "must be more than zero")
    return units


def _check_bounds(requested_units: int, currency: Currency) -> None:
    if requested_units < currency.withdrawal_min_units:
        raise _below(currency.withdrawal_min_units, currency)
    if requested_units > currency.withdrawal_max_units:
        bound = money.format_units(currency.withdrawal_max_units, currency.decimals)
        details = {"amount": [f"must come to at most {bound} {currency.code}"]}
        raise AboveMaximumError(f"A withdrawal in {currency.code} is at most {bound}.", details=details)


def _below(least_units: int, currency: Currency) -> BelowMinimumError:
    bound = money.format_units(least_units, currency.decimals)
    details = {"amount": [f"must come to at least {bound} {currency.code}"]}
    return BelowMinimumError(f"A withdrawal in {currency.code} is at least {bound}.", details=details)


def _wrong(field: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field} {problem}.", details={field: [problem]})
