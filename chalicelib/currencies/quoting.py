"""What ``GET /rates/`` answers: an amount converted at this moment's rate."""

from decimal import Decimal
from fractions import Fraction

import msgspec

from chalicelib.api import fields
from chalicelib.clock import iso
from chalicelib.currencies import rates, service
from chalicelib.currencies.currency import Currency, Fiat
from chalicelib.currencies.schemas import DetailedRate, RateQuery, SimpleRate
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError
from chalicelib.money import API_DECIMALS, InvalidAmountError, parse_units, units_number
from chalicelib.tenants.settings import settings_of


def quote(env: Environment, tenant_id: str, query: RateQuery) -> SimpleRate | DetailedRate:
    """Convert an amount, with the tenant's or the request's fee where one is asked for.

    Raises:
        InvalidCurrencyError: one of the codes is unknown.
        InvalidRequestError: amount or fee is no number that can be used.
        RatesUnavailableError: a price that is needed is missing, stale or paused.
    """
    source = service.currency_or_fiat(env, query.currency_from, "currency_from")
    target = service.currency_or_fiat(env, query.currency_to, "currency_to")
    amount_units = _units(query.amount, source.decimals, "amount")
    with_fee = query.full or query.fee_percentage is not None
    fee = _fee_percentage(env, tenant_id, query) if with_fee else None
    rate = service.rate(env, source.code, target.code)
    amount = Fraction(amount_units, 10**source.decimals)
    shown_amount = units_number(amount_units, source.decimals, source.shown_decimals)
    if fee is None:
        return _simple(source, target, shown_amount, rates.convert(amount, rate, API_DECIMALS))
    paid_by_user = _is_fee_paid_by_user(env, tenant_id, query)
    conversion = rates.convert_with_fee(amount, rate, API_DECIMALS, fee, is_fee_paid_by_user=paid_by_user)
    return _detailed(source, target, shown_amount, conversion, iso(env.clock.now()))


def _fee_percentage(env: Environment, tenant_id: str, query: RateQuery) -> Fraction:
    if query.fee_percentage is None:
        return settings_of(env, tenant_id).transaction_fee_percent
    percentage = Fraction(_units(query.fee_percentage, API_DECIMALS, "fee_percentage"), 10**API_DECIMALS)
    if percentage > 100:  # noqa: PLR2004 -- per cent; a sign is no plain number, so it is not below 0
        raise _refused("fee_percentage", "must be between 0 and 100")
    return percentage


def _is_fee_paid_by_user(env: Environment, tenant_id: str, query: RateQuery) -> bool:
    if query.is_fee_paid_by_user is not None:
        return query.is_fee_paid_by_user
    return settings_of(env, tenant_id).is_fee_paid_by_user


def _units(text: str, decimals: int, field: str) -> int:
    try:
        return parse_units(text, decimals)
    except InvalidAmountError as error:
        raise _refused(field, str(error)) from error


def _refused(field: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field} {problem}.", details={field: [problem]})


def _simple(
    source: Currency | Fiat, target: Currency | Fiat, amount: Decimal, conversion: rates.Conversion
) -> SimpleRate:
    return SimpleRate(
        currency_from=source.code,
        currency_to=target.code,
        amount=_number(amount),
        estimated_amount=_number(conversion.estimated_amount),
        rate=_number(conversion.rate),
    )


def _detailed(
    source: Currency | Fiat, target: Currency | Fiat, amount: Decimal, conversion: rates.Conversion, at: str
) -> DetailedRate:
    assert conversion.fee_percentage is not None, "a conversion with a fee says which"
    assert conversion.fee_amount is not None, "a conversion with a fee says how much"
    return DetailedRate(
        currency_from=source.code,
        currency_to=target.code,
        amount=_number(amount),
        estimated_amount=_number(conversion.estimated_amount),
        rate=_number(conversion.rate),
        fee_percentage=_number(conversion.fee_percentage),
        fee_amount=_number(conversion.fee_amount),
        timestamp=at,
    )


def _number(exact: Decimal) -> msgspec.Raw:
    return fields.number(format(exact, "f"))
