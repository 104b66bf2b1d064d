"""Which coins pay for a batch, and what is left over. Pure, and the same answer to the same question.

There is always change: a transaction whose fee turns out too low is then helped by a dearer one that takes the
difference from the change, or by a child that spends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.chains.adapter import Coin, Spending
from chalicelib.chains.utxo.sizes import CHILD_VBYTES, P2WPKH_OUTPUT_BYTES, fee_units, vbytes

MOST_INPUTS = 100
# Where small coins abound and room in blocks is cheap, some of them are spent along: later they would cost more.
PLENTY_OF_COINS, SMALL_COINS_ALONG, CHEAP_RATE = 50, 5, 3_000
# What nodes want for a replacement beside the fee of what it replaces (BIP-125, rule 4), for 1,000 virtual bytes,
BUMP_RATE = 1_000
# and by how much we raise a fee at the least.
BUMP_NUMERATOR, BUMP_DENOMINATOR = 9, 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a transaction has to pay, its change aside.

    Attributes:
        units: what the receivers get together.
        outputs: how many outputs those are.
        output_bytes: what these measure together.
        dust_units: the least that the change may be worth.
    """

    units: int
    outputs: int
    output_bytes: int
    dust_units: int

    def size_vbytes(self, inputs: int) -> int:
        """Return what the transaction measures with so many inputs, its change included."""
        return vbytes(inputs, self.output_bytes + P2WPKH_OUTPUT_BYTES, self.outputs + 1)

    def fee_units(self, inputs: int, rate: int) -> int:
        """Return its fee with so many inputs."""
        return fee_units(rate, self.size_vbytes(inputs))

    def needed_units(self, inputs: int, rate: int) -> int:
        """Return what so many coins must be worth: payments, fee, and change that could pay that fee once more.

        With the child that would pay it, and with something worth an output left then.
        """
        again = fee_units(rate, self.size_vbytes(inputs) + CHILD_VBYTES)
        return self.units + self.fee_units(inputs, rate) + again + self.dust_units


def choose(wanted: Wanted, coins: Sequence[Coin], rate: int) -> Spending | None:
    """Choose as few coins as can pay, and of those that could come last the smallest.

    Returns:
        None when no hundred of the coins suffice.

    Raises:
        ValueError: a coin is there twice.
    """
    ordered = _largest_first(coins)
    taken_units = 0
    for place, coin in enumerate(ordered[:MOST_INPUTS]):
        still_units = wanted.needed_units(place + 1, rate) - taken_units
        if coin.units >= still_units:
            last = _smallest_of(ordered[place:], still_units)
            chosen = [*ordered[:place], last]
            return _spend(wanted, [*chosen, *_small_ones(ordered, chosen, rate)], rate)
        taken_units += coin.units
    return None


def spend_all(wanted: Wanted, coins: Sequence[Coin], rate: int) -> Spending | None:
    """Spend all of these coins; None when the change would not be worth an output.

    Raises:
        ValueError: there are no coins, more than a hundred, or one twice.
    """
    if not 0 < len(coins) <= MOST_INPUTS:
        raise ValueError(f"A transaction spends 1 to {MOST_INPUTS} coins.")
    spending = _spend(wanted, _largest_first(coins), rate)
    return spending if spending.change_units >= wanted.dust_units else None


def raise_fee(wanted: Wanted, spending: Spending, units: int) -> Spending | None:
    """Return the same coins with a fee of ``units``, or the least that a replacement must offer.

    It must be higher than the old one by what relaying it costs (BIP-125, rules 3 and 4), and by an eighth.

    Returns:
        None when the change would not be worth an output then.
    """
    old = spending.fee_units
    relayed = old + fee_units(BUMP_RATE, wanted.size_vbytes(len(spending.coins)))
    eighth_more = -(-old * BUMP_NUMERATOR // BUMP_DENOMINATOR)
    fee = max(units, relayed, eighth_more)
    change = spending.change_units - (fee - old)
    return Spending(spending.coins, fee, change) if change >= wanted.dust_units else None


def _largest_first(coins: Sequence[Coin]) -> list[Coin]:
    if len({coin.outpoint for coin in coins}) != len(coins):
        raise ValueError("A coin is there twice.")
    return sorted(coins, key=lambda coin: (-coin.units, coin.outpoint))


def _smallest_of(ordered: Sequence[Coin], least_units: int) -> Coin:
    return min(
        (coin for coin in ordered if coin.units >= least_units), key=lambda coin: (coin.units, coin.outpoint)
    )


def _small_ones(ordered: Sequence[Coin], chosen: Sequence[Coin], rate: int) -> list[Coin]:
    """Return a few of the smallest coins where there are many and it is cheap; each more than pays for itself."""
    room = min(SMALL_COINS_ALONG, MOST_INPUTS - len(chosen))
    if len(ordered) <= PLENTY_OF_COINS or rate > CHEAP_RATE:
        return []
    worth = 4 * fee_units(rate, vbytes(1, 0, 0))
    taken = {coin.outpoint for coin in chosen}
    small = [coin for coin in reversed(ordered) if coin.units >= worth and coin.outpoint not in taken]
    return small[:room]


def _spend(wanted: Wanted, chosen: Sequence[Coin], rate: int) -> Spending:
    fee = wanted.fee_units(len(chosen), rate)
    return Spending(tuple(chosen), fee, sum(coin.units for coin in chosen) - wanted.units - fee)
