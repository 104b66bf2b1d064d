"""What a page of a list costs at the far end of a million payments, without filters and with the worst of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import figures
from benchmarks.figures import Figure
from benchmarks.gateway import Gateway, expect, gateway
from benchmarks.life import live
from benchmarks.million import RARE_STATUS, Million, million
from chalicelib.storage import keys
from chalicelib.storage.records import Key
from tests.support.settings import TABLE

FAR, HALF_WAY, PAGE = 1_000_000, 300_000, 20
BATCH = 25  # of BatchWriteItem
CURRENCY = "USDTTRC20"


def listed() -> Iterator[Figure]:
    """Count pages, on a gateway of their own."""
    with gateway() as measured:
        alone = live(measured, 1)
        yield from payment_list_far(measured, alone.payments[0]["transaction_id"])


def payment_list_far(measured: Gateway, payment_id: str) -> Iterator[Figure]:
    """Pages of 20 of a merchant with a million payments; every page is held against one counted by hand."""
    tenant, client = measured.another_tenant()
    made = million(measured.env, tenant.tenant_id)
    _copy(measured, list(made.counted()))
    asked: dict[str, dict[str, str]] = {
        "payment_list_newest": {},
        f"payment_list_{FAR}": {"offset": str(FAR)},
        f"payment_list_filtered_{FAR}": {"status": RARE_STATUS},
        f"payment_list_filtered_offset_{FAR}": {"token": "usdt", "offset": str(FAR)},
        "payment_list_two_filters": {"status": "expired", "currency": CURRENCY, "offset": str(HALF_WAY // 5)},
    }
    pages = {name: _by_hand(made, query) for name, query in asked.items()}
    wanted = {one for ids, _ in pages.values() for one in ids}
    _copy_payments(measured, payment_id, made, wanted | _tail(made))
    expect(client.get("/payments/", query={"limit": "1"}), 200)  # the process is warm from here on
    for name, query in asked.items():
        with measured.meter.measured() as cost:
            listed = expect(client.get("/payments/", query=query), 200).json
        ids, total = pages[name]
        if ([one["transaction_id"] for one in listed["results"]], listed["total"]) != (ids, total):
            raise RuntimeError(f"{name}: {listed['count']} of {listed['total']} in place of {len(ids)} of {total}")
        yield figures.calls(name, cost)
        yield figures.read(name, cost)


def _by_hand(made: Million, query: dict[str, str]) -> tuple[list[str], int]:
    """Return a page's ids and the total, by going through every payment."""
    found = made.matching(query.get("status"), query.get("currency"))
    offset = int(query.get("offset", "0"))
    return found[offset : offset + PAGE], len(found)


def _tail(made: Million) -> set[str]:
    """Return the payments that are not sealed: they are read whole."""
    rows = keys.payments(made.tenant_id)
    stored = {item["sk"]["S"] for item in made.store.all() if item["pk"]["S"] == rows and "s" in item}
    return {one for one in stored if one > made.newest_sealed}


def _copy_payments(measured: Gateway, payment_id: str, made: Million, wanted: set[str]) -> None:
    """Store whole payments, like a completed one that was lived, under these ids and in their classes."""
    key = keys.payment(measured.tenant.tenant_id, payment_id)
    like: dict[str, Any] = measured.aws.dynamodb.get_item(TableName=TABLE, Key=key.raw)["Item"]
    like.pop("l", None)  # what the lived one has told is nothing that these have to tell
    of = {one: made.classes[place] for place, one in enumerate(made.ids) if one in wanted}
    _copy(
        measured,
        [
            {**like, **_key(made, one).raw, "s": {"S": status}, "c": {"S": currency}}
            for one, (status, currency) in of.items()
        ],
    )


def _key(made: Million, payment_id: str) -> Key:
    return keys.payment(made.tenant_id, payment_id)


def _copy(measured: Gateway, items: Sequence[Any]) -> None:
    """Put items into the measured table, uncounted."""
    for start in range(0, len(items), BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH]]
        measured.aws.dynamodb.batch_write_item(RequestItems={TABLE: puts})
