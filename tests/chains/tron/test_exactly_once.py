"""Random stories of payouts: sent twice, lost, stuck, reorganised, expired; each is paid once, none twice.

The rule under test is the one that a wallet's worker lives by: the stored bytes are sent again as they are, and a
payout is signed anew only when every earlier signature of it is impossible.
"""

import random
from contextlib import suppress

import pytest

from chalicelib.chains.adapter import Payout, Signed, TransactionRefusedError

PAYOUTS = 6


def sign(chain, payout: Payout, slot: int) -> Signed:
    return chain.adapter.sign(chain.adapter.build(payout, str(slot), chain.adapter.estimate(payout)), chain.signer)


def send(chain, signed: Signed) -> None:
    with suppress(TransactionRefusedError):  # what the node says decides nothing
        chain.adapter.broadcast(signed.raw)


def disturb(chain, rng: random.Random) -> None:
    """Let something happen to the chain: blocks, long silence, a reorganisation, a pool that forgets."""
    event = rng.choice(["mine", "mine", "silence", "reorg", "forget", "stuck", "ok"])
    pool = chain.node.chain.pool
    if event == "mine":
        chain.mine(rng.randint(1, 8))
    elif event == "silence":
        chain.node.chain.mine(gap_ms=3000 * rng.choice([1, 100, 250]))
    elif event == "reorg":
        depth = rng.randint(1, 18)
        mined = [each.txid for block in chain.node.chain.blocks[-depth:] for each, _ in block.mined]
        chain.reorg(depth, drop=[txid for txid in mined if rng.random() < 0.5])
    elif event == "forget" and pool:
        del pool[rng.choice(list(pool))]
    elif event in ("stuck", "ok"):
        chain.set_payouts(event)


def work(chain, payouts, attempts, anew_when: set[str], rng: random.Random) -> None:
    """One turn: send what may still come (half of it gets lost on the way), sign what has nothing that could."""
    for slot, payout in enumerate(payouts):
        states = {chain.adapter.status(each.txid, chain.adapter.spends(each.raw)).state for each in attempts[slot]}
        if states <= anew_when:
            attempts[slot].append(sign(chain, payout, slot))
        for each in attempts[slot]:
            if rng.random() < 0.5:
                send(chain, each)


def story(chain, seed: int, anew_when: set[str]) -> tuple[list[Payout], dict[int, list[Signed]]]:
    rng = random.Random(seed)
    units = 1_000_000  # all the same, to three receivers: only their numbers tell them apart
    receivers = [chain.new_address() for _ in range(3)]
    payouts = [Payout(chain.hot_wallet, rng.choice(receivers), chain.token, units) for _ in range(PAYOUTS)]
    attempts: dict[int, list[Signed]] = {slot: [] for slot in range(PAYOUTS)}
    chain.set_payouts("stuck")
    work(chain, payouts, attempts, anew_when, rng)
    chain.node.chain.mine(gap_ms=3000 * 250)  # the first signatures of all expire; who knows when that is solid
    for _ in range(20):
        work(chain, payouts, attempts, anew_when, rng)
        for _ in range(rng.randint(1, 3)):
            disturb(chain, rng)
    chain.set_payouts("ok")
    for _ in range(24):  # quiet at last: what is lost expires, what is signed anew is sent until it is mined
        work(chain, payouts, attempts, anew_when, rng)
        chain.mine(30)
    return payouts, attempts


def times_paid(chain, attempts: list[Signed]) -> int:
    return sum(chain.adapter.status(each.txid).state == "mined" for each in attempts)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["usdt", "trx"])
def test_each_payout_is_paid_once_whatever_happens(request, name, seed):
    chain = request.getfixturevalue(name)
    payouts, attempts = story(chain, seed, {"impossible"})
    assert [times_paid(chain, attempts[slot]) for slot in range(PAYOUTS)] == [1] * PAYOUTS
    received = {payout.to: chain.hand.balance(payout.to, chain.token) for payout in payouts}
    assert sum(received.values()) == PAYOUTS * 1_000_000
    assert max(len(each) for each in attempts.values()) > 1  # some was signed anew


def test_who_signs_anew_what_is_merely_missing_pays_twice(trx):
    _, attempts = story(trx, 1, {"impossible", "missing"})
    assert max(times_paid(trx, each) for each in attempts.values()) > 1
