"""What a gateway has come to: the facts that must be the same whatever went wrong on the way, and the rules."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.chains.records import ChainCursor
from chalicelib.ledger.entries import trial_balance
from chalicelib.ledger.history import HistoryRecord
from chalicelib.ledger.records import BalanceRecord, MovementRecord
from chalicelib.payments.records import PaymentRecord
from chalicelib.payouts.records import HotWallet
from chalicelib.storage import keys
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.outbox import Reminder
from chalicelib.webhooks.pages import LogPage
from chalicelib.webhooks.retries import RetryEntry
from chalicelib.withdrawals import bookings, lifecycle
from chalicelib.withdrawals.records import WithdrawalRecord
from tests.faults import storage
from tests.faults.gateway import Gateway

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Payment:
    """A payment without what depends on when a thing was done."""

    status: str
    labels: tuple[str, ...]
    version: int
    totals: tuple[int, ...]
    deposits: tuple[tuple[Any, ...], ...]


def facts(gateway: Gateway) -> Facts:
    """Return all that a fault may not change: it may only take longer."""
    return {
        "payments": Counter(_payment(record) for record in storage.records(PaymentRecord, "PAYMENT#")),
        "balances": {record.key: record.balance for record in storage.records(BalanceRecord, "BALANCE#")},
        "journal": Counter(_booked(row) for row in storage.records(MovementRecord, "JOURNAL#")),
        "events": _told(),
        "history": [_row(row) for row in storage.records(HistoryRecord, "HISTORY#")],
        "withdrawals": Counter(_withdrawal(record) for record in _withdrawals()),
        "open payouts": len(storage.partitions("PAYOUT#")),
        "deliveries": Counter(event.delivery for event in storage.records(EventRecord, "EVENT#")),
        "reminders": len(storage.partitions("OUTBOX#")),
        "retries": len(storage.records(RetryEntry, "RETRY#")),
        "waiting": gateway.waiting_messages(),
    }


def is_pending() -> bool:
    """Tell whether an event still waits for its delivery."""
    return any(event.delivery == "pending" for event in _events())


def check(gateway: Gateway) -> None:
    """Demand every rule that holds whatever happened."""
    check_books()
    check_log()
    _check_history()
    _check_deliveries(gateway)
    _check_payouts(gateway)
    assert not storage.records(Reminder, "OUTBOX#"), "what is told needs no reminder"
    cursors = [one for one in storage.records(ChainCursor, "CHAIN#TRX") if one.sk == "cursor"]
    leases = [cursor.lease_until for cursor in cursors]
    assert all(until <= gateway.clock.now() * 1000 for until in leases), "a lease is given back, or runs out"


def check_books() -> None:
    """Demand that debits and credits are equal, and that balances are what the journal says."""
    sides: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in storage.records(MovementRecord, "JOURNAL#"):
        sides[row.pk, row.currency].extend(row.sides)
    for record in _withdrawals():
        for currency, entries in bookings.entries(record):
            sides[f"JOURNAL#{record.tenant_id}", currency].extend(entries)
    amounts: dict[tuple[str, str, str], int] = {}
    for (pk, currency), entries in sides.items():
        rows = trial_balance(entries)
        assert sum(row.balance_units for row in rows) == 0, f"the trial balance of {currency} is not zero"
        amounts |= {(pk.partition("#")[2], row.account, currency): -row.balance_units for row in rows}
    for record in storage.records(BalanceRecord, "BALANCE#"):
        key = (record.pk.partition("#")[2], record.account, record.currency)
        assert record.balance.amount_units == amounts.get(key, 0), "a balance is not what the journal says"
        assert min(record.available, record.pending, record.owed) >= 0


def check_log() -> None:
    """Demand that events are numbered without a gap, each once, in the order of their objects' versions."""
    pages: defaultdict[str, list[LogPage]] = defaultdict(list)
    for page in storage.records(LogPage, "LOG#"):
        pages[page.pk.partition("#")[2]].append(page)
    numbered = {(event.pk.partition("#")[2], event.sk): event.sequence for event in _events()}
    promised = {
        (tenant_id, key): sequence
        for tenant_id, of_tenant in pages.items()
        for page in of_tenant
        for _, key, sequence in page.told
        if sequence is not None
    }
    assert numbered == promised, "an event is in the log, and what is in the log is an event"
    for tenant_id in pages:
        sequences = sorted(number for (tenant, _), number in numbered.items() if tenant == tenant_id)
        assert sequences == list(range(1, len(sequences) + 1)), "the log has no gap"
    for versions in _versions().values():
        assert versions == sorted(set(versions)), "an object's events are in the order of its versions, each once"


def _check_history() -> None:
    rows: defaultdict[tuple[str, str], int] = defaultdict(int)
    numbers: Counter[str] = Counter()
    for row in storage.records(HistoryRecord, "HISTORY#"):
        numbers[row.pk] += 1
        assert row.number == numbers[row.pk], "an account's rows have no gap"
        rows[row.pk.partition("#")[2], row.currency] += row.amount
        assert rows[row.pk.partition("#")[2], row.currency] == row.balance_after, "the rows add up"
    moved = {row.sk for row in storage.records(MovementRecord, "JOURNAL#")}
    ended = [one for one in _withdrawals() if one.repaid or (one.status == "completed" and not one.is_internal)]
    moved |= {f"withdrawal:{one.sk}" for one in ended}
    shown = [row.movement_id for row in storage.records(HistoryRecord, "HISTORY#")]
    assert Counter(shown) == Counter(moved), "every movement has one row"
    for record in storage.records(BalanceRecord, "BALANCE#"):
        account = f"{record.pk.partition('#')[2]}#{record.account}"
        assert rows[account, record.currency] == record.balance.amount_units, "history and balance agree"


def _check_payouts(gateway: Gateway) -> None:
    """Demand that each withdrawal is on the chain at most once, exactly with its amount, in a slot of its own."""
    records = _withdrawals()
    for record in (one for one in records if not one.is_internal):
        paid = [one for one in gateway.node.address_transfers("TRX", record.address) if one.direction == "in"]
        assert [one.units for one in paid] in ([], [record.amount]), "a withdrawal is paid once, and all of it"
        if record.status == "completed":
            assert [one.height for one in paid] == [record.height], "what is settled was paid, in the block noted"
        if record.status in {"failed", "cancelled", "rejected"}:
            rows = storage.partitions("JOURNAL#")
            corrections = [row for row in rows if row["sk"]["S"].startswith(f"correction:{record.sk}")]
            assert len(corrections) == len(paid), "what is released is not paid, or the books were corrected"
    given = {record.key: record.next_slot for record in storage.records(HotWallet, "HOTWALLET#")}
    for source in {record.source for record in records}:
        slots = sorted(one.slot for one in records if one.slot is not None and one.source == source)
        next_slot = given.pop(keys.hot_wallet("TRX", source), 0)
        assert slots == list(range(next_slot)), "every slot belongs to one withdrawal"
    assert not any(given.values()), "every slot belongs to a withdrawal"
    held = sum(one.held_units for one in records if not lifecycle.is_final(one.status))
    assert sum(one.pending for one in storage.records(BalanceRecord, "BALANCE#")) == held, "a hold has its owner"


def _check_deliveries(gateway: Gateway) -> None:
    got = {body["event_id"]: body for body in gateway.receiver.bodies}
    for event in _events():
        if event.delivery == "delivered":
            assert got[event.sk] == json.loads(event.body), "what was delivered is what is logged"
        assert event.delivery != "pending", "an event is still to be delivered"


def _events() -> list[EventRecord]:
    return storage.records(EventRecord, "EVENT#")


def _versions() -> Mapping[str, list[int]]:
    versions: defaultdict[str, list[int]] = defaultdict(list)
    for event in sorted(_events(), key=lambda event: event.sequence):
        body = json.loads(event.body)
        versions[body["transaction_id"]].append(body["data"].get("version", 1))
    return versions


def _withdrawals() -> list[WithdrawalRecord]:
    return storage.records(WithdrawalRecord, "WITHDRAWAL#")


def _withdrawal(record: WithdrawalRecord) -> tuple[Any, ...]:
    mined = (record.mined, record.height)
    gas = tuple(record.gas or ())
    return (record.status, record.version, record.slot, len(record.attempts), *mined, gas, record.repaid)


def _told() -> Counter[tuple[tuple[Any, ...], ...]]:
    told: defaultdict[str, list[Any]] = defaultdict(list)
    for event in sorted(_events(), key=lambda event: event.sequence):
        body = json.loads(event.body)
        data = body["data"]
        history = tuple(sorted((one["amount"], one["status"]) for one in data.get("payment_history", ())))
        labels = tuple(data.get("labels", ()))
        told[body["transaction_id"]].append((body["status"], labels, data.get("version", 1), history))
    return Counter(tuple(one) for one in told.values())


def _payment(record: PaymentRecord) -> Payment:
    state = record.state(6)
    totals = state.totals
    return Payment(
        status=state.status.value,
        labels=tuple(str(label) for label in state.labels),
        version=state.version,
        totals=(totals.seen_units, totals.received_units, totals.credited_units, totals.counting, totals.late),
        deposits=tuple(
            sorted((d.deposit_id, d.units, d.state.value, d.round, str(d.block_hash)) for d in state.deposits)
        ),
    )


def _booked(row: MovementRecord) -> tuple[Any, ...]:
    name = row.kind if row.sk.startswith("funding:") else row.sk
    return (name, row.kind, row.account, row.currency, row.amount, row.gross, row.fee, str(row.entries))


def _row(row: HistoryRecord) -> tuple[Any, ...]:
    return (row.pk, row.number, row.kind, row.currency, row.amount, str(row.balances))
