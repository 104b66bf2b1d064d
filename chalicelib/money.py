"""Money: integers of the smallest unit inside, exact decimals at the edge, never a float.

A currency's *units* are its smallest on-chain unit (satoshi, wei, sun) or, for fiat, the cent. The API
speaks in multiples of 1e-8; where a chain counts finer than that, the *quantum* is the number of units in
one such step.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

API_DECIMALS = 8
FIAT_DECIMALS = 2
RATE_DIGITS = 12

# Plain notation only, and short enough that no digit string can be used to burn CPU.
_PLAIN = re.compile(r"(?P<whole>[0-9]{1,30})(?:\.(?P<fraction>[0-9]{1,30}))?")
_TOO_LARGE = 10**30
# A positive exponent was sent as one ("1E+2"); NaN and the infinities have none. The lower bound keeps
# a Decimal such as 1E-999999999 from being written out.
_PLAIN_EXPONENTS = range(-30, 1)


class InvalidAmountError(ValueError):
    """The text is not an amount that this currency can have; the message says what to send instead."""


def quantum(decimals: int) -> int:
    """Return how many units make the smallest step the API can show (1 where the currency is coarser)."""
    step: int = 10 ** max(0, decimals - API_DECIMALS)
    return step


def parse_units(amount: str | int | Decimal, decimals: int) -> int:
    """Read an amount in a currency with that many decimals, exactly.

    Args:
        amount: a string, an integer or a ``Decimal`` made from the very digits that were sent. A ``Decimal``
            no longer knows whether ``0.00000001`` or ``1e-8`` was written: who must refuse the latter, passes
            the text.
        decimals: the currency's decimals; at most eight of them can be used in the API.

    Returns:
        The amount in the currency's smallest units; zero or more.

    Raises:
        InvalidAmountError: sign, exponent, NaN, more significant decimals than the currency
            has, or a type that cannot be exact.
    """
    matched = _PLAIN.fullmatch(_digits_sent(amount))
    if not matched:
        raise InvalidAmountError("must be a positive number in plain decimal notation, such as 100.25")
    fraction = (matched["fraction"] or "").rstrip("0")
    sent_decimals = len(matched["fraction"] or "")
    allowed = min(decimals, API_DECIMALS)
    if len(fraction) > allowed or sent_decimals > API_DECIMALS:
        raise InvalidAmountError(f"must have at most {allowed} decimals")
    return int(matched["whole"] + fraction.ljust(decimals, "0"))


def _digits_sent(amount: object) -> str:
    """Return the amount in plain notation, or nothing for what is no plain number (a float is never one)."""
    if isinstance(amount, str):
        return amount
    if isinstance(amount, int) and abs(amount) < _TOO_LARGE:  # True and False become words, so no match
        return str(amount)
    if isinstance(amount, Decimal) and amount.as_tuple().exponent in _PLAIN_EXPONENTS:
        return format(amount, "f")
    return ""


def format_units(units: int, decimals: int, shown_decimals: int = API_DECIMALS) -> str:
    """Write units as the API shows them: crypto with eight decimals, fiat with two.

    What is finer than the shown decimals is cut off; sums in the API are multiples of the quantum, so none
    is.
    """
    scaled = abs(units) * 10**shown_decimals // 10**decimals
    sign = "-" if units < 0 and scaled else ""
    whole, fraction = divmod(scaled, 10**shown_decimals)
    return f"{sign}{whole}.{fraction:0{shown_decimals}d}"


def units_number(units: int, decimals: int, shown_decimals: int = API_DECIMALS) -> Decimal:
    """Give units as the number that ``/rates/`` and ``min-amount`` answer: ``10.0``, ``0.00015``."""
    return plain_number(format_units(units, decimals, shown_decimals))


def plain_number(text: str) -> Decimal:
    """Give a plain decimal text as an exact number with one decimal at least, as the API's samples have it.

    Write it with ``format(number, "f")``: ``str`` of a small ``Decimal`` falls back to an exponent.
    """
    whole, _, fraction = text.partition(".")
    return Decimal(f"{whole}.{fraction.rstrip('0') or '0'}")


def format_fiat(cents: int) -> str:
    """Write cents with two decimals."""
    return format_units(cents, FIAT_DECIMALS, FIAT_DECIMALS)


def ceil_to(value: Fraction, step: int) -> int:
    """Round an exact number of units up to a multiple of ``step``: what a customer owes is never short."""
    return -(-value.numerator // (value.denominator * step)) * step


def floor_to(value: Fraction, step: int) -> int:
    """Round an exact number of units down to a multiple of ``step``: what is paid out is never too much."""
    return value.numerator // (value.denominator * step) * step


def format_rate(rate: Fraction) -> str:
    """Write a rate with twelve significant digits in plain notation, rounding half to even."""
    with localcontext(prec=RATE_DIGITS, rounding=ROUND_HALF_EVEN):
        return format(Decimal(rate.numerator) / Decimal(rate.denominator), "f")
