"""Bugs planted into the product are found: the tests of crash points can fail."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.chains import scanner
from chalicelib.chains.records import ChainCursor
from chalicelib.ledger import book
from chalicelib.payments import deposit_sweep, deposit_work, lifecycle, steps
from chalicelib.payouts import hot_wallets, turns
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put, update
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import numbering
from chalicelib.withdrawals import changes
from tests.faults import payment_operations, webhook_operations, withdrawal_operations
from tests.faults.crash_points import CrashPoints
from tests.faults.gateway import Gateway
from tests.faults.injection import Fault, Faults
from tests.faults.operation import Operation

Plant = Callable[[pytest.MonkeyPatch], None]


def credit_on_no_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deposit_work, "update", lambda key, actions, *_: update(key, actions))
    patch.setattr(book, "create", lambda record, *_: put(record))


def number_in_a_place_that_is_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(numbering, "create", lambda record, *_: put(record))


def move_the_cursor_before_storing(patch: pytest.MonkeyPatch) -> None:
    store_blocks = scanner.sightings.store_blocks

    def hasty(env: Any, blockchain: str, first: int, last: int) -> Any:
        hashes = [
            scanner.short_hash(env.chains[blockchain].block_hash(height)) for height in range(first, last + 1)
        ]
        moved = [ChainCursor.next_height.set(last + 1), ChainCursor.hashes.set(hashes)]
        env.store.commit(update(keys.chain_cursor(blockchain), moved))
        return store_blocks(env, blockchain, first, last)

    patch.setattr(scanner.sightings, "store_blocks", hasty)


def count_a_deposit_each_time_it_is_told(patch: pytest.MonkeyPatch) -> None:
    admit = lifecycle.admit

    def forgetful(state: Any, sighting: Any, *more: Any) -> Any:
        return admit(state, sighting, *more) or admit(_without(state, sighting.deposit_id), sighting, *more)

    patch.setattr(lifecycle, "admit", forgetful)


def _without(state: Any, deposit_id: str) -> Any:
    return replace(state, deposits=tuple(one for one in state.deposits if one.deposit_id != deposit_id))


def look_after_no_deposit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deposit_sweep, "sweep", lambda _: None)


def forget_what_was_numbered_and_never_sent(patch: pytest.MonkeyPatch) -> None:
    def without_told(env: Any, tenant_id: str, record: Any) -> list[Any]:
        named = {
            step[0]: keys.event(tenant_id, steps._event_id(tenant_id, record.sk, step[0]))
            for step in record.untold or []
        }
        told = env.store.get_raw(list(named.values())) if named else {}
        return [step for step in record.untold or [] if named[step[0]] not in told]

    patch.setattr(steps, "without_told", without_told)


def go_on_below_a_reorganisation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scanner.sightings, "look_again_from", lambda *_: None)


def send_before_it_is_stored(patch: pytest.MonkeyPatch) -> None:
    sign = hot_wallets.Wallet.signed

    def hasty(wallet: Any, *arguments: Any) -> Any:
        attempt = sign(wallet, *arguments)
        wallet.adapter.broadcast(attempt.raw)
        return attempt

    patch.setattr(hot_wallets.Wallet, "signed", hasty)


def store_a_withdrawal_on_no_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(changes, "put", lambda record, *_: put(record))


def keep_the_hold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(changes, "book", SimpleNamespace(read_balance=book.read_balance, posting_writes=lambda *_: []))


def wake_no_payout(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(turns, "sweep", lambda _: None)


@pytest.mark.parametrize(
    ("plant", "prepare", "kind"),
    [
        (credit_on_no_condition, payment_operations.worker_credits, Fault.OVERTAKEN),
        (number_in_a_place_that_is_taken, webhook_operations.writers_number_side_by_side, Fault.OVERTAKEN),
        (move_the_cursor_before_storing, payment_operations.scan_sees_block, Fault.KILLED),
        (count_a_deposit_each_time_it_is_told, payment_operations.worker_admits, Fault.COMMITTED),
        (look_after_no_deposit, payment_operations.worker_credits, Fault.KILLED),
        (forget_what_was_numbered_and_never_sent, webhook_operations.unsent_event_is_overtaken, Fault.KILLED),
        (go_on_below_a_reorganisation, payment_operations.worker_reverses, Fault.KILLED),
        (send_before_it_is_stored, withdrawal_operations.worker_signs, Fault.KILLED),
        (send_before_it_is_stored, withdrawal_operations.worker_raises_the_fee, Fault.KILLED),
        (store_a_withdrawal_on_no_condition, withdrawal_operations.worker_settles, Fault.OVERTAKEN),
        (keep_the_hold, withdrawal_operations.worker_releases_what_was_reverted, Fault.KILLED),
        (wake_no_payout, withdrawal_operations.worker_signs, Fault.KILLED),
    ],
)
def test_it_is_found(
    plant: Plant,
    prepare: Callable[..., Operation],
    kind: Fault,
    gateway: Gateway,
    tenant: NewTenant,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    given = {"tenant": tenant} if "tenant" in inspect.signature(prepare).parameters else {}
    with pytest.raises(AssertionError):
        CrashPoints(gateway, faults, lambda gateway: prepare(gateway, **given), {kind}).run()
