"""What ``GET /currencies/`` shows of the catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from chalicelib.currencies import service
from chalicelib.currencies.currency import Currency
from chalicelib.currencies.rates import usd_cents
from chalicelib.currencies.schemas import CurrencyDetails, CurrencyLimits
from chalicelib.environment import Environment
from chalicelib.money import format_fiat, format_units

_DOLLAR = "USD"


@dataclass(frozen=True, slots=True)
class Limits:
    """A currency's limits as shown; the dollars only where they were asked for."""

    min_amount: str
    max_amount: str
    min_amount_usd: str | UnsetType
    max_amount_usd: str | UnsetType


def listed(env: Environment, *, withdrawal: bool) -> list[Currency]:
    """Return the currencies that are switched on for payments, or for withdrawals."""
    return [
        currency
        for currency in env.catalogue.all()
        if (currency.withdrawal_enabled if withdrawal else currency.deposit_enabled)
    ]


def with_limits(
    env: Environment, currencies: Sequence[Currency], *, withdrawal: bool, include_usd: bool
) -> list[CurrencyLimits]:
    """Return the currencies with their limits.

    Raises:
        RatesUnavailableError: dollars are asked for, and a price is missing or stale.
    """
    limits_of = _limits(env, withdrawal=withdrawal, include_usd=include_usd)
    return [_limits_row(currency, limits_of(currency)) for currency in currencies]


def in_full(
    env: Environment, currencies: Sequence[Currency], *, withdrawal: bool, min_max: bool, include_usd: bool
) -> list[CurrencyDetails]:
    """Return the currencies with all their details, the limits among them where asked for.

    Raises:
        RatesUnavailableError: dollars are asked for, and a price is missing or stale.
    """
    limits_of = _limits(env, withdrawal=withdrawal, include_usd=include_usd)
    return [_details_row(currency, limits_of(currency) if min_max else None) for currency in currencies]


def _limits(env: Environment, *, withdrawal: bool, include_usd: bool) -> Callable[[Currency], Limits]:
    def limits_of(currency: Currency) -> Limits:
        least, most = _bounds(currency, withdrawal=withdrawal)
        return Limits(
            format_units(least, currency.decimals),
            format_units(most, currency.decimals),
            _usd(env, currency, least) if include_usd else UNSET,
            _usd(env, currency, most) if include_usd else UNSET,
        )

    return limits_of


def _bounds(currency: Currency, *, withdrawal: bool) -> tuple[int, int]:
    if withdrawal:
        return currency.withdrawal_min_units, currency.withdrawal_max_units
    return currency.deposit_min_units, currency.deposit_max_units


def _usd(env: Environment, currency: Currency, units: int) -> str:
    usd_rate = service.rate(env, currency.code, _DOLLAR, is_fixed=False)
    return format_fiat(usd_cents(units, currency.decimals, usd_rate))


def _limits_row(currency: Currency, limits: Limits) -> CurrencyLimits:
    return CurrencyLimits(
        currency=currency.code,
        min_amount=limits.min_amount,
        max_amount=limits.max_amount,
        min_amount_usd=limits.min_amount_usd,
        max_amount_usd=limits.max_amount_usd,
    )


def _details_row(currency: Currency, limits: Limits | None) -> CurrencyDetails:
    return CurrencyDetails(
        currency=currency.code,
        name=currency.name,
        token=currency.token.lower(),
        blockchain=currency.blockchain.lower(),
        is_popular=currency.is_popular,
        is_stable=currency.is_stable,
        min_amount=limits.min_amount if limits else UNSET,
        max_amount=limits.max_amount if limits else UNSET,
        min_amount_usd=limits.min_amount_usd if limits else UNSET,
        max_amount_usd=limits.max_amount_usd if limits else UNSET,
    )
