"""Money that comes as it should, or nearly: in time, under, over, in parts, in another currency, as dust."""

from dataclasses import replace
from fractions import Fraction

import pytest

from chalicelib.payments import lifecycle
from chalicelib.payments.labels import Label
from chalicelib.payments.lifecycle import RateNeededError, Sighting, Status
from chalicelib.payments.pricing import Terms
from tests.payments.story import EXPIRY, START, admitted, payment, sighting


def test_a_payment_waits_at_first():
    state = payment()
    assert (state.status, state.labels, state.version) == (Status.WAITING, (), 1)
    assert state.transaction_hash is None


def test_the_exact_sum_is_confirmed_and_credited():
    seen = lifecycle.admit(payment(), sighting("a", 100_000_000, height=None), None, START)
    assert (seen.state.status, seen.event_due, seen.credits) == (Status.CONFIRMING, True, ())
    in_block = lifecycle.admit(seen.state, sighting("a", 100_000_000), None, START + 3)
    assert (in_block.state.status, in_block.event_due, in_block.state.version) == (Status.CONFIRMING, False, 3)
    done = lifecycle.credit(in_block.state, "TRX:a:0", START + 60)
    (credit,) = done.credits
    assert (credit.gross_units, credit.net_units, credit.fee_units) == (100_000_000, 99_000_000, 1_000_000)
    assert (done.state.status, done.state.labels, done.event_due) == (Status.COMPLETED, (), True)
    assert done.state.completed_at == done.state.updated_at == START + 60
    assert done.state.transaction_hash == "a"


def test_what_is_in_no_block_is_not_credited():
    state = admitted(payment(), sighting("a", 100_000_000, height=None))
    assert lifecycle.credit(state, "TRX:a:0", START) is None


def test_the_same_twice_changes_nothing():
    state = admitted(payment(), sighting("a", 100_000_000))
    assert lifecycle.admit(state, sighting("a", 100_000_000), None, START) is None
    assert lifecycle.admit(state, sighting("a", 100_000_000, height=None), None, START) is None
    state = lifecycle.credit(state, "TRX:a:0", START).state
    assert lifecycle.credit(state, "TRX:a:0", START) is None
    assert lifecycle.credit(state, "TRX:nobody:0", START) is None
    assert lifecycle.admit(state, sighting("a", 100_000_000), None, START) is None


def test_nothing_is_no_deposit():
    assert lifecycle.admit(payment(), sighting("a", 0), None, START) is None


def test_less_than_due_may_be_topped_up():
    state = admitted(payment(), sighting("a", 60_000_000))
    assert (state.status, state.labels) == (Status.PARTIALLY_PAID, (Label.UNDERPAID,))
    part = lifecycle.credit(state, "TRX:a:0", START)
    assert (part.state.status, part.event_due) == (Status.PARTIALLY_PAID, True)
    state = admitted(part.state, sighting("b", 40_000_000, height=11))
    assert (state.status, state.labels) == (Status.CONFIRMING, (Label.MULTIPLE,))
    done = lifecycle.credit(state, "TRX:b:0", START)
    assert (done.state.status, done.state.totals.credited_units) == (Status.COMPLETED, 99_000_000)


def test_within_the_tolerance_counts_as_paid():
    assert admitted(payment(), sighting("a", 99_500_000)).status is Status.CONFIRMING
    assert admitted(payment(), sighting("a", 99_499_999)).status is Status.PARTIALLY_PAID
    assert admitted(payment(), sighting("a", 100_500_000)).labels == ()


def test_too_much_is_credited_with_the_same_fee():
    state = admitted(payment(), sighting("a", 150_000_000))
    assert state.labels == (Label.OVERPAID,)
    assert lifecycle.credit(state, "TRX:a:0", START).credits[0].net_units == 148_500_000


def test_money_after_completion_is_credited_too():
    state = lifecycle.credit(admitted(payment(), sighting("a", 100_000_000)), "TRX:a:0", START).state
    state = admitted(state, sighting("b", 50_000_000, height=12))
    assert (state.status, state.labels) == (Status.COMPLETED, (Label.OVERPAID, Label.MULTIPLE))
    done = lifecycle.credit(state, "TRX:b:0", START + 99)
    assert (done.credits[0].net_units, done.event_due) == (49_500_000, True)
    assert done.state.completed_at == START


def test_another_currency_does_not_pay_and_is_credited_in_its_own():
    step = lifecycle.admit(payment(), sighting("a", 500_000_000, currency="TRX"), None, START)
    assert (step.state.status, step.state.labels) == (Status.WAITING, (Label.WRONG_CURRENCY,))
    assert step.event_due
    assert step.state.totals.seen_units == 0
    assert step.state.transaction_hash is None
    valued = lifecycle.admit(payment(), sighting("a", 1_000_000, currency="TRX"), 9, START)
    assert valued.deposits[0].counted_units == 0
    done = lifecycle.credit(step.state, "TRX:a:0", START)
    assert (done.credits[0].currency, done.credits[0].net_units) == ("TRX", 495_000_000)
    assert (done.state.status, done.state.labels) == (Status.WAITING, (Label.WRONG_CURRENCY,))
    assert done.event_due
    assert done.state.totals.received_units == 0
    back = lifecycle.reverse(done.state, "TRX:a:0", START)
    assert (back.reversals[0].net_units, back.reversals[0].fee_units) == (495_000_000, 5_000_000)


def test_dust_waits_until_it_passes_its_bound_together():
    step = lifecycle.admit(payment(), sighting("a", 6_000), None, START)
    assert (step.state.status, step.event_due, step.state.deposits_count) == (Status.WAITING, False, 1)
    assert lifecycle.credit(step.state, "TRX:a:0", START) is None
    step = lifecycle.admit(step.state, sighting("b", 4_000), None, START)
    assert (step.state.status, step.state.totals.seen_units) == (Status.PARTIALLY_PAID, 10_000)
    assert {d.deposit_id for d in step.deposits} == {"TRX:a:0", "TRX:b:0"}
    assert lifecycle.credit(step.state, "TRX:a:0", START).credits[0].net_units == 5_940


def test_dust_of_two_currencies_does_not_add_up():
    state = admitted(payment(), sighting("a", 6_000), sighting("b", 6_000, currency="TRX"))
    assert (state.totals.seen_units, state.labels) == (0, ())


def test_dust_that_is_lost_no_longer_adds_up_and_may_come_again():
    state = admitted(payment(), sighting("a", 6_000))
    state = lifecycle.orphan(state, "TRX:a:0", START).state
    assert state.labels == ()
    state = admitted(state, sighting("b", 6_000))
    assert state.status is Status.WAITING
    state = admitted(state, sighting("a", 6_000, height=14))
    assert (state.status, state.totals.seen_units) == (Status.PARTIALLY_PAID, 12_000)


def test_units_below_what_the_api_shows_go_to_the_dust_account():
    state = lifecycle.opened(
        Terms(10**18, 99 * 10**16),
        10**18,
        "ETH",
        18,
        is_fixed_rate=True,
        is_priced_in_coin=True,
        expires_at=EXPIRY,
        now=START,
    )
    seen = Sighting("ETH", "0xa", 0, "ETH", 18, 10**12, 10**18 + 7, 5, "0xb", START)
    done = lifecycle.credit(admitted(state, seen), "ETH:0xa:0", START)
    (credit,) = done.credits
    assert (credit.gross_units, credit.dust_units) == (10**18 + 7, 7)
    assert credit.net_units + credit.fee_units + credit.dust_units == credit.gross_units
    assert done.state.status is Status.COMPLETED


def test_a_floating_deposit_is_worth_its_moment_in_a_block():
    state = payment(is_fixed_rate=False)
    assert lifecycle.admit(state, sighting("a", 100_000_000, height=None), None, START) is None
    seen = sighting("a", 100_000_000)
    assert lifecycle.needs_rate(state, seen)
    with pytest.raises(RateNeededError):
        lifecycle.admit(state, seen, None, START)
    state = admitted(state, seen, worth=80_000_000)
    assert state.status is Status.PARTIALLY_PAID
    assert not lifecycle.needs_rate(state, seen)
    assert state.amount_due_now(Fraction(1), Fraction(3, 2)) == 130_000_000
    moved = lifecycle.admit(state, sighting("a", 100_000_000, height=11), None, START)
    assert moved.state.totals == state.totals


def test_a_fixed_amount_does_not_move():
    state = admitted(payment(), sighting("a", 60_000_000))
    assert state.amount_due_now(Fraction(1), Fraction(3, 2)) == 100_000_000


def test_a_rate_is_needed_only_for_own_money_that_floats_or_is_late():
    late = sighting("a", 1_000_000, seen_at=EXPIRY)
    assert lifecycle.needs_rate(payment(), late)
    assert not lifecycle.needs_rate(payment(), replace(late, seen_at=EXPIRY - 1))
    assert not lifecycle.needs_rate(payment(), replace(late, currency="TRX"))
    assert not lifecycle.needs_rate(payment(is_priced_in_coin=True), late)
