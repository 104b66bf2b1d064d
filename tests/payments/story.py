"""A payment of 100 USDT with a merchant-paid fee of 1 %, and money on its way to it."""

from chalicelib.payments import lifecycle
from chalicelib.payments.lifecycle import Sighting
from chalicelib.payments.pricing import Terms

START, EXPIRY = 1000.0, 2800.0


def payment(*, is_fixed_rate=True, is_priced_in_coin=False):
    return lifecycle.opened(
        Terms(100_000_000, 99_000_000),
        99_500_000,
        "USDTTRC20",
        6,
        is_fixed_rate=is_fixed_rate,
        is_priced_in_coin=is_priced_in_coin,
        expires_at=EXPIRY,
        now=START,
    )


def sighting(txid, units, *, height=10, seen_at=START, currency="USDTTRC20"):
    block = None if height is None else f"block{height}"
    return Sighting("TRX", txid, 0, currency, 6, 10_000, units, height, block, seen_at)


def admitted(state, *sightings, worth=None):
    for seen in sightings:
        state = lifecycle.admit(state, seen, worth, seen.seen_at).state
    return state
