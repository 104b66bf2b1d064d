"""Whatever movements come in whatever order, twice or refused: the ledger's invariants hold."""

from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.ledger import accounts, rules
from chalicelib.ledger.balance import Balance
from chalicelib.ledger.entries import account_units, balanced, trial_balance
from chalicelib.ledger.rules import InsufficientFundsError, LedgerError, OwedError

HOLDERS = (accounts.MASTER, accounts.wallet_account("w_1"), accounts.wallet_account("w_2"))
holders = st.sampled_from(HOLDERS)
amounts = st.integers(1, 1000)
shares = st.integers(0, 100)


class Ledger(RuleBasedStateMachine):
    """A book of one merchant in one currency, beside what the chain would say of it."""

    refusals: ClassVar[tuple[type[LedgerError], ...]] = (InsufficientFundsError, OwedError)

    def __init__(self):
        super().__init__()
        self.balances = dict.fromkeys(HOLDERS, Balance())
        self.booked = {}
        self.entries = []
        self.on_chain = 0
        self.credits = []
        self.holds = []

    def book(self, posting, movement_id=None):
        """Book a posting under its identity; the same identity again books nothing."""
        movement_id = len(self.booked) if movement_id is None else movement_id
        if movement_id in self.booked:
            return
        self.booked[movement_id] = posting
        self.entries.extend(posting.entries)
        for change in posting.changes:
            assert change.before == self.balances[change.account]
            assert (
                change.before.moved(**{name: getattr(change.delta, name) for name in Balance.__slots__})
                == change.after
            )
            self.balances[change.account] = change.after

    def attempt(self, decide, is_allowed):
        """Book what the rules allow; what they refuse must be what the balance does not bear."""
        try:
            posting = decide()
        except self.refusals:
            assert not is_allowed
            return False
        assert is_allowed
        self.book(posting)
        return True

    @rule(account=holders, gross=amounts, fee=shares, dust=shares)
    def credit(self, account, gross, fee, dust):
        dust_units = gross * dust // 200
        net_units = (gross - dust_units) * (100 - fee) // 100
        self.book(rules.credit(self.balances[account], account, gross, net_units, dust_units))
        self.on_chain += gross
        self.credits.append((account, gross, net_units, dust_units))

    @precondition(lambda self: self.credits)
    @rule(pick=st.randoms(use_true_random=False))
    def reverse(self, pick):
        account, gross, net_units, dust_units = self.credits.pop(pick.randrange(len(self.credits)))
        held = self.balances[account].pending_units
        self.book(rules.reverse(self.balances[account], account, gross, net_units, dust_units))
        assert self.balances[account].pending_units == held
        self.on_chain -= gross

    @rule(account=holders, share=st.integers(1, 110))
    def hold(self, account, share):
        balance = self.balances[account]
        units = balance.available_units * share // 100 + 1
        is_allowed = balance.owed_units == 0 and balance.available_units >= units
        if self.attempt(lambda: rules.hold(balance, account, units), is_allowed):
            self.holds.append((account, units))

    @precondition(lambda self: self.holds)
    @rule(pick=st.randoms(use_true_random=False), fee=shares, network=shares)
    def settle(self, pick, fee, network):
        account, units = self.holds.pop(pick.randrange(len(self.holds)))
        platform_fee = units * fee // 300
        network_fee = units * network // 300
        sent = units - platform_fee - network_fee
        self.book(rules.post_hold(self.balances[account], account, sent, platform_fee, network_fee))
        self.on_chain -= sent

    @precondition(lambda self: self.holds)
    @rule(pick=st.randoms(use_true_random=False))
    def release(self, pick):
        account, units = self.holds.pop(pick.randrange(len(self.holds)))
        self.book(rules.void_hold(self.balances[account], account, units))

    @rule(giver=holders, taker=holders, share=st.integers(1, 110))
    def transfer(self, giver, taker, share):
        if giver == taker:
            return
        source, target = self.balances[giver], self.balances[taker]
        units = source.available_units * share // 100 + 1
        is_allowed = source.owed_units == 0 and source.available_units >= units
        self.attempt(lambda: rules.transfer(source, giver, target, taker, units), is_allowed)

    @rule(account=holders, units=st.integers(-1000, 1000).filter(bool))
    def adjust(self, account, units):
        balance = self.balances[account]
        is_allowed = units > 0 or (balance.owed_units == 0 and balance.available_units >= -units)
        if self.attempt(lambda: rules.adjust(balance, account, units), is_allowed):
            self.on_chain += units

    @rule(units=amounts)
    def gas(self, units):
        self.book(rules.spend_gas(units))
        self.on_chain -= units

    @precondition(lambda self: self.booked)
    @rule(pick=st.randoms(use_true_random=False))
    def replay(self, pick):
        before = (dict(self.balances), list(self.entries))
        movement_id = pick.choice(list(self.booked))
        self.book(self.booked[movement_id], movement_id)
        assert before == (self.balances, self.entries)

    @invariant()
    def every_posting_balances(self):
        assert all(balanced(posting.entries) for posting in self.booked.values())
        assert all(entry.units for entry in self.entries)
        assert sum(row.balance_units for row in trial_balance(self.entries)) == 0

    @invariant()
    def nothing_is_negative_and_whoever_owes_has_nothing_free(self):
        for balance in self.balances.values():
            assert 0 <= balance.pending_units <= balance.amount_units
            assert balance.available_units >= 0
            assert balance.owed_units == 0 or (balance.owed_units > 0 and balance.available_units == 0)

    @invariant()
    def balances_are_the_fold_of_their_entries(self):
        for account, balance in self.balances.items():
            assert balance.amount_units == -account_units(self.entries, account)
        owed = sum(balance.owed_units for balance in self.balances.values())
        fees = sum(balance.fees_taken_units for balance in self.balances.values())
        assert account_units(self.entries, accounts.RECEIVABLE) == owed
        assert account_units(self.entries, accounts.FEES) == -fees
        assert account_units(self.entries, accounts.CUSTODY) == self.on_chain

    @invariant()
    def what_is_pending_is_what_is_held(self):
        for account, balance in self.balances.items():
            assert balance.pending_units == sum(units for holder, units in self.holds if holder == account)


Ledger.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestLedger = Ledger.TestCase
