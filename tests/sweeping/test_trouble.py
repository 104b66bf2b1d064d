"""Sweeps that fail, hang, or lose what they rest on: tried again, taken back, never twice."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, TxStatus
from chalicelib.chains.address_source import DerivedAccounts
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.currencies.workers import refresh_prices
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.sweeping import collecting, moving, service
from chalicelib.sweeping.workers import sweep_accounts
from chalicelib.tenants.service import NewTenant
from sandbox.chain.keys import hot_wallet_key
from tests.journeys.books import books
from tests.support.world import World
from tests.sweeping.steps_of_sweeping import (
    DEEP,
    PAID,
    QUARTER,
    TOKEN_FEE,
    TOP_UP_FEE,
    blocks,
    gas_books,
    holdings,
    lies,
    moves,
    paid,
    quarter,
    stand,
)

HOUR = 3600


def run(world: World) -> None:
    refresh_prices(world.env)
    sweep_accounts(world.env)


def test_a_reverted_sweep_is_tried_again_after_an_hour(sweeping: World, caplog: pytest.LogCaptureFixture) -> None:
    payment = paid(sweeping)
    quarter(sweeping)
    sweeping.node.set_payouts("TRX", "revert")
    quarter(sweeping)
    sweeping.node.set_payouts("TRX", "ok")
    assert stand(sweeping.env) == [("top-up", "completed"), ("sweep", "failed")]
    quarter(sweeping, count=0)
    (holding,) = holdings(sweeping.env)
    assert (holding.move, holding.failures, int(holding.lv)) == (None, 1, sweeping.clock.now() + HOUR)
    assert "failed (The chain mined the payout and reverted it.): it is tried again" in caplog.text
    quarter(sweeping)
    assert len(moves(sweeping.env)) == 2
    sweeping.clock.advance(HOUR)
    quarter(sweeping)
    quarter(sweeping)
    assert stand(sweeping.env)[2:] == [("sweep", "completed")]
    assert (lies(sweeping, payment, "USDT"), sweeping.node.hot_wallet_balance("TRX", "USDT")) == (0, PAID)
    assert holdings(sweeping.env) == []
    gas = TOP_UP_FEE + 2 * TOKEN_FEE
    assert gas_books(sweeping, "TRX") == {"custody": -gas, "network_expense": gas}


def test_a_reorganisation_takes_the_deposit_after_the_top_up_and_gives_it_back(
    sweeping: World, tenant: NewTenant
) -> None:
    payment = sweeping.create()
    txid = sweeping.pay(payment, PAID)
    blocks(sweeping)
    quarter(sweeping)
    assert stand(sweeping.env) == [("top-up", "completed")]
    sweeping.node.reorg("TRX", 2 * DEEP, [txid])
    sweeping.tick()
    blocks(sweeping, count=1)
    quarter(sweeping, count=1)
    assert (len(moves(sweeping.env)), holdings(sweeping.env)) == (1, [])
    assert books(sweeping, tenant).get("custody") is None
    sweeping.node.rebroadcast("TRX", txid)
    blocks(sweeping)
    for _ in range(3):
        quarter(sweeping)
    assert stand(sweeping.env) == [("top-up", "completed"), ("sweep", "completed")]
    assert sweeping.node.hot_wallet_balance("TRX", "USDT") == PAID
    assert books(sweeping, tenant)["custody"] == PAID
    assert holdings(sweeping.env) == []


def test_a_deposit_that_a_deep_reorganisation_moved_is_not_skipped(sweeping: World) -> None:
    """The cursor had passed its height when it was not there; it comes back below the cursor."""
    lost = sweeping.create()
    txid = sweeping.pay(lost, PAID)
    blocks(sweeping)
    sweeping.node.reorg("TRX", DEEP, [txid])
    sweeping.tick()
    other = paid(sweeping)
    source = DerivedAccounts(sweeping.env.settings.deposit_xpubs)
    collecting.collect(sweeping.env, "TRX", source, sweeping.node.height("TRX"))
    assert [one.address for one in holdings(sweeping.env)] == [other["address"]]
    cursor = sweeping.env.store.get(collecting.DepositSweepCursor, keys.sweep("accounts#TRX"))
    assert cursor is not None
    sweeping.node.reorg("TRX", 2 * DEEP - 1, [])
    sweeping.tick()
    fresh = sweeping.env.store.get(collecting.DepositSweepCursor, keys.sweep("accounts#TRX"))
    assert fresh is not None
    assert fresh.from_height < cursor.from_height
    assert fresh.reorganisations == cursor.reorganisations + 1
    quarter(sweeping, count=0)
    assert [one.address for one in holdings(sweeping.env)] == [other["address"]]


def test_a_reorganisation_beside_a_run_keeps_its_cursor_where_it_was(
    sweeping: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(sweeping)
    note = collecting._note_accounts

    def reorganised_meanwhile(*arguments: Any) -> None:
        note(*arguments)
        sweeping.node.reorg("TRX", 2, [])
        sweeping.tick()

    monkeypatch.setattr(collecting, "_note_accounts", reorganised_meanwhile)
    run(sweeping)
    cursor = sweeping.env.store.get(collecting.DepositSweepCursor, keys.sweep("accounts#TRX"))
    assert cursor is not None
    assert cursor.from_height == 0


def test_a_top_up_that_is_never_signed_is_taken_back(sweeping: World, caplog: pytest.LogCaptureFixture) -> None:
    paid(sweeping)
    run(sweeping)
    sweeping.node.set_hot_wallet("TRX", "TRX", 0)
    sweeping.settle()
    assert stand(sweeping.env) == [("top-up", "pending")]
    for _ in range(4):
        quarter(sweeping, count=1)
    assert stand(sweeping.env) == [("top-up", "cancelled")]
    assert "was never signed and is taken back" in caplog.text
    sweeping.node.set_hot_wallet("TRX", "TRX", 10**9)
    sweeping.clock.advance(HOUR)
    for _ in range(3):
        quarter(sweeping)
    assert stand(sweeping.env)[1:] == [("top-up", "completed"), ("sweep", "completed")]
    assert gas_books(sweeping, "TRX") == {"custody": -15_000_000, "network_expense": 15_000_000}


def test_a_sweep_whose_deposit_is_gone_before_it_is_signed_is_taken_back(sweeping: World) -> None:
    payment = sweeping.create()
    txid = sweeping.pay(payment, PAID)
    blocks(sweeping)
    quarter(sweeping)
    sweeping.clock.advance(QUARTER)
    run(sweeping)
    sweeping.node.reorg("TRX", 2 * DEEP, [txid])
    sweeping.tick()
    assert stand(sweeping.env) == [("top-up", "completed"), ("sweep", "pending")]
    for _ in range(4):
        quarter(sweeping, count=1)
    assert stand(sweeping.env)[1] == ("sweep", "cancelled")
    sweeping.clock.advance(HOUR)
    quarter(sweeping, count=1)
    assert holdings(sweeping.env) == []


def test_a_sweep_that_a_deep_reorganisation_turned_round_is_told_and_books_nothing(
    sweeping: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A reverted one is mined anew, and passes: the money is home, and nobody's balance changes."""
    paid(sweeping)
    quarter(sweeping)
    sweeping.node.set_payouts("TRX", "revert")
    quarter(sweeping)
    sweeping.node.set_payouts("TRX", "ok")
    failed = moves(sweeping.env)[1]
    sweeping.node.reorg("TRX", DEEP, [failed.attempts[0].txid])
    sweeping.node.broadcast("TRX", failed.attempts[0].raw)
    sweeping.node.mine("TRX")  # before its slot is filled
    sweeping.tick()
    blocks(sweeping)
    assert "failed sweep" in caplog.text
    assert sweeping.node.hot_wallet_balance("TRX", "USDT") == PAID
    assert set(gas_books(sweeping, "TRX")) == {"custody", "network_expense"}
    quarter(sweeping, count=1)
    sweeping.clock.advance(HOUR)
    quarter(sweeping, count=1)
    assert (len(moves(sweeping.env)), holdings(sweeping.env)) == (2, [])


def test_a_sweep_that_expired_is_given_up_and_made_anew_of_what_lies_there(
    sweeping: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on TRON, where what expires is else signed anew: with a dearer fee the coin might not suffice."""
    paid(sweeping)
    quarter(sweeping)
    adapter: Any = sweeping.env.chains["TRX"]
    height = sweeping.node.height("TRX")
    monkeypatch.setattr(adapter, "slot_kind", "expiry")
    monkeypatch.setattr(adapter, "status", lambda *_: TxStatus("impossible", height))
    quarter(sweeping, count=0)
    assert stand(sweeping.env)[1] == ("sweep", "failed")
    assert len(moves(sweeping.env)[1].attempts) == 1
    quarter(sweeping, count=0)
    assert [one.failures for one in holdings(sweeping.env)] == [1]


def test_an_outage_decides_nothing(sweeping: World, caplog: pytest.LogCaptureFixture) -> None:
    paid(sweeping)
    sweeping.node.set_outage("TRX", QUARTER)
    run(sweeping)
    assert "are not swept now" in caplog.text
    sweeping.clock.advance(QUARTER)
    quarter(sweeping)
    assert stand(sweeping.env) == [("top-up", "completed")]


def test_a_node_that_is_behind_is_not_believed(sweeping: World, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(sweeping)
    adapter: Any = sweeping.env.chains["TRX"]
    head = adapter.head()
    monkeypatch.setattr(adapter, "head", lambda: replace(head, height=head.height - 1))
    monkeypatch.setattr(adapter, "balance", lambda *_: 0)
    run(sweeping)
    assert len(holdings(sweeping.env)) == 1


def test_one_account_that_a_node_cannot_tell_of_does_not_hold_up_the_others(
    sweeping: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = paid(sweeping), paid(sweeping)
    adapter: Any = sweeping.env.chains["TRX"]
    balance = adapter.balance

    def silent_about_one(address: str, token: str) -> int:
        if address == first["address"]:
            raise ChainUnavailableError("no answer about that one")
        return int(balance(address, token))

    monkeypatch.setattr(adapter, "balance", silent_about_one)
    run(sweeping)
    assert [one.address for one in moves(sweeping.env)] == [second["address"]]
    sweeping.clock.advance(1)
    monkeypatch.undo()
    run(sweeping)
    assert [one.address for one in moves(sweeping.env)] == [second["address"], first["address"]]


def test_one_accounts_trouble_is_raised_after_the_others_had_their_turn(
    sweeping: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = paid(sweeping), paid(sweeping)
    look_after = service._look_after

    def trouble(scales: Any, holding: Any) -> None:
        if holding.address == first["address"]:
            raise RuntimeError("trouble")
        look_after(scales, holding)

    monkeypatch.setattr(service, "_look_after", trouble)
    with pytest.raises(RuntimeError):
        run(sweeping)
    assert [one.address for one in moves(sweeping.env)] == [second["address"]]


def test_two_runs_side_by_side_open_one_move(sweeping: World, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(sweeping)
    open_move = moving.open_move

    def overtaken(*arguments: Any) -> None:
        monkeypatch.undo()
        run(sweeping)
        with pytest.raises(ConflictError):
            open_move(*arguments)

    monkeypatch.setattr(moving, "open_move", overtaken)
    run(sweeping)
    assert stand(sweeping.env) == [("top-up", "pending")]
    pointer = sweeping.env.store.get(moving.PointerView, keys.address("TRX", moves(sweeping.env)[0].address))
    assert pointer is not None
    assert pointer.top_ups == [moves(sweeping.env)[0].sk]


def test_money_noted_beside_a_run_is_not_let_go(sweeping: World, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = paid(sweeping)
    quarter(sweeping)
    quarter(sweeping)
    weigh = service.weighing.weigh

    def paid_meanwhile(scales: Any, holding: Any) -> Any:
        weighed = weigh(scales, holding)
        assert weighed.tokens == [], "all of it is home"
        monkeypatch.undo()
        sweeping.pay(payment, PAID)
        blocks(sweeping)
        collecting.collect(sweeping.env, "TRX", scales.source, sweeping.node.height("TRX"))
        return weighed

    monkeypatch.setattr(service.weighing, "weigh", paid_meanwhile)
    sweeping.clock.advance(QUARTER)
    run(sweeping)
    assert len(holdings(sweeping.env)) == 1


def test_a_wallet_without_the_deposits_keys_sweeps_nothing(
    sweeping: World, caplog: pytest.LogCaptureFixture
) -> None:
    paid(sweeping)
    bare = LocalSigner(hot_wallet_key(1, "TRX"))
    refresh_prices(sweeping.env)
    sweep_accounts(replace(sweeping.env, signers={"TRX": bare}))
    sweep_accounts(replace(sweeping.env, signers={}))
    assert caplog.text.count("its hot wallet has no keys of theirs") == 2
    assert (len(holdings(sweeping.env)), moves(sweeping.env)) == (1, [])


def test_nothing_is_sent_to_an_address_that_no_key_of_ours_spends(
    sweeping: World, caplog: pytest.LogCaptureFixture
) -> None:
    paid(sweeping)
    run_without_moves = replace(sweeping.env, signers={"TRX": _OtherAccount()})
    refresh_prices(sweeping.env)
    sweep_accounts(run_without_moves)
    assert "its key is none of this account's" in caplog.text
    assert moves(sweeping.env) == []


class _OtherAccount(LocalSigner):
    """A hot wallet whose deposits' keys are of another account than the addresses."""

    def __init__(self) -> None:
        super().__init__(hot_wallet_key(1, "TRX"))

    def child(self, key_path: str) -> LocalSigner:
        return LocalSigner(bytes(31) + b"\x07")
