"""Converting an amount at a rate, with or without the platform's fee: what ``GET /rates/`` answers."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from chalicelib.money import FIAT_DECIMALS, floor_to, format_rate, plain_number, units_number

_MAX_PERCENTAGE = 100


class InvalidFeePercentageError(ValueError):
    """The fee is no percentage between 0 and 100."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount converted.

    Attributes:
        rate: units of the target currency for one of the source currency, twelve significant digits.
        estimated_amount: what the receiver ends up with, in the target currency.
        fee_percentage: the fee that was asked for; none in a simple conversion.
        fee_amount: the fee in the target currency; none in a simple conversion.
    """

    rate: Decimal
    estimated_amount: Decimal
    fee_percentage: Decimal | None = None
    fee_amount: Decimal | None = None


def convert(amount: Fraction | Decimal, rate: Fraction, shown_decimals: int) -> Conversion:
    """Convert an amount, leaving fees aside: ``estimated_amount`` = amount x rate, rounded down.

    Args:
        amount: in the source currency, zero or more, exact.
        rate: the exact rate; it is rounded for show only.
        shown_decimals: how many decimals the target currency's amounts are shown with.
    """
    converted_units = _converted_units(amount, rate, shown_decimals)
    return Conversion(
        rate=rate_number(rate),
        estimated_amount=units_number(converted_units, shown_decimals, shown_decimals),
    )


def convert_with_fee(
    amount: Fraction | Decimal,
    rate: Fraction,
    shown_decimals: int,
    fee_percentage: Fraction | Decimal,
    *,
    is_fee_paid_by_user: bool,
) -> Conversion:
    """Convert an amount and say what the fee makes of it.

    The fee is a percentage of the converted amount, rounded down. ``estimated_amount`` is what the receiver ends
    up with: net of the fee, unless the customer pays the fee on top. Fee and net always add up to the amount.

    Args:
        amount: in the source currency, zero or more, exact.
        rate: the exact rate; it is rounded for show only.
        shown_decimals: how many decimals the target currency's amounts are shown with.
        fee_percentage: 1 is one per cent.
        is_fee_paid_by_user: the customer pays the fee on top of the amount.

    Raises:
        InvalidFeePercentageError: the fee is under 0 or over 100.
    """
    if not 0 <= fee_percentage <= _MAX_PERCENTAGE:
        raise InvalidFeePercentageError("must be between 0 and 100")
    converted_units = _converted_units(amount, rate, shown_decimals)
    fee_units = floor_to(converted_units * Fraction(fee_percentage) / _MAX_PERCENTAGE, 1)
    net_units = converted_units if is_fee_paid_by_user else converted_units - fee_units
    return Conversion(
        rate=rate_number(rate),
        estimated_amount=units_number(net_units, shown_decimals, shown_decimals),
        fee_percentage=rate_number(Fraction(fee_percentage)),
        fee_amount=units_number(fee_units, shown_decimals, shown_decimals),
    )


def usd_cents(units: int, decimals: int, usd_rate: Fraction) -> int:
    """Return what an amount is worth in cents, rounded down: the ``min_amount_usd`` of ``GET /currencies/``.

    Args:
        units: the amount in the currency's smallest units.
        decimals: the currency's decimals.
        usd_rate: US dollars for one whole coin.
    """
    return floor_to(Fraction(units, 10**decimals) * usd_rate * 10**FIAT_DECIMALS, 1)


def rate_number(rate: Fraction) -> Decimal:
    """Give a rate as the number the API answers: at most twelve significant digits, plain notation."""
    return plain_number(format_rate(rate))


def _converted_units(amount: Fraction | Decimal, rate: Fraction, shown_decimals: int) -> int:
    return floor_to(Fraction(amount) * rate * 10**shown_decimals, 1)
