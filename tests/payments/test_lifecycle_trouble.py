"""Money that comes late, goes away, comes again, or comes in floods."""

from dataclasses import replace

import pytest

from chalicelib.payments import admission, lifecycle
from chalicelib.payments.labels import Label
from chalicelib.payments.lifecycle import DepositState, Status
from chalicelib.payments.state import CLOSED_KEPT
from tests.payments.story import EXPIRY, START, admitted, payment, sighting

FULL, DEPOSIT = 100_000_000, "TRX:a:0"


def late(txid, units):
    return sighting(txid, units, seen_at=EXPIRY + 1)


def credited(state, *deposit_ids):
    for deposit_id in deposit_ids:
        state = lifecycle.credit(state, deposit_id, EXPIRY + 50).state
    return state


def test_a_payment_expires_at_its_time_and_not_before():
    assert lifecycle.expire(payment(), EXPIRY - 1) is None
    step = lifecycle.expire(payment(), EXPIRY)
    assert (step.state.status, step.event_due) == (Status.EXPIRED, True)
    assert lifecycle.expire(step.state, EXPIRY + 1) is None


def test_an_underpaid_payment_keeps_what_came():
    state = lifecycle.expire(admitted(payment(), sighting("a", 60_000_000)), EXPIRY).state
    assert (state.status, state.labels) == (Status.PARTIALLY_COMPLETED, (Label.UNDERPAID,))
    done = lifecycle.credit(state, DEPOSIT, EXPIRY + 9)
    assert (done.state.status, done.credits[0].net_units) == (Status.PARTIALLY_COMPLETED, 59_400_000)
    assert done.state.completed_at is None


def test_a_confirming_payment_is_not_expired():
    state = admitted(payment(), sighting("a", FULL))
    assert lifecycle.expire(state, EXPIRY + 9) is None
    assert credited(state, DEPOSIT).status is Status.COMPLETED


def test_late_money_moves_an_expired_payment_once_when_it_is_credited():
    state = lifecycle.expire(payment(), EXPIRY).state
    seen = lifecycle.admit(state, late("a", FULL), FULL, EXPIRY + 1)
    assert (seen.state.status, seen.state.labels) == (Status.EXPIRED, (Label.LATE,))
    done = lifecycle.credit(seen.state, DEPOSIT, EXPIRY + 9)
    assert (done.state.status, done.state.labels) == (Status.COMPLETED, (Label.LATE,))


def test_the_moment_of_the_expiry_is_late():
    at_expiry = lifecycle.admit(payment(), sighting("a", FULL, seen_at=EXPIRY), FULL, EXPIRY)
    assert at_expiry.state.labels == (Label.LATE,)


def test_late_money_that_is_too_little_completes_in_part():
    state = lifecycle.expire(payment(), EXPIRY).state
    state = credited(admitted(state, late("a", 60_000_000), worth=50_000_000), DEPOSIT)
    assert (state.status, state.labels) == (Status.PARTIALLY_COMPLETED, (Label.UNDERPAID, Label.LATE))
    state = admitted(state, late("b", 60_000_000), worth=50_000_000)
    assert state.status is Status.PARTIALLY_COMPLETED
    assert credited(state, "TRX:b:0").status is Status.COMPLETED


def test_late_money_finds_its_payment_expired_before_the_schedule_has_come_by():
    assert admitted(payment(), late("a", FULL), worth=FULL).status is Status.EXPIRED
    partly = admitted(payment(), sighting("b", 60_000_000))
    assert admitted(partly, late("a", FULL), worth=FULL).status is Status.PARTIALLY_COMPLETED


def test_money_in_time_that_is_told_late_is_not_late():
    step = lifecycle.admit(payment(), sighting("a", FULL, seen_at=EXPIRY - 1), None, EXPIRY + 60)
    assert (step.state.status, step.state.labels) == (Status.CONFIRMING, ())
    expired = lifecycle.expire(payment(), EXPIRY).state
    state = admitted(expired, sighting("a", FULL, seen_at=EXPIRY - 1))
    assert (state.status, state.labels) == (Status.EXPIRED, ())
    assert credited(state, DEPOSIT).status is Status.COMPLETED


def test_a_reorganisation_takes_the_payment_back():
    step = lifecycle.orphan(admitted(payment(), sighting("a", FULL)), DEPOSIT, START)
    assert (step.state.status, step.state.labels) == (Status.WAITING, (Label.REORGED,))
    assert (step.event_due, step.state.totals.seen_units) == (True, 0)
    assert step.state.transaction_hash is None
    assert lifecycle.orphan(step.state, DEPOSIT, START) is None
    both = admitted(payment(), sighting("b", 60_000_000), sighting("a", 40_000_000))
    assert lifecycle.orphan(both, DEPOSIT, START).state.status is Status.PARTIALLY_PAID


def test_a_reorganisation_past_the_expiry_ends_the_payment():
    alone = admitted(payment(), sighting("a", FULL))
    assert lifecycle.orphan(alone, DEPOSIT, EXPIRY).state.status is Status.EXPIRED
    both = admitted(payment(), sighting("b", 60_000_000), sighting("a", 40_000_000))
    assert lifecycle.orphan(both, DEPOSIT, EXPIRY).state.status is Status.PARTIALLY_COMPLETED
    with_late = admitted(alone, late("b", 60_000_000), worth=60_000_000)
    assert lifecycle.orphan(with_late, DEPOSIT, EXPIRY + 9).state.status is Status.EXPIRED
    deep = credited(with_late, "TRX:b:0")
    assert lifecycle.orphan(deep, DEPOSIT, EXPIRY + 99).state.status is Status.PARTIALLY_COMPLETED


def test_what_a_reorganisation_moved_to_another_block_still_counts():
    state = admitted(payment(), sighting("a", FULL))
    step = lifecycle.admit(state, replace(sighting("a", FULL), block_hash="other"), None, START)
    assert (step.state.status, step.state.labels) == (Status.CONFIRMING, (Label.REORGED,))
    assert step.event_due
    again = lifecycle.admit(step.state, sighting("a", FULL, height=12), None, START)
    assert (again.event_due, again.state.deposit(DEPOSIT).height) == (False, 12)


def test_an_orphan_that_is_mined_again_counts_in_the_same_round():
    lost = lifecycle.orphan(admitted(payment(), sighting("a", FULL)), DEPOSIT, START + 5).state
    assert lifecycle.admit(lost, sighting("a", FULL), None, START + 6) is None
    state = admitted(lost, sighting("a", FULL, height=12))
    assert (state.status, state.deposits_count) == (Status.CONFIRMING, 1)
    assert state.deposit(DEPOSIT).round == 1
    back = lifecycle.admit(lost, sighting("a", FULL, seen_at=START + 7), None, START + 7)
    assert back.state.status is Status.CONFIRMING


def test_a_double_spent_payment_fails():
    state = admitted(payment(), sighting("a", FULL, height=None))
    step = lifecycle.impossible(state, DEPOSIT, START)
    assert (step.state.status, step.state.labels, step.event_due) == (Status.FAILED, (), True)
    assert step.state.deposit(DEPOSIT).state is DepositState.DOUBLE_SPENT
    late_money = credited(admitted(step.state, sighting("b", FULL)), "TRX:b:0")
    assert (late_money.status, late_money.totals.credited_units) == (Status.FAILED, 99_000_000)


def test_a_double_spend_beside_other_money_takes_only_its_own():
    both = admitted(payment(), sighting("b", 60_000_000), sighting("a", 40_000_000, height=None))
    assert lifecycle.impossible(both, DEPOSIT, START).state.status is Status.PARTIALLY_PAID
    partly = admitted(payment(), sighting("a", 40_000_000, height=None))
    assert lifecycle.impossible(partly, DEPOSIT, START).state.status is Status.WAITING


def test_a_reversal_takes_back_what_was_credited_and_the_status_stays():
    state = credited(admitted(payment(), sighting("a", FULL)), DEPOSIT)
    assert lifecycle.orphan(state, DEPOSIT, START) is None
    assert lifecycle.impossible(state, DEPOSIT, START) is None
    step = lifecycle.reverse(state, DEPOSIT, START)
    assert (step.state.status, step.event_due) == (Status.COMPLETED, True)
    assert step.state.labels == (Label.REORGED, Label.REVERSED)
    (reversal,) = step.reversals
    assert (reversal.gross_units, reversal.net_units, reversal.fee_units) == (FULL, 99_000_000, 1_000_000)
    assert (step.state.totals.received_units, step.state.totals.credited_units) == (0, 0)
    assert lifecycle.reverse(step.state, DEPOSIT, START) is None


def test_a_reversed_deposit_that_is_mined_again_is_credited_in_a_round_of_its_own():
    first = lifecycle.credit(admitted(payment(), sighting("a", FULL)), DEPOSIT, START)
    lost = lifecycle.reverse(first.state, DEPOSIT, START).state
    again = lifecycle.credit(admitted(lost, sighting("a", FULL, height=12)), DEPOSIT, START)
    assert again.credits[0].net_units == 99_000_000
    assert again.credits[0].movement_id != first.credits[0].movement_id
    assert again.state.totals.credited_units == 99_000_000


def flooded():
    """A completed payment whose first deposit has fallen off its list."""
    state = credited(admitted(payment(), sighting("a", FULL)), DEPOSIT)
    first = state.deposit(DEPOSIT)
    for number in range(CLOSED_KEPT):
        state = credited(admitted(state, sighting(f"f{number}", 10_000)), f"TRX:f{number}:0")
    return state, first


def test_deposits_that_fell_off_the_list_are_known_by_their_own_items():
    state, first = flooded()
    assert (len(state.deposits), state.deposits_count) == (CLOSED_KEPT, CLOSED_KEPT + 1)
    assert state.deposit(DEPOSIT) is None
    assert lifecycle.admit(state, sighting("a", FULL), None, START, first) is None
    assert lifecycle.reverse(state, DEPOSIT, START) is None
    step = lifecycle.reverse(state, DEPOSIT, START, first)
    assert step.reversals[0].net_units == 99_000_000
    assert step.deposits[0].state is DepositState.REVERSED
    lost = replace(first, state=DepositState.REVERSED)
    again = lifecycle.admit(state, sighting("a", FULL, height=20), None, START, lost)
    assert again.state.deposit(DEPOSIT).round == 2
    assert again.state.deposits_count == state.deposits_count


def test_the_history_shows_the_newest_first():
    state, _ = flooded()
    state = admitted(state, sighting("z", 10_000, seen_at=START + 9))
    assert len(state.deposits) == CLOSED_KEPT + 1
    assert [d.txid for d in state.history][:2] == ["z", "f99"]
    assert len(state.history) == CLOSED_KEPT


def test_a_flood_of_deposits_waits_for_the_open_ones(monkeypatch):
    monkeypatch.setattr(admission, "OPEN_KEPT", 2)
    state = admitted(payment(), sighting("a", 10_000))
    assert not lifecycle.is_full(state, sighting("b", 10_000))
    state = admitted(state, sighting("b", 10_000))
    assert lifecycle.is_full(state, sighting("c", 10_000))
    assert not lifecycle.is_full(state, sighting("a", 10_000, height=11))
    assert not lifecycle.is_full(state, sighting("c", 9_999))
    assert not lifecycle.is_full(credited(state, DEPOSIT), sighting("c", 10_000))


def test_a_flood_of_dust_never_keeps_money_waiting(monkeypatch):
    monkeypatch.setattr(admission, "DUST_KEPT", 2)
    state = admitted(payment(), sighting("a", 1), sighting("b", 1))
    assert lifecycle.is_full(state, sighting("c", 9_997))
    assert not lifecycle.is_full(state, sighting("c", 9_998))
    assert not lifecycle.is_full(state, sighting("c", FULL))


@pytest.mark.parametrize("verb", [lifecycle.orphan, lifecycle.impossible, lifecycle.reverse, lifecycle.credit])
def test_a_deposit_that_nobody_knows_changes_nothing(verb):
    assert verb(payment(), DEPOSIT, START) is None
