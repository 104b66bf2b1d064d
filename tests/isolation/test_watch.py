"""The watch on DynamoDB requests sees what it is there to see."""

import pytest

from chalicelib.acting import acting_for
from chalicelib.payments.records import PaymentRecord
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Record
from chalicelib.storage.unit_of_work import Write, update
from tests.support.isolation import SHARED, Watch, rooms

OWN, FOREIGN = "t_" + "0" * 16, "t_" + "f" * 16


@pytest.fixture
def watched(aws):
    """A watch of its own on the store's client; the suite's own one looks away meanwhile."""
    watch = Watch()
    events = aws.store.connection.client.meta.events
    events.register("before-call.dynamodb", watch.on_call)
    yield watch
    events.unregister("before-call.dynamodb", watch.on_call)


def test_every_room_is_known_and_carries_a_tenant_or_says_why_not():
    known = rooms()
    assert {"PAYMENT", "BALANCE", "WITHDRAWAL", "TRANSFER", "IDEMPOTENCY", "ORDER", "AMOUNT"} <= known.keys()
    assert {known[name].part for name in ("PAYMENT", "ORDER", "AMOUNT", "WALLETTRANSFERS")} == {"pk"}
    assert {known[name].part for name in ("OUTBOX", "RETRY", "TENANTS")} == {"sk"}
    assert known.keys() >= SHARED.keys()
    assert all(known[name].part is None for name in SHARED)


def put(key: Key, **attributes: str) -> Write:
    item = {**key.raw, **{name: {"S": value} for name, value in attributes.items()}}
    return Write("Put", key, {"Item": item}, ValueError("no"))


@pytest.mark.parametrize(
    "touch",
    [
        lambda store: store.get(Record, keys.payment(FOREIGN, "x")),
        lambda store: store.get_raw([keys.payment(OWN, "x"), keys.payment(FOREIGN, "x")]),
        lambda store: list(store.query_all(PaymentRecord, keys.payments(FOREIGN))),
        lambda store: list(
            store.query_all(
                PaymentRecord, keys.payments_by_order(FOREIGN, "o"), index="list_index", consistent=False
            )
        ),
        lambda store: store.query(PaymentRecord, keys.payments(OWN), start_key=keys.payment(FOREIGN, "x").raw),
        lambda store: store.commit(put(keys.payment(FOREIGN, "x"))),
        lambda store: store.commit(put(keys.payment(OWN, "x"), lk=keys.payments_by_order(FOREIGN, "o"), lv="1")),
        lambda store: store.commit(put(keys.payment(OWN, "x")), put(keys.payment(FOREIGN, "x"))),
        lambda store: store.commit(update(keys.balance(FOREIGN, "master", "BTC"), [Record.ttl.set(1)])),
        lambda store: store.put_all([Record(*keys.payment(FOREIGN, "x"))]),
        lambda store: store.commit(put(keys.outbox(FOREIGN, "payment:x"))),
        lambda store: store.get(Record, Key(f"NEWROOM#{OWN}", "x")),
        lambda store: store.get(Record, keys.sweep("outbox")),
        lambda store: list(store.query_all(Record, "TENANTS")),
    ],
)
def test_what_is_anothers_is_seen_however_it_is_touched(aws, watched, touch, isolated):
    try:
        with acting_for(OWN):
            touch(aws.store)
    finally:
        isolated.wrong.clear()
    assert len(watched.wrong) >= 1


def test_what_is_its_own_may_be_touched_and_what_is_shared_too(aws, watched):
    with acting_for(OWN):
        aws.store.get(Record, keys.payment(OWN, "x"))
        aws.store.commit(put(keys.payment(OWN, "x"), lk=keys.payments_by_order(OWN, "o"), lv="1"))
        aws.store.get_raw([keys.price_board(), keys.balance(OWN, "master", "BTC"), keys.outbox(OWN, "x")])
    aws.store.get(Record, keys.payment(FOREIGN, "x"))
    assert watched.wrong == []
    assert watched.judged == 3


def test_another_tenants_id_is_seen_wherever_it_stands(aws, watched, isolated):
    aws.store.get(Record, keys.tenant(FOREIGN))
    with acting_for(OWN):
        aws.store.commit(put(keys.payment(OWN, "x"), note=f"of {FOREIGN}"))
    isolated.wrong.clear()
    assert watched.wrong == [f"PutItem for {OWN} names {FOREIGN}"]
