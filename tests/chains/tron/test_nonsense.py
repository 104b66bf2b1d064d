"""Whatever a node answers, the adapter has an answer or says that it has none: it never crashes."""

import random
from decimal import Decimal

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Fee, Payout, TransactionRefusedError

NONSENSE = [None, True, 0, -1, 2**70, Decimal("1.5"), "", "zz", "41", "00" * 32, [], [[]], [None], {}, {"a": 1}]
ROUNDS = 60


def questions(chain):
    payout = Payout(chain.hot_wallet, chain.new_address(), "USDT", 5)
    coins = Payout(chain.hot_wallet, chain.new_address(), "TRX", 5)
    fee, adapter = Fee("TRX", 10**9), chain.adapter
    signed = adapter.sign(adapter.build(payout, "0", fee), chain.signer)
    mined = chain.pay(chain.new_address(), 3)
    chain.mine()
    chain.pay(chain.new_address(), 3)
    height = adapter.head().height
    return {
        "head": adapter.head,
        "block_hashes": lambda: adapter.block_hashes(height - 1, height),
        "scan": lambda: adapter.scan(height - 1, height, set),
        "mempool": lambda: adapter.mempool(set),
        "status": lambda: adapter.status(mined, "1"),
        "status of an unknown one": lambda: adapter.status("ab" * 32, "1"),
        "balance of TRX": lambda: adapter.balance(chain.hot_wallet, "TRX"),
        "balance of USDT": lambda: adapter.balance(chain.hot_wallet, "USDT"),
        "estimate": lambda: (adapter.estimate(payout), adapter.estimate(coins)),
        "activation": lambda: adapter.activation(chain.hot_wallet),
        "build": lambda: (adapter.build(payout, "1", fee), adapter.build(coins, "1", fee)),
        "broadcast": lambda: adapter.broadcast(signed.raw),
    }


def spoilt(rng, answer):
    """Put nonsense in one place of an answer, at any depth, or leave something out."""
    if rng.random() < 0.2 or not isinstance(answer, dict | list) or not answer:
        return rng.choice(NONSENSE)
    key = rng.choice(list(answer)) if isinstance(answer, dict) else rng.randrange(len(answer))
    if rng.random() < 0.1:
        del answer[key]
    else:
        answer[key] = spoilt(rng, answer[key])
    return answer


@pytest.mark.parametrize("seed", range(8))
def test_nonsense_is_an_outage_and_never_a_crash(usdt, seed):
    rng = random.Random(seed)
    unavailable = 0
    for name, ask in questions(usdt).items():
        usdt.between.changes = {}
        usdt.between.asked.clear()
        ask()
        paths = sorted(set(usdt.between.asked))
        for _ in range(ROUNDS):
            usdt.between.changes = {rng.choice(paths): lambda answer: spoilt(rng, answer)}
            try:
                ask()
            except (ChainUnavailableError, TransactionRefusedError):
                unavailable += 1
            except Exception as error:
                raise AssertionError(f"{name}: {error!r}") from error
    assert unavailable > ROUNDS


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_for_a_whole_answer_is_an_outage(usdt, answer):
    for name, ask in questions(usdt).items():
        usdt.between.changes = {}
        usdt.between.asked.clear()
        ask()
        for path in sorted(set(usdt.between.asked) - {"/wallet/gettransactioninfobyid"}):
            usdt.between.changes = {path: lambda _: answer}
            try:
                ask()
            except (ChainUnavailableError, TransactionRefusedError):
                continue
            assert answer in ({}, [], None) or "pending" in path or "solidity" in path, (name, path)
