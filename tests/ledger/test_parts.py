"""An account in parts does what one in a single item does: held against it over random movements."""

import random
from collections.abc import Callable

import pytest

from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.ledger.accounts import MASTER
from chalicelib.ledger.balance import Balance
from chalicelib.ledger.entries import LedgerError
from chalicelib.ledger.part_writes import opening
from chalicelib.ledger.parts import SplitBalance, pulls
from chalicelib.ledger.records import BalanceRecord
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError

TENANT, CODE, PARTS = "t_1", "BTC", 4
KINDS = ("credit", "credit", "hold", "void", "settle", "reverse", "take", "take", "give", "adjust")


def read(env: Environment) -> Balance:
    return book.read_balance(env.store, TENANT, MASTER, CODE)


def plain(balance: Balance) -> Balance:
    return Balance(balance.available_units, balance.pending_units, balance.owed_units, balance.fees_taken_units)


def items(env: Environment) -> list[BalanceRecord]:
    return list(env.store.query_all(BalanceRecord, keys.balances(TENANT)))


def commit(env: Environment, posting: rules.Posting, **options: int) -> None:
    writes = [
        write for change in posting.changes for write in book.balance_writes(TENANT, CODE, change, **options)
    ]
    env.store.commit(*writes)


def opened(env: Environment, units: int = 0) -> None:
    env.store.commit(*opening(TENANT, MASTER, CODE, read(env), PARTS))
    if units:
        commit(env, rules.credit(read(env), MASTER, units, units))


def test_one_part_has_one_write_and_keeps_its_shape(env: Environment) -> None:
    commit(env, rules.credit(Balance(), MASTER, 100, 90))
    before = read(env)
    assert type(before) is Balance
    assert len(book.balance_writes(TENANT, CODE, rules.hold(before, MASTER, 50).changes[0], home=3)) == 1
    assert [set(item.to_raw()) - {"pk", "sk"} for item in items(env)] == [
        {"available", "fees_taken", "pending", "owed", "pulled"}
    ]


@pytest.mark.parametrize("seed", range(6))
def test_random_movements_come_to_the_same_as_in_one_part(env: Environment, seed: int) -> None:
    pick = random.Random(seed)
    opened(env)
    model = Balance()
    for _ in range(60):
        units = pick.randrange(1, 40)
        kind = pick.choice(KINDS)
        before = read(env)
        assert plain(before) == model
        posting = _decided(kind, before, units)
        if posting is None:
            continue
        commit(env, posting, **({"home": pick.randrange(PARTS)} if kind in {"take", "give"} else {}))
        model = plain(posting.changes[0].after)
        _check_parts(env, model)


def _decided(kind: str, before: Balance, units: int) -> rules.Posting | None:
    other = "wallet:w_1"
    decide: dict[str, Callable[[], rules.Posting]] = {
        "credit": lambda: rules.credit(before, MASTER, units, units - units // 10),
        "hold": lambda: rules.hold(before, MASTER, units),
        "void": lambda: rules.void_hold(before, MASTER, min(units, before.pending_units)),
        "settle": lambda: rules.post_hold(before, MASTER, min(units, before.pending_units)),
        "reverse": lambda: rules.reverse(before, MASTER, units * 2, units * 2),
        "adjust": lambda: rules.adjust(before, MASTER, units - 20),
    }
    try:
        if kind in decide:
            return decide[kind]()
        if kind == "take":
            moved = rules.transfer(before, MASTER, Balance(), other, units)
            return rules.Posting(moved.entries, moved.changes[:1])
        moved = rules.transfer(Balance(units), other, before, MASTER, units)
    except LedgerError:
        return None
    return rules.Posting(moved.entries, moved.changes[1:])


def _check_parts(env: Environment, model: Balance) -> None:
    found = [item for item in items(env) if item.account == MASTER]
    assert all(item.available >= 0 for item in found)
    assert sum(item.pulled for item in found) == 0
    if model.owed_units:
        assert all(item.available == 0 for item in found)
    assert {bool(item.indebted) for item in found if item.part} <= {model.owed_units > 0}


def test_a_part_that_runs_short_pulls_an_even_share(env: Environment) -> None:
    opened(env, 100)
    taken = rules.transfer(read(env), MASTER, Balance(), "wallet:w_1", 10)
    commit(env, rules.Posting((), taken.changes[:1]), home=2)
    assert read(env) == SplitBalance(90, 0, 0, 0, (75, 0, 15, 0))


def test_a_hold_takes_from_as_few_parts_as_can_be(env: Environment) -> None:
    opened(env, 100)
    for home in (1, 2, 3):
        commit(env, rules.Posting((), rules.adjust(read(env), MASTER, -1).changes), home=home)
    before = read(env)
    assert sum(before.parts_units) == 97
    writes = book.balance_writes(TENANT, CODE, rules.hold(before, MASTER, before.parts_units[0] + 1).changes[0])
    assert len(writes) == 2
    env.store.commit(*writes)
    assert (read(env).pending_units, read(env).amount_units) == (before.parts_units[0] + 1, 97)


def test_what_others_took_meanwhile_is_noticed(env: Environment) -> None:
    opened(env, 100)
    before = read(env)
    commit(env, rules.hold(before, MASTER, 60))
    with pytest.raises(ConflictError):
        commit(env, rules.hold(before, MASTER, 60))
    with pytest.raises(ConflictError):
        commit(env, rules.reverse(before, MASTER, 150, 150))
    commit(env, rules.credit(before, MASTER, 5, 5))  # rests on nothing that has changed
    assert plain(read(env)) == Balance(45, 60)


def test_no_part_takes_anything_in_while_the_account_owes(env: Environment) -> None:
    opened(env, 10)
    before = read(env)
    commit(env, rules.reverse(before, MASTER, 25, 25))
    into_part = rules.transfer(Balance(5), "wallet:w_1", before, MASTER, 5).changes[1:]
    with pytest.raises(ConflictError):
        commit(env, rules.Posting((), into_part), home=3)
    repaying = rules.transfer(Balance(20), "wallet:w_1", read(env), MASTER, 20).changes[1:]
    commit(env, rules.Posting((), repaying), home=3)
    assert read(env) == SplitBalance(5, 0, 0, 0, (5, 0, 0, 0))
    commit(env, rules.Posting((), into_part), home=3)
    assert read(env) == SplitBalance(10, 0, 0, 0, (5, 0, 0, 5))


def test_a_pull_seen_half_does_not_change_the_sum(env: Environment) -> None:
    opened(env, 100)
    early = items(env)
    taken = rules.transfer(read(env), MASTER, Balance(), "wallet:w_1", 10)
    commit(env, rules.Posting((), taken.changes[:1]), home=2)
    late = items(env)
    for torn in ([early[0], *late[1:]], [late[0], *early[1:]]):
        seen = book.balance_of(torn)
        assert seen.is_torn
        assert seen.available_units in {90, 100}  # what it was, or what it is: never with money under way


def test_parts_are_opened_while_nothing_is_owed_and_never_become_fewer(env: Environment) -> None:
    commit(env, rules.reverse(Balance(), MASTER, 5, 5))
    with pytest.raises(ConflictError):
        env.store.commit(*opening(TENANT, MASTER, CODE, read(env), 2))
    commit(env, rules.credit(read(env), MASTER, 35, 35))
    env.store.commit(*opening(TENANT, MASTER, CODE, read(env), 3))
    assert read(env) == SplitBalance(30, 0, 0, 0, (10, 10, 10))
    with pytest.raises(ConflictError):
        env.store.commit(*opening(TENANT, MASTER, CODE, read(env), 3))
    env.store.commit(*opening(TENANT, MASTER, CODE, read(env), 5))
    assert read(env) == SplitBalance(30, 0, 0, 0, (4, 10, 10, 3, 3))


def test_whoever_counts_on_one_part_notices_that_there_are_more(env: Environment) -> None:
    commit(env, rules.credit(Balance(), MASTER, 5, 5))
    before = read(env)
    opened(env)
    with pytest.raises(ConflictError):
        commit(env, rules.reverse(before, MASTER, 10, 10))


@pytest.mark.parametrize(
    ("parts_units", "home", "needed", "level", "expected"),
    [
        ((10, 0, 0), 0, 10, True, {}),
        ((10, 0, 0), 1, 3, False, {0: 3}),
        ((90, 0, 0), 1, 3, True, {0: 30}),
        ((5, 5, 0), 2, 10, True, {0: 5, 1: 5}),
        ((5, 5, 0), 2, 20, True, {0: 5, 1: 5}),
        ((40, 5, 0), 2, 41, False, {0: 40, 1: 1}),
    ],
)
def test_what_is_pulled_from_where(
    parts_units: tuple[int, ...], home: int, needed: int, level: bool, expected: dict[int, int]
) -> None:
    assert pulls(parts_units, home, needed, level=level) == expected
