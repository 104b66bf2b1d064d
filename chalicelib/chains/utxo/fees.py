"""The going rate out of what a node says of its estimate and of its memory pool. Pure."""

from decimal import Decimal
from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.utxo.encoding import COIN_UNITS_DECIMALS

TARGET_BLOCKS = 3
LEAST_RATE = 1_000  # one smallest unit a virtual byte: what nodes relay at the least, as they come
NO_ESTIMATE_FACTOR = 5  # a node that has seen too few blocks knows only what it would relay
HIGHEST_RATE = 1_000_000
"""A thousand smallest units a virtual byte. No rate is above it, whatever a node says."""

_ONE_COIN = Decimal(10) ** COIN_UNITS_DECIMALS
_MOST_COINS = 84_000_000  # Litecoin's; Bitcoin has a quarter of them


def going_rate(estimate: Any, pool: Any) -> int:
    """Return smallest units for 1,000 virtual bytes: the node's estimate within the bounds.

    Args:
        estimate: what ``estimatesmartfee`` said; without ``feerate`` when the node cannot tell.
        pool: what ``getmempoolinfo`` said: below its two least rates the node takes nothing.

    Raises:
        ChainUnavailableError: the pool takes nothing at a rate that we would pay.
        ValueError, KeyError, TypeError, AttributeError: nonsense.
    """
    least = max(LEAST_RATE, units_of(pool["mempoolminfee"]), units_of(pool["minrelaytxfee"]))
    if least > HIGHEST_RATE:
        raise ChainUnavailableError("The node's memory pool wants a higher fee rate than we ever pay.")
    told = estimate.get("feerate")
    wanted = least * NO_ESTIMATE_FACTOR if told is None else units_of(told)
    return min(max(wanted, least), HIGHEST_RATE)


def units_of(coins: Any) -> int:
    """Return an amount that a node wrote in whole coins as smallest units, exactly.

    A float is none: it cannot tell all amounts of Litecoin apart.

    Raises:
        ValueError: no amount, a negative one, or one with more than eight decimals.
    """
    if isinstance(coins, bool) or not isinstance(coins, int | Decimal):
        raise ValueError("The node wrote no amount.")  # noqa: TRY004 - what a node says wrong is a wrong value
    amount = Decimal(coins)
    if not amount.is_finite() or not 0 <= amount <= _MOST_COINS:
        raise ValueError("The node wrote no amount that there can be.")
    units = amount * _ONE_COIN
    if units != units.to_integral_value():
        raise ValueError("The node wrote an amount with more than eight decimals.")
    return int(units)
