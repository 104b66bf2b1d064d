"""What is done next for a signed withdrawal: decided by where its transactions stand, and by nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.adapter import TxStatus
from chalicelib.payouts import rules
from chalicelib.payouts.rules import Followed, Next, next_step

CONFIRMATIONS = 5
MISSING, MEMPOOL = TxStatus("missing"), TxStatus("mempool")
MINED, REVERTED = TxStatus("mined", 10, "h10", ok=True), TxStatus("mined", 10, "h10", ok=False)
SIGNED = Followed(is_submitted=False, mined=None, height=None, block_hash=None, confirmations=CONFIRMATIONS)
SUBMITTED = replace(SIGNED, is_submitted=True)
NOTED = replace(SUBMITTED, mined=0, height=10, block_hash="h10")
DEEP, SHALLOW = 14, 13


def impossible(height: int | None) -> TxStatus:
    return TxStatus("impossible", height)


@pytest.mark.parametrize(
    ("known", "seen", "head", "expected"),
    [
        (SIGNED, [MISSING], 9, Next.SEND),
        (SIGNED, [MEMPOOL], 9, Next.SUBMITTED),
        (SUBMITTED, [MEMPOOL], 9, Next.WAIT),
        (SUBMITTED, [MISSING], 9, Next.SEND),
        (SUBMITTED, [MEMPOOL, MISSING], 9, Next.SEND),
        (SIGNED, [MEMPOOL, MISSING], 9, Next.SUBMITTED),
        (SUBMITTED, [MISSING, MEMPOOL], 9, Next.WAIT),
        (SIGNED, [MINED], 10, Next.NOTE),
        (SUBMITTED, [MINED], DEEP, Next.NOTE),
        (NOTED, [MINED], SHALLOW, Next.WAIT),
        (NOTED, [MINED], DEEP, Next.SETTLE),
        (NOTED, [REVERTED], SHALLOW, Next.WAIT),
        (NOTED, [REVERTED], DEEP, Next.FAIL_REVERTED),
        (NOTED, [impossible(10), MINED], DEEP, Next.NOTE),
        (replace(NOTED, block_hash="lost"), [MINED], DEEP, Next.NOTE),
        (replace(NOTED, height=9), [MINED], DEEP, Next.NOTE),
        (NOTED, [MISSING], DEEP, Next.FORGET),
        (NOTED, [MEMPOOL], DEEP, Next.FORGET),
        (SUBMITTED, [impossible(None)], 100, Next.WAIT),
        (SUBMITTED, [impossible(10)], SHALLOW, Next.WAIT),
        (SUBMITTED, [impossible(10)], DEEP, Next.FAIL_IMPOSSIBLE),
        (SIGNED, [impossible(10)], DEEP, Next.FAIL_IMPOSSIBLE),
        (SUBMITTED, [impossible(10), impossible(None)], 100, Next.WAIT),
        (SUBMITTED, [impossible(10), MISSING], 100, Next.WAIT),
    ],
)
def test_what_comes_next(known: Followed, seen: list[TxStatus], head: int, expected: Next) -> None:
    assert next_step(known, seen, head, was_sent=False) is expected


EXPIRING = replace(SUBMITTED, is_expiring=True)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([impossible(10)], Next.SIGN_ANEW),
        ([impossible(10), impossible(12)], Next.SIGN_ANEW),
        ([impossible(10)] * 4, Next.SIGN_ANEW),
        ([impossible(10)] * 5, Next.FAIL_IMPOSSIBLE),
        ([impossible(10), MISSING], Next.SEND),
        ([impossible(10), MEMPOOL], Next.WAIT),
        ([MISSING, impossible(12)], Next.WAIT),
        ([MEMPOOL, impossible(12)], Next.WAIT),
        ([MISSING], Next.SEND),
        ([impossible(10), MINED], Next.NOTE),
    ],
)
def test_what_expires_is_signed_anew_once_nothing_of_it_can_come(seen: list[TxStatus], expected: Next) -> None:
    assert next_step(EXPIRING, seen, 200, was_sent=False) is expected


def test_what_the_chain_does_not_call_final_is_neither_settled_nor_failed() -> None:
    for mined in (MINED, REVERTED):
        assert next_step(NOTED, [replace(mined, is_final=False)], DEEP, was_sent=False) is Next.WAIT


def test_what_no_node_keeps_is_sent_once_a_turn() -> None:
    assert next_step(SIGNED, [MISSING], 9, was_sent=True) is Next.WAIT


STATES = st.sampled_from([MISSING, MEMPOOL, MINED, REVERTED, impossible(None), impossible(3), impossible(10)])


@given(
    known=st.sampled_from([SIGNED, SUBMITTED, NOTED]),
    seen=st.lists(STATES, min_size=1, max_size=4),
    head=st.integers(0, 40),
    was_sent=st.booleans(),
)
def test_an_end_needs_proof_as_deep_as_the_currency_asks(
    known: Followed, seen: list[TxStatus], head: int, *, was_sent: bool
) -> None:
    step = next_step(known, seen, head, was_sent=was_sent)
    if step in (Next.SETTLE, Next.FAIL_REVERTED):
        mined = seen[rules.mined_place(seen) or 0]
        assert known.is_submitted
        assert mined.state == "mined"
        assert mined.ok is (step is Next.SETTLE)
        assert head - (mined.height or 0) + 1 >= CONFIRMATIONS
    if step is Next.FAIL_IMPOSSIBLE:
        assert all(one.state == "impossible" and one.height is not None for one in seen)
        assert all(head - (one.height or 0) + 1 >= CONFIRMATIONS for one in seen)


@given(newest=st.integers(1, 10**24), estimated=st.integers(1, 10**24), attempts=st.integers(1, 200))
def test_a_raised_fee_is_an_eighth_more_at_least_and_within_reason(
    newest: int, estimated: int, attempts: int
) -> None:
    raised = rules.bumped_fee_units(newest, estimated, attempts)
    if raised is None:
        assert attempts >= rules.MOST_ATTEMPTS or newest * 9 > estimated * 8 * 10 - 8
    else:
        assert raised * 8 >= newest * 9
        assert estimated <= raised <= estimated * 10


def test_a_payout_is_stuck_after_ten_minutes() -> None:
    assert not rules.is_stuck(1_000, 600_999)
    assert rules.is_stuck(1_000, 601_000)


def test_three_times_the_fixed_fee_is_paid_and_more_is_not() -> None:
    assert not rules.is_too_dear(3_000, 1_000)
    assert rules.is_too_dear(3_001, 1_000)
