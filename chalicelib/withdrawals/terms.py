"""What a withdrawal takes and what its recipient gets: integers fixed at acceptance. Pure."""

from dataclasses import dataclass
from fractions import Fraction

from chalicelib import money


class NothingLeftError(ValueError):
    """The fees take all that was asked for: the recipient would get nothing."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The bargain of one withdrawal, in the currency's smallest units, multiples of what the API can show.

    Attributes:
        requested_units: what was asked for.
        amount_units: what the recipient gets; more than zero.
        platform_fee_units: the platform's fee.
        network_fee_units: what is charged for the network, whatever the chain really takes.
    """

    requested_units: int
    amount_units: int
    platform_fee_units: int
    network_fee_units: int

    @property
    def fee_units(self) -> int:
        """Both fees."""
        return self.platform_fee_units + self.network_fee_units


def terms(
    requested_units: int,
    decimals: int,
    fee_percent: Fraction,
    network_fee_units: int,
    *,
    is_final_amount: bool,
    least_paid_units: int = 1,
) -> Terms:
    """Decide what a withdrawal takes and gives.

    Args:
        requested_units: what is asked for.
        decimals: the currency's decimals.
        fee_percent: the platform's fee in per cent of what is asked for; it is rounded down.
        network_fee_units: what is charged for the network.
        is_final_amount: the recipient gets what is asked for and the fees come on top; else they come out of it.
        least_paid_units: the least that the chain pays out.

    Raises:
        NothingLeftError: the fees take all of it, or leave less than the chain pays out.
    """
    platform_fee_units = _platform_fee(requested_units, decimals, fee_percent)
    fees_units = platform_fee_units + network_fee_units
    amount_units = requested_units if is_final_amount else requested_units - fees_units
    if amount_units < least_paid_units:
        raise NothingLeftError("the fees take all of it")
    return Terms(requested_units, amount_units, platform_fee_units, network_fee_units)


def least_units(
    minimum_units: int, decimals: int, fee_percent: Fraction, network_fee_units: int, least_paid_units: int = 1
) -> int:
    """Return the least that may be asked for: the currency's minimum, or more where fees would leave too little.

    Args:
        minimum_units: the currency's minimum.
        decimals: its decimals.
        fee_percent: the platform's fee in per cent; below 100.
        network_fee_units: what is charged for the network.
        least_paid_units: the least that the chain pays out.
    """
    step = money.quantum(decimals)
    least_left_units = money.ceil_to(Fraction(least_paid_units), step)
    # What is left grows with what is asked for, so the least that leaves anything is found by halving.
    enough = max(
        minimum_units, money.ceil_to((network_fee_units + least_left_units) / (1 - fee_percent / 100), step)
    )
    low, high = -(-minimum_units // step), enough // step
    while low < high:
        middle = (low + high) // 2
        requested_units = middle * step
        left_units = requested_units - _platform_fee(requested_units, decimals, fee_percent) - network_fee_units
        low, high = (low, middle) if left_units >= least_left_units else (middle + 1, high)
    return low * step


def _platform_fee(requested_units: int, decimals: int, fee_percent: Fraction) -> int:
    return money.floor_to(requested_units * fee_percent / 100, money.quantum(decimals))
