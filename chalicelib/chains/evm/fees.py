"""What a transaction may cost: from the node's advice to a price for one gas, and from a fee back to it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.chains.evm.chain_parameters import ChainParameters
from chalicelib.chains.evm.transaction import EvmTransaction

COIN_GAS = 21_000  # what a plain payment always uses (yellow paper, appendix G)
TOKEN_GAS = 65_000  # an ERC-20 transfer to an address that had none before: the catalogue's payout weight
_MARGIN_NUMERATOR, _MARGIN_DENOMINATOR = 6, 5  # a contract's state may have changed until the block
_BASE_FEE_TIMES = 2  # it rises by an eighth a block at most: enough for six full blocks
_RISE_NUMERATOR, _RISE_DENOMINATOR = 9, 8  # nodes take a replacement for a tenth more; some ask for an eighth
_OUTBIDDING_NUMERATOR, _OUTBIDDING_DENOMINATOR = 3, 2  # of the going price: no estimate grows so old in a turn
# Left out of every price, in wei for one gas: so a fee that rises by an eighth, rounded up, always leaves room for
# a price that does, rounded up for its part. Without it seven of eight replacements would miss by one wei.
SLACK_UNITS = 8


class FeeTooSmallError(ValueError):
    """The fee does not pay for what is to be done for it."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What the chain asks for one gas now.

    Attributes:
        price_units: native units for one gas, at most.
        priority_units: the producer's part of them; None where there is but one gas price.
    """

    price_units: int
    priority_units: int | None


def dynamic_quote(parameters: ChainParameters, base_units: int, rewards: Sequence[int]) -> Quote:
    """Return a price by the next block's base fee and the priority fees of the last blocks (EIP-1559).

    Args:
        parameters: the chain's floor and cap for the priority.
        base_units: the next block's base fee.
        rewards: the usual priority fee of each of the last blocks; of empty ones it is zero and tells nothing.
    """
    told = sorted(reward for reward in rewards if reward)
    priority_units = _bounded(parameters, told[len(told) // 2] if told else 0)
    return Quote(_BASE_FEE_TIMES * base_units + priority_units, priority_units)


def legacy_quote(parameters: ChainParameters, advised_units: int) -> Quote:
    """Return a gas price by the node's advice."""
    return Quote(_bounded(parameters, advised_units), None)


def with_margin(estimated_gas: int) -> int:
    """Return the gas limit for an estimate: a plain payment takes exactly what it takes, a contract may vary."""
    if estimated_gas == COIN_GAS:
        return estimated_gas
    return -(-estimated_gas * _MARGIN_NUMERATOR // _MARGIN_DENOMINATOR)


def fee_units(gas: int, quote: Quote) -> int:
    """Return what a transaction of so much gas takes at most at that price."""
    return gas * (quote.price_units + SLACK_UNITS)


def affordable(gas: int, units: int, going: Quote) -> Quote:
    """Return the price for one gas that a fee of ``units`` affords; the priority is never above it.

    A fee far above the going price is there to outbid what waits in the same slot, of which each part must be
    outbid: then all that is not needed for the base fee goes into the priority.

    Raises:
        FeeTooSmallError: it affords none.
    """
    price_units = units // gas - SLACK_UNITS
    if price_units <= 0:
        raise FeeTooSmallError("The fee does not pay for the transaction's gas.")
    if going.priority_units is None:
        return Quote(price_units, None)
    is_outbidding = price_units * _OUTBIDDING_DENOMINATOR >= going.price_units * _OUTBIDDING_NUMERATOR
    above_units = price_units - going.price_units if is_outbidding else 0
    return Quote(price_units, min(going.priority_units + above_units, price_units))


def raised(sent: EvmTransaction, units: int, priority_units: int | None) -> EvmTransaction:
    """Return the same transaction at a higher price: as high as the fee affords, each part an eighth up at least.

    Args:
        sent: what waits to be mined.
        units: what the new one may take, at most.
        priority_units: the priority fee that the chain asks for now.

    Raises:
        FeeTooSmallError: the fee does not suffice for an eighth more.
    """
    price_units = units // sent.gas - SLACK_UNITS
    if price_units < _eighth_more(sent.price_units):
        raise FeeTooSmallError("The fee does not pay for an eighth more than the transaction that it replaces.")
    if sent.priority_units is None:
        return replace(sent, price_units=price_units)
    wanted_units = max(_eighth_more(sent.priority_units), min(priority_units or 0, price_units))
    return replace(sent, price_units=price_units, priority_units=wanted_units)


def _eighth_more(units: int) -> int:
    """Return an eighth more, rounded up, and never the same: nodes want every part of the fee to rise."""
    return max(-(-units * _RISE_NUMERATOR // _RISE_DENOMINATOR), units + 1)


def _bounded(parameters: ChainParameters, advised_units: int) -> int:
    return min(max(advised_units, parameters.least_price_units), parameters.most_price_units)
