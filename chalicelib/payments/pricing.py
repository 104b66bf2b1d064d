"""What a payment asks for, what the merchant gets, and what counts as paid: integers fixed at creation."""

from dataclasses import dataclass
from fractions import Fraction

from chalicelib import money


class UnquotableError(ValueError):
    """No amount due can be made of this price, rate and fee; the message says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The bargain of one payment, fixed when it is created.

    Attributes:
        due_units: what the customer owes.
        net_due_units: what the merchant is to get when exactly that is paid; the rest is the platform's fee.
    """

    due_units: int
    net_due_units: int


def quote(
    price_units: int,
    price_decimals: int,
    rate: Fraction,
    decimals: int,
    fee_percent: Fraction,
    is_fee_paid_by_user: bool,
) -> Terms:
    """Turn a price into what the customer owes and what the merchant gets.

    The customer pays the fee: the price is the merchant's, the fee comes on top of it. The merchant pays it:
    the price is what is owed, the fee (rounded down) comes out of it. What is owed is rounded up, and so is
    the price that the merchant gets: a payment without a fee then leaves nothing over.

    Args:
        price_units: the price, in the price currency's smallest units; more than zero.
        price_decimals: the price currency's decimals.
        rate: whole coins for one whole price unit, already rounded to the digits that are shown.
        decimals: the coin's decimals.
        fee_percent: the platform's fee in percent of the price.
        is_fee_paid_by_user: whether the customer pays the fee on top of the price.

    Returns:
        Both sums in the coin's smallest units, multiples of what the API can show.

    Raises:
        UnquotableError: a price or rate of nothing, a negative fee, or a fee of more than the price.
    """
    if price_units <= 0 or rate <= 0 or fee_percent < 0:
        raise UnquotableError("a price and its rate are more than zero, and a fee is not negative")
    step = money.quantum(decimals)
    converted = Fraction(price_units * 10**decimals, 10**price_decimals) * rate
    price = money.ceil_to(converted, step)
    if is_fee_paid_by_user:
        return Terms(money.ceil_to(converted * (1 + fee_percent / 100), step), price)
    fee = money.floor_to(price * fee_percent / 100, step)
    if fee > price:
        raise UnquotableError("a fee that the merchant pays cannot be more than the price")
    return Terms(price, price - fee)


def fee_units(terms: Terms) -> int:
    """Return the platform's fee when exactly the amount due is paid, in the coin's smallest units."""
    return terms.due_units - terms.net_due_units


def credited_total(received_units: int, terms: Terms, decimals: int) -> int:
    """Return what the merchant has been credited in all once that much has arrived; the rest is the fee.

    One formula for money that is partial, over, late or taken back: each deposit is credited the difference.
    The terms are a ratio, so another currency that arrives bears the same fee, with its own decimals.
    """
    return money.floor_to(Fraction(received_units * terms.net_due_units, terms.due_units), money.quantum(decimals))


def tolerated_units(due_units: int, tolerance_percent: Fraction) -> int:
    """Return the least sum that counts as paid: the amount due less the tenant's tolerance, rounded up."""
    return max(1, money.ceil_to(due_units * (1 - tolerance_percent / 100), 1))


def due_equivalent(units: int, rate_at_creation: Fraction, rate_now: Fraction) -> int:
    """Return what coins are worth against an amount due that was fixed at another rate, rounded down.

    Args:
        units: what arrived, in the coin's smallest units.
        rate_at_creation: coins for one price unit when the payment was made.
        rate_now: coins for one price unit at the moment that counts for this deposit.

    Returns:
        The part of the amount due that they settle, in the coin's smallest units.
    """
    return money.floor_to(units * rate_at_creation / rate_now, 1)


def coins_for(rest_units: int, rate_at_creation: Fraction, last_rate: Fraction, decimals: int) -> int:
    """Return the coins that settle the rest of an amount due at the last rate, rounded up.

    The inverse of :func:`due_equivalent`: whoever sends exactly this has settled the whole rest.
    """
    return money.ceil_to(rest_units * last_rate / rate_at_creation, money.quantum(decimals))
