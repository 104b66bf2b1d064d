"""Whatever happens to a payment in whatever order, twice, late or never: no sum and no status goes wrong."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.payments import lifecycle, pricing
from chalicelib.payments.deposits import DepositState, Sighting
from chalicelib.payments.labels import STICKY, Label
from chalicelib.payments.lifecycle import Status
from chalicelib.payments.statuses import TRANSITIONS

START = 1000.0
COIN, OTHER = "ETH", "BNB"
STEP = 10**10
BOUND = 3 * STEP

# Parts of what is due, in tenths, and what is under the dust bound.
tenths = st.sampled_from([3, 5, 7, 10, 10, 10, 13])
specks = st.integers(0, BOUND - 1)
blocks = st.tuples(st.integers(1, 3), st.sampled_from("xy"))
places = st.one_of(st.none(), blocks, blocks)
picks = st.randoms(use_true_random=False)


class PaymentLife(RuleBasedStateMachine):
    """A payment, the items of all its deposits, and what its ledger has booked."""

    @initialize(
        price=st.integers(10, 100),
        fee=st.integers(0, 100),
        tolerance=st.integers(0, 10),
        by_user=st.booleans(),
        is_fixed_rate=st.booleans(),
        life_seconds=st.sampled_from([1, 5, 30]),
    )
    def open(self, price, fee, tolerance, by_user, is_fixed_rate, life_seconds):
        terms = pricing.quote(price * STEP, 18, Fraction(1), 18, Fraction(fee), by_user)
        tolerated = pricing.tolerated_units(terms.due_units, Fraction(tolerance))
        self.state = lifecycle.opened(
            terms,
            tolerated,
            COIN,
            18,
            is_fixed_rate=is_fixed_rate,
            is_priced_in_coin=False,
            expires_at=START + life_seconds,
            now=START,
        )
        self.now = START
        self.items = {}
        self.kinds = {}
        self.booked = {}
        self.told = set()
        self.last = None

    def take(self, verb):
        """Run a verb, store its step if it has one, and see that the same again has none."""
        change = verb(self.state)
        if change is None:
            return
        before, after = self.state, change.state
        assert after.status is before.status or after.status in TRANSITIONS[before.status]
        self.check_way(before.status, after)
        assert after.version == before.version + 1
        is_news = (after.status, after.labels) != (before.status, before.labels)
        assert change.event_due is (is_news or bool(change.credits or change.reversals))
        assert self.told <= set(after.labels)
        self.told |= set(after.labels) & STICKY
        self.items |= {d.deposit_id: d for d in change.deposits}
        self.book(change)
        self.state = after
        assert verb(after) is None
        self.last = verb

    def check_way(self, came_from, after):
        """Deep money completes, a loss of all fails, and past the expiry late money alone makes no part."""
        has_come = after.totals.deep_counted_units or after.totals.in_time_counted_units
        if after.status is came_from:
            return
        if after.status is Status.COMPLETED:
            assert after.totals.deep_counted_units >= after.tolerated_units
        if after.status is Status.FAILED:
            assert after.totals.counted_units == 0
        if came_from is Status.CONFIRMING and after.status in {Status.EXPIRED, Status.PARTIALLY_COMPLETED}:
            assert bool(has_come) is (after.status is Status.PARTIALLY_COMPLETED)

    def book(self, change):
        for credit in change.credits:
            assert credit.movement_id not in self.booked
            self.booked[credit.movement_id] = credit
        for reversal in change.reversals:
            assert self.booked[reversal.movement_id].gross_units == reversal.gross_units
            assert reversal.movement_id + "!" not in self.booked
            self.booked[reversal.movement_id + "!"] = replace(reversal, net_units=-reversal.net_units)
        for movement in (*change.credits, *change.reversals):
            parts = (movement.net_units, movement.fee_units, movement.dust_units)
            assert min(parts) >= 0
            assert sum(parts) == movement.gross_units

    def sight(self, name, place):
        """The scanner sees what is on the chain under that name: its block changes, the rest never does."""
        units, currency = self.kinds[name]
        height, block = place or (None, None)
        seen = Sighting("ETH", name, 0, currency, 18, BOUND, units, height, block, self.now)
        worth = None
        if lifecycle.needs_rate(self.state, seen, self.items.get(seen.deposit_id)):
            worth = pricing.due_equivalent(units, Fraction(9), Fraction(10))
        self.take(lambda state: lifecycle.admit(state, seen, worth, self.now, self.items.get(seen.deposit_id)))

    def pick(self, random, *states):
        """One deposit in these states, if there is any; now and then one in any state at all."""
        fitting = [name for name, item in self.items.items() if item.state in states]
        everyone = list(self.items)
        return random.choice(fitting if fitting and random.randrange(5) else everyone) if everyone else "none"

    def sight_new(self, units, is_own, place):
        name = f"n{len(self.kinds)}"
        self.kinds[name] = (units, COIN if is_own else OTHER)
        self.sight(name, place)

    @rule(tenth=tenths, odd=st.integers(0, 9), is_own=st.sampled_from([True, True, True, False]), place=places)
    def pay(self, tenth, odd, is_own, place):
        self.sight_new(self.state.due_units * tenth // 10 + odd, is_own, place)

    @rule(units=specks, is_own=st.booleans(), place=places)
    def pay_dust(self, units, is_own, place):
        self.sight_new(units, is_own, place)

    @precondition(lambda self: self.kinds)
    @rule(random=picks, place=places)
    def sight_again(self, random, place):
        self.sight(random.choice(list(self.kinds)), place)

    @rule(random=picks)
    def credit(self, random):
        deposit_id = self.pick(random, DepositState.SEEN)
        self.take(lambda state: lifecycle.credit(state, deposit_id, self.now))

    @rule(random=picks)
    def orphan(self, random):
        deposit_id = self.pick(random, DepositState.SEEN, DepositState.DUST)
        self.take(lambda state: lifecycle.orphan(state, deposit_id, self.now))

    @rule(random=picks, is_likely=st.integers(0, 3))
    def double_spend(self, random, is_likely):
        # A failed payment has little left to show: rarely.
        if not is_likely:
            deposit_id = self.pick(random, DepositState.SEEN)
            self.take(lambda state: lifecycle.impossible(state, deposit_id, self.now))

    @rule(random=picks)
    def reverse(self, random):
        deposit_id = self.pick(random, DepositState.CREDITED)
        self.take(lambda state: lifecycle.reverse(state, deposit_id, self.now, self.items.get(deposit_id)))

    @rule()
    def expire(self):
        self.take(lambda state: lifecycle.expire(state, self.now))

    @precondition(lambda self: self.last is not None)
    @rule()
    def replay(self):
        self.take(self.last)

    @rule(seconds=st.sampled_from([1, 5, 25]))
    def wait(self, seconds):
        self.now += seconds

    def own(self, *states):
        return [d for d in self.items.values() if d.currency == COIN and d.state in states]

    @invariant()
    def sums_are_those_of_the_deposits(self):
        totals = self.state.totals
        seen = self.own(DepositState.SEEN, DepositState.CREDITED)
        deep = self.own(DepositState.CREDITED)
        assert totals.seen_units == sum(d.whole_units for d in seen)
        assert totals.counted_units == sum(d.counted_units for d in seen)
        assert totals.late_counted_units == sum(d.counted_units for d in seen if d.is_late)
        assert totals.deep_counted_units == sum(d.counted_units for d in deep)
        assert totals.received_units == sum(d.whole_units for d in deep)
        assert totals.counting == len(seen)
        assert totals.late == sum(d.is_late and d.is_live for d in self.items.values())
        assert min(getattr(totals, name) for name in type(totals).__slots__) >= 0
        assert self.state.deposits_count == len(self.items)

    @invariant()
    def the_merchant_has_what_the_formula_says(self):
        totals = self.state.totals
        assert totals.credited_units == pricing.credited_total(totals.received_units, self.state.terms, 18)
        booked = [m for m in self.booked.values() if m.currency == COIN]
        assert totals.credited_units == sum(m.net_units for m in booked)
        open_other = [d for d in self.items.values() if d.currency == OTHER and d.state is DepositState.CREDITED]
        expected = sum(pricing.credited_total(d.whole_units, self.state.terms, 18) for d in open_other)
        assert expected == sum(m.net_units for m in self.booked.values() if m.currency == OTHER)

    @invariant()
    def the_status_fits_the_sums(self):
        totals, tolerated = self.state.totals, self.state.tolerated_units
        fits = {
            Status.WAITING: totals.counted_units == totals.late == 0,
            Status.PARTIALLY_PAID: 0 < totals.counted_units < tolerated and totals.late == 0,
            Status.CONFIRMING: totals.deep_counted_units < tolerated <= totals.counted_units,
            Status.EXPIRED: totals.deep_counted_units == 0 and self.now >= self.state.expires_at,
            Status.PARTIALLY_COMPLETED: totals.deep_counted_units < tolerated
            and self.now >= self.state.expires_at,
            Status.COMPLETED: self.state.completed_at is not None,
            Status.FAILED: self.state.completed_at is None,
        }
        assert fits[self.state.status]

    @invariant()
    def the_labels_fit_the_sums(self):
        state = self.state
        seen = self.own(DepositState.SEEN, DepositState.CREDITED)
        worth = sum(d.counted_units for d in seen)
        is_partial = state.status in {Status.PARTIALLY_PAID, Status.PARTIALLY_COMPLETED}
        is_over = worth - state.due_units > state.due_units - state.tolerated_units
        shown = set(state.labels)
        assert (Label.UNDERPAID in shown) is (is_partial and worth > 0)
        assert (Label.OVERPAID in shown) is (is_over and not is_partial)
        assert (Label.MULTIPLE in shown) is (len(seen) > 1)
        assert (Label.LATE in shown) is any(d.is_late and d.is_live for d in self.items.values())
        assert (Label.REVERSED in shown) is any(name.endswith("!") for name in self.booked)
        assert list(state.labels) == [label for label in Label if label in shown]

    @invariant()
    def dust_waits_only_while_it_is_too_little(self):
        for currency in (COIN, OTHER):
            assert sum(d.units for d in self.state.dust(currency)) < BOUND

    def teardown(self):
        """In the end every deposit that the chain has is credited, whatever the status."""
        if not hasattr(self, "state"):
            return
        for item in list(self.items.values()):
            self.take(lambda state, item=item: lifecycle.credit(state, item.deposit_id, self.now))
        waiting = {d.height is None or d.state is DepositState.DUST for d in self.state.deposits if d.is_open}
        assert waiting <= {True}


PaymentLife.TestCase.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
TestPaymentLife = PaymentLife.TestCase
