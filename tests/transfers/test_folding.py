"""Folding is nothing but deciding one after the other: held against doing just that."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger import rules
from chalicelib.ledger.accounts import MASTER, wallet_account
from chalicelib.ledger.balance import Balance
from chalicelib.ledger.entries import LedgerError
from chalicelib.transfers.folding import Fold, first_fold, fold, holders

CODES = ("USDTTRC20", "BTC")


@dataclass
class Asked:
    source: str
    target: str
    currency: str
    units: int


def to_sub(wallet_id: str, units: int, currency: str = "BTC") -> Asked:
    return Asked(MASTER, wallet_account(wallet_id), currency, units)


def to_master(wallet_id: str, units: int, currency: str = "BTC") -> Asked:
    return Asked(wallet_account(wallet_id), MASTER, currency, units)


def moved(made: Fold) -> list[bool]:
    return [outcome.is_moved for outcome in made.outcomes]


def test_transfers_are_decided_in_their_order_and_one_too_large_stops_none_after_it() -> None:
    made = fold([to_sub("w_1", 60), to_sub("w_2", 50), to_sub("w_1", 40)], {(MASTER, "BTC"): Balance(100)})
    assert moved(made) == [True, False, True]
    assert made.change((MASTER, "BTC")).delta == Balance(-100)
    assert made.change((wallet_account("w_1"), "BTC")).delta == Balance(100)
    assert (wallet_account("w_2"), "BTC") not in made.balances


def test_money_that_came_in_one_transfer_may_go_out_in_the_next_and_not_before() -> None:
    assert moved(fold([to_sub("w_1", 10), to_master("w_1", 10)], {(MASTER, "BTC"): Balance(10)})) == [True, True]
    assert moved(fold([to_master("w_1", 10), to_sub("w_1", 10)], {(MASTER, "BTC"): Balance(10)})) == [False, True]


def test_what_must_be_there_is_the_deepest_draw_not_the_sum() -> None:
    balances = {(MASTER, "BTC"): Balance(50), (wallet_account("w_1"), "BTC"): Balance(100)}
    made = fold([to_sub("w_2", 40), to_master("w_1", 100), to_sub("w_2", 30)], balances)
    folded = made.balances[MASTER, "BTC"]
    assert (made.change((MASTER, "BTC")).delta, folded.least_units) == (Balance(30), 40)


def test_a_debt_is_repaid_first_and_whoever_owes_gives_nothing() -> None:
    owing = {(MASTER, "BTC"): Balance(100), (wallet_account("w_1"), "BTC"): Balance(owed_units=30)}
    made = fold([to_master("w_1", 1), to_sub("w_1", 20), to_sub("w_1", 15), to_master("w_1", 5)], owing)
    assert [(outcome.is_moved, outcome.repaid_units) for outcome in made.outcomes] == [
        (False, 0),
        (True, 20),
        (True, 10),
        (True, 0),
    ]
    assert made.change((wallet_account("w_1"), "BTC")).after == Balance()


def test_forty_nine_transfers_to_as_many_wallets_fit_and_many_more_to_one() -> None:
    assert first_fold([to_sub(f"w_{number}", 1) for number in range(60)], 99) == 49
    assert first_fold([to_sub("w_1", 1) for _ in range(120)], 99) == 97
    assert first_fold([to_sub("w_1", 1, code) for code in CODES * 60], 99) == 95


asked = st.builds(
    lambda is_out, wallet, units, code: (to_sub if is_out else to_master)(wallet, units, code),
    st.booleans(),
    st.sampled_from(("w_1", "w_2", "w_3")),
    st.integers(1, 60),
    st.sampled_from(CODES),
)
balance = st.one_of(
    st.builds(Balance, st.integers(0, 100), st.integers(0, 20)),
    st.builds(Balance, st.just(0), st.integers(0, 20), st.integers(1, 50)),
)
accounts = [(account, code) for account in (MASTER, *map(wallet_account, ("w_1", "w_2"))) for code in CODES]


@given(st.lists(asked, max_size=30), st.fixed_dictionaries(dict.fromkeys(accounts, balance)))
def test_a_fold_is_its_transfers_one_after_the_other(waiting: list[Asked], before: dict) -> None:
    now, lowest = dict(before), {}
    expected = []
    for one in waiting:
        giving, receiving = holders(one)
        source, target = now.get(giving, Balance()), now.get(receiving, Balance())
        try:
            posting = rules.transfer(source, one.source, target, one.target, one.units)
        except LedgerError:
            expected.append(False)
            continue
        expected.append(True)
        now[giving], now[receiving] = (change.after for change in posting.changes)
        for holder in (giving, receiving):
            lowest[holder] = min(lowest.get(holder, 10**9), now[holder].available_units)
    made = fold(waiting, before)
    assert moved(made) == expected
    assert {holder: folded.after for holder, folded in made.balances.items()} == {
        holder: now[holder] for holder in made.balances
    }
    assert made.balances.keys() == lowest.keys()
    for holder, folded in made.balances.items():
        assert folded.least_units == max(0, folded.before.available_units - lowest[holder])
    assert len(made.outcomes) == len(waiting)
