"""What the payouts' worker, its sweep and the ends of withdrawals do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.chains.workers import scan_chain
from chalicelib.ledger.book import read_balance
from chalicelib.ledger.service import fund
from chalicelib.payouts import workers as payout_workers
from chalicelib.payouts.rules import STUCK_SECONDS
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals import changes, lifecycle
from chalicelib.withdrawals.records import WithdrawalRecord
from sandbox.chain.hashing import strangers_address
from tests.faults import storage
from tests.faults.gateway import Gateway
from tests.faults.operation import Operation, handled, scheduled
from tests.withdrawals.accepted import accept

HOLDER = "master", "USDTTRC20"
UNITS, STOCK, FUNDED = 50_000_000, 900_000_000, 1_000_000_000


def worker_signs(gateway: Gateway, tenant: NewTenant) -> Operation:
    accepted(gateway, tenant)
    return _looking(handled(gateway.take()), "submitted")


def worker_signs_several(gateway: Gateway, tenant: NewTenant) -> Operation:
    for _ in range(2):
        accepted(gateway, tenant)
    return _looking(handled(gateway.take()), "submitted")


def worker_sends(gateway: Gateway, tenant: NewTenant) -> Operation:
    """The node was away when the first process had signed."""
    accepted(gateway, tenant)
    broadcast = gateway.node.broadcast
    gateway.node.broadcast = lambda *_: ""  # type: ignore[method-assign] -- it takes the bytes and forgets them
    gateway.handle(gateway.take())
    gateway.node.broadcast = broadcast  # type: ignore[method-assign]
    gateway.settle()
    gateway.env.queues.wake_payouts("TRX")
    return _looking(handled(gateway.take()), "submitted")


def worker_notes_its_block(gateway: Gateway, tenant: NewTenant) -> Operation:
    submitted(gateway, tenant)
    gateway.mine()
    gateway.scan()
    return _looking(handled(gateway.take()), "submitted")


def worker_settles(gateway: Gateway, tenant: NewTenant) -> Operation:
    """Beside another withdrawal, for which the hot wallet has too little coin: its hold is not to be touched."""
    submitted(gateway, tenant)
    accept(gateway.env, tenant.tenant_id, STOCK + 1)
    return _looking(handled(_grown_deep(gateway)), "completed", "pending")


def worker_settles_what_it_never_saw_mined(gateway: Gateway, tenant: NewTenant) -> Operation:
    submitted(gateway, tenant)
    gateway.mine(19)
    gateway.scan()
    return _looking(handled(gateway.take()), "completed")


def worker_settles_a_refund(gateway: Gateway, tenant: NewTenant) -> Operation:
    submitted(gateway, tenant, payment_id="01900000-0000-7000-8000-000000000000")
    return _looking(handled(_grown_deep(gateway)), "completed")


def worker_releases_what_was_reverted(gateway: Gateway, tenant: NewTenant) -> Operation:
    gateway.node.set_payouts("TRX", "revert")
    submitted(gateway, tenant)
    return _looking(handled(_grown_deep(gateway)), "failed")


def worker_releases_what_a_stranger_made_impossible(gateway: Gateway, tenant: NewTenant) -> Operation:
    submitted(gateway, tenant)
    (record,) = storage.records(WithdrawalRecord, "WITHDRAWAL#")
    gateway.node.doublespend("TRX", record.attempts[0].txid)
    return _looking(handled(_grown_deep(gateway)), "failed")


def worker_raises_the_fee(gateway: Gateway, tenant: NewTenant) -> Operation:
    gateway.node.set_payouts("TRX", "stuck")
    submitted(gateway, tenant)
    gateway.clock.advance(STUCK_SECONDS)
    gateway.env.queues.wake_payouts("TRX")
    return _looking(handled(gateway.take()), "submitted")


def worker_sends_again_what_a_reorg_dropped(gateway: Gateway, tenant: NewTenant) -> Operation:
    submitted(gateway, tenant)
    gateway.mine()
    gateway.scan()
    gateway.settle()
    (record,) = storage.records(WithdrawalRecord, "WITHDRAWAL#")
    gateway.node.reorg("TRX", 1, [record.attempts[0].txid])
    gateway.scan()
    return _looking(handled(gateway.take()), "submitted")


def worker_follows_a_reorg(gateway: Gateway, tenant: NewTenant) -> Operation:
    submitted(gateway, tenant)
    gateway.mine()
    gateway.scan()
    gateway.settle()
    gateway.node.reorg("TRX", 1, [])
    gateway.scan()
    return _looking(handled(gateway.take()), "submitted")


def worker_sends_again_what_was_completed(gateway: Gateway, tenant: NewTenant) -> Operation:
    """A reorganisation deeper than the confirmations drops it: the status stays, the bytes go out again."""
    _ended(gateway, tenant)
    return _looking(handled(gateway.take()), "completed")


def worker_corrects_what_had_failed(gateway: Gateway, tenant: NewTenant) -> Operation:
    """It was reverted; a deep reorganisation has it mined anew, and it pays: the books follow, once."""
    gateway.node.set_payouts("TRX", "revert")
    raw = _ended(gateway, tenant)
    gateway.node.broadcast("TRX", raw)  # some other node had the bytes still
    gateway.settle()
    gateway.mine(19)
    gateway.scan()
    return replace(_looking(handled(gateway.take()), "failed"), look=_is_corrected)


def scan_wakes_the_payouts(gateway: Gateway, tenant: NewTenant) -> Operation:
    submitted(gateway, tenant)
    gateway.mine(19)
    return _looking(scheduled(lambda gateway: scan_chain(gateway.env, "TRX")), "completed")


def sweep_wakes_the_payouts(gateway: Gateway, tenant: NewTenant) -> Operation:
    accepted(gateway, tenant)
    gateway.drop_messages()
    return _looking(scheduled(_sweep), "submitted")


def sweep_tells_of_a_payout(gateway: Gateway, tenant: NewTenant) -> Operation:
    accepted(gateway, tenant)
    gateway.handle(gateway.take())
    gateway.drop_messages()
    gateway.clock.advance(60)
    return _looking(scheduled(_sweep), "submitted")


def merchant_withdraws(gateway: Gateway, tenant: NewTenant) -> Operation:
    """By the API, with a key: one withdrawal, however often it is asked for; it goes its way to the chain."""
    funded(gateway, tenant)
    body = {"amount": "50", "currency": "USDTTRC20", "address": strangers_address(1, "TRX", "merchant")}
    body |= {"custom_id": "invoice-1", "callback_url": gateway.receiver.url}

    def act(gateway: Gateway) -> bool:
        answer = gateway.client.post("/withdrawal/", body, headers={"Idempotency-Key": "w"})
        assert answer.status in {201, 503}, answer.text
        if answer.status == 201:
            gateway.heard.update(answer.json)
        return bool(answer.status == 201)

    def look(gateway: Gateway) -> Any:
        (record,) = storage.records(WithdrawalRecord, "WITHDRAWAL#")
        assert gateway.heard["withdrawal_id"] == record.sk, "what was answered is there"
        return record.status == "submitted"

    return Operation(act, is_asked=True, look=look)


def merchant_cancels(gateway: Gateway, tenant: NewTenant) -> Operation:
    accepted(gateway, tenant)
    gateway.drop_messages()
    return _looking(Operation(_ending(lifecycle.cancel), is_asked=True), "cancelled")


def operator_rejects(gateway: Gateway, tenant: NewTenant) -> Operation:
    accepted(gateway, tenant)
    gateway.drop_messages()

    def reject(status: str, version: int, at: int) -> lifecycle.Change:
        return lifecycle.reject(status, version, at, "no")

    return _looking(Operation(_ending(reject), is_asked=True), "rejected")


def accepted(gateway: Gateway, tenant: NewTenant, **fields: Any) -> None:
    """A withdrawal is accepted, its merchant has money, its hot wallet coin and gas."""
    if not storage.partitions("WITHDRAWAL#"):
        funded(gateway, tenant)
    accept(gateway.env, tenant.tenant_id, UNITS, callback_url=gateway.receiver.url, **fields)


def funded(gateway: Gateway, tenant: NewTenant) -> None:
    """The merchant has money, the hot wallet coin and gas."""
    fund(gateway.env, tenant.tenant_id, "USDTTRC20", FUNDED)
    for token in ("USDT", "TRX"):
        gateway.node.fund_hot_wallet("TRX", token, STOCK)
    gateway.settle()


def submitted(gateway: Gateway, tenant: NewTenant, **fields: Any) -> None:
    """It is signed and in the mempool, and all of that is told."""
    accepted(gateway, tenant, **fields)
    gateway.settle()


def _grown_deep(gateway: Gateway) -> Any:
    """What is woken once the payout, noted in its block, is deep."""
    gateway.mine()
    gateway.scan()
    gateway.settle()
    gateway.mine(18)
    gateway.scan()
    return gateway.take()


def _ended(gateway: Gateway, tenant: NewTenant) -> bytes:
    """It came to its end, all of that is told, and a reorganisation of that depth drops it. Returns its bytes."""
    submitted(gateway, tenant)
    gateway.handle(_grown_deep(gateway))
    gateway.settle()
    gateway.node.set_payouts("TRX", "ok")
    (record,) = storage.records(WithdrawalRecord, "WITHDRAWAL#")
    gateway.node.reorg("TRX", 19, [record.attempts[0].txid])
    gateway.scan()
    return record.attempts[0].raw


def _is_corrected(gateway: Gateway) -> bool:
    balance = read_balance(
        gateway.env.store, storage.records(WithdrawalRecord, "WITHDRAWAL#")[0].tenant_id, *HOLDER
    )
    return balance.available_units == FUNDED - UNITS


def _sweep(gateway: Gateway) -> None:
    payout_workers.sweep_payouts(gateway.env)


def _ending(decide: Callable[[str, int, int], lifecycle.Change]) -> Callable[[Gateway], bool]:
    """End the one withdrawal as its merchant or the operator asks; whoever asks twice hears that it is done."""

    def act(gateway: Gateway) -> bool:
        (listed,) = storage.records(WithdrawalRecord, "WITHDRAWAL#")
        record = gateway.env.store.get(WithdrawalRecord, listed.key)
        assert record is not None
        if not lifecycle.is_final(record.status):
            change = decide(record.status, record.version, int(gateway.clock.now() * 1000))
            changes.end(gateway.env, record, change)
        return True

    return act


def _looking(operation: Operation, *wanted: str) -> Operation:
    """Demand that withdrawals come to these statuses: what is meant is reached, not only the same each time."""

    def look(gateway: Gateway) -> Any:
        statuses = {record.status for record in storage.records(WithdrawalRecord, "WITHDRAWAL#")}
        return statuses == set(wanted)

    return replace(operation, look=look)
