import pytest

from chalicelib.ledger import accounts, rules
from chalicelib.ledger.balance import Balance
from chalicelib.ledger.entries import account_units, balanced, entries_of, trial_balance
from chalicelib.ledger.rules import HoldError, InsufficientFundsError, LedgerError, OwedError, UnbalancedError

MASTER = accounts.MASTER


def sides(posting):
    assert balanced(posting.entries)
    return {entry.account: entry.units for entry in posting.entries}


def test_a_credit_parts_what_arrived():
    posting = rules.credit(Balance(), MASTER, 1007, 990, 7)
    assert sides(posting) == {"custody": 1007, MASTER: -990, "fees": -10, "dust": -7}
    assert posting.balance_after == Balance(available_units=990, fees_taken_units=10)
    assert posting.changes[0].delta == posting.balance_after
    assert posting.changes[0].amount_units == 990


def test_a_credit_repays_what_is_owed_first():
    posting = rules.credit(Balance(owed_units=300), MASTER, 1000, 1000)
    assert sides(posting) == {"custody": 1000, MASTER: -700, "receivable": -300}
    assert posting.balance_after == Balance(available_units=700)
    small = rules.credit(Balance(owed_units=300), MASTER, 100, 100)
    assert sides(small) == {"custody": 100, "receivable": -100}
    assert small.balance_after == Balance(owed_units=200)


def test_a_reversal_takes_what_is_available_and_leaves_holds_alone():
    posting = rules.reverse(Balance(400, 500, fees_taken_units=10), MASTER, 1007, 990, 7)
    assert sides(posting) == {"custody": -1007, MASTER: 400, "receivable": 590, "fees": 10, "dust": 7}
    assert posting.balance_after == Balance(0, 500, 590, 0)
    assert posting.changes[0].amount_units == -400


@pytest.mark.parametrize("parts", [(100, 90, 11), (100, -1, 0), (100, 101, 0), (100, 0, -1), (0, 0, 0)])
@pytest.mark.parametrize("rule", [rules.credit, rules.reverse])
def test_parts_must_make_up_the_whole(rule, parts):
    with pytest.raises(UnbalancedError):
        rule(Balance(), MASTER, *parts)


def test_a_hold_stays_the_accounts_own():
    posting = rules.hold(Balance(1000), MASTER, 300)
    assert posting.entries == ()
    assert posting.balance_after == Balance(700, 300)
    assert posting.changes[0].amount_units == 0


def test_what_is_not_available_cannot_be_held():
    with pytest.raises(InsufficientFundsError):
        rules.hold(Balance(299, 1000), MASTER, 300)
    assert rules.hold(Balance(300), MASTER, 300).balance_after == Balance(0, 300)
    with pytest.raises(OwedError):
        rules.hold(Balance(500, owed_units=1), MASTER, 300)


@pytest.mark.parametrize("units", [0, -5])
def test_nothing_cannot_be_moved(units):
    full = Balance(1000, 1000)
    for rule in (rules.hold, rules.void_hold, rules.post_hold):
        with pytest.raises(UnbalancedError):
            rule(full, MASTER, units)
    with pytest.raises(UnbalancedError):
        rules.transfer(full, MASTER, full, "wallet:w_1", units)
    with pytest.raises(UnbalancedError):
        rules.spend_gas(units)


def test_a_settled_hold_leaves_for_the_recipient_the_platform_and_the_network():
    posting = rules.post_hold(Balance(50, 100), MASTER, 90, 7, 3)
    assert sides(posting) == {MASTER: 100, "custody": -90, "fees": -7, "network_expense": -3}
    assert posting.balance_after == Balance(50, 0, 0, 7)
    assert posting.changes[0].amount_units == -100
    with pytest.raises(HoldError):
        rules.post_hold(Balance(50, 99), MASTER, 90, 7, 3)


def test_a_settled_hold_is_not_stopped_by_a_debt():
    assert rules.post_hold(Balance(0, 100, 40), MASTER, 100).balance_after == Balance(0, 0, 40)


def test_a_released_hold_is_available_again_after_the_debt():
    assert rules.void_hold(Balance(50, 100), MASTER, 60).balance_after == Balance(110, 40)
    assert rules.void_hold(Balance(50, 100), MASTER, 60).entries == ()
    posting = rules.void_hold(Balance(0, 100, 40), MASTER, 100)
    assert sides(posting) == {MASTER: 40, "receivable": -40}
    assert posting.balance_after == Balance(60, 0, 0)
    with pytest.raises(HoldError):
        rules.void_hold(Balance(50, 100), MASTER, 101)


def test_a_transfer_touches_both_accounts():
    posting = rules.transfer(Balance(1000), MASTER, Balance(5, owed_units=0), "wallet:w_1", 300)
    assert sides(posting) == {MASTER: 300, "wallet:w_1": -300}
    assert [change.after for change in posting.changes] == [Balance(700), Balance(305)]
    assert [change.amount_units for change in posting.changes] == [-300, 300]


def test_a_transfer_repays_what_the_receiver_owes():
    posting = rules.transfer(Balance(1000), MASTER, Balance(owed_units=100), "wallet:w_1", 300)
    assert sides(posting) == {MASTER: 300, "wallet:w_1": -200, "receivable": -100}
    assert posting.changes[1].after == Balance(200)


def test_a_transfer_needs_money_and_two_accounts():
    with pytest.raises(InsufficientFundsError):
        rules.transfer(Balance(299, 1), MASTER, Balance(), "wallet:w_1", 300)
    with pytest.raises(OwedError):
        rules.transfer(Balance(0, 900, 5), MASTER, Balance(), "wallet:w_1", 300)
    with pytest.raises(LedgerError):
        rules.transfer(Balance(1000), MASTER, Balance(1000), MASTER, 300)


def test_an_adjustment_goes_either_way():
    assert sides(rules.adjust(Balance(), MASTER, 70)) == {"custody": 70, MASTER: -70}
    posting = rules.adjust(Balance(100), MASTER, -70)
    assert sides(posting) == {"custody": -70, MASTER: 70}
    assert posting.balance_after == Balance(30)
    with pytest.raises(InsufficientFundsError):
        rules.adjust(Balance(69), MASTER, -70)
    with pytest.raises(UnbalancedError):
        rules.adjust(Balance(69), MASTER, 0)


def test_gas_is_the_platforms():
    posting = rules.spend_gas(21_000)
    assert sides(posting) == {"network_expense": 21_000, "custody": -21_000}
    assert posting.changes == ()


def test_a_trial_balance_sums_each_account():
    entries = (
        *rules.credit(Balance(), MASTER, 1000, 990).entries,
        *rules.reverse(Balance(), MASTER, 400, 396).entries,
    )
    rows = {row.account: (row.debit_units, row.credit_units, row.balance_units) for row in trial_balance(entries)}
    assert rows == {
        "custody": (1000, 400, 600),
        "fees": (4, 10, -6),
        MASTER: (0, 990, -990),
        "receivable": (396, 0, 396),
    }
    assert list(rows) == sorted(rows)
    assert account_units(entries, "custody") == 600


def test_sides_that_do_not_add_up_are_no_movement():
    with pytest.raises(UnbalancedError):
        entries_of(("custody", 1), (MASTER, -2))


def test_accounts_of_merchants_are_told_from_the_platforms():
    assert accounts.holder_account(None) == MASTER
    assert accounts.holder_account("w_1") == accounts.wallet_account("w_1") == "wallet:w_1"
    assert [
        name
        for name in (MASTER, "wallet:w_1", "fees", "dust", "custody", "receivable")
        if accounts.is_holder(name)
    ] == [
        MASTER,
        "wallet:w_1",
    ]
