from typing import Any

import pytest

from chalicelib import ids
from chalicelib.ledger.service import fund
from chalicelib.tenants.service import NewTenant
from chalicelib.withdrawals import amounts
from tests.support.world import World

TRON = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
AMOUNTS = (50, 20, 90, 20, 70)


@pytest.fixture(autouse=True)
def _ids_of_this_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids follow the clock and never go back: not before those of tests that moved theirs on."""
    monkeypatch.setattr(ids, "_places", ids._Places())


@pytest.fixture
def made(world: World, tenant: NewTenant) -> list[str]:
    """Five withdrawals of USDT, one each minute, the second cancelled; then one of TRX."""
    fund(world.env, tenant.tenant_id, "USDTTRC20", 1_000_000_000)
    fund(world.env, tenant.tenant_id, "TRX", 1_000_000_000)
    named = [_withdraw(world, amount=amount, custom_id=f"c{place}") for place, amount in enumerate(AMOUNTS)]
    named.append(_withdraw(world, amount="100", currency="TRX"))
    assert world.client.post(f"/withdrawal/{named[1]}/cancel/").status == 200
    return named


def _withdraw(world: World, **asked: Any) -> str:
    answer = world.client.post("/withdrawal/", {"currency": "USDTTRC20", "address": TRON, **asked})
    assert answer.status == 201, answer.text
    world.clock.advance(60)
    return str(answer.json["withdrawal_id"])


def listed(world: World, **query: str) -> list[str]:
    answer = world.client.get("/withdrawal/", query=query)
    assert answer.status == 200, answer.text
    assert set(answer.json) == {"withdrawals", "total", "limit", "offset", "next_cursor"}
    return [one["withdrawal_id"] for one in answer.json["withdrawals"]]


def test_filters(world: World, made: list[str]) -> None:
    newest = made[::-1]
    assert listed(world) == listed(world, sort="created_desc") == newest
    assert listed(world, sort="created_asc") == made
    assert listed(world, limit="2", offset="1") == newest[1:3]
    assert listed(world, currency="trx") == listed(world, token="TRX") == made[5:]
    assert listed(world, blockchain="tron", token="usdt") == newest[1:]
    assert listed(world, blockchain="BTC") == []
    assert listed(world, status="cancelled") == [made[1]]
    assert listed(world, status="pending", token="usdt") == [newest[place] for place in (1, 2, 3, 5)]
    assert listed(world, custom_id="c3") == [made[3]]
    assert listed(world, custom_id="c3", offset="1") == []
    assert listed(world, custom_id="c3", status="cancelled") == []
    assert listed(world, custom_id="c3", currency="USDTTRC20", sort="amount_asc") == [made[3]]
    assert listed(world, custom_id="nobody") == []


def test_dates_are_inclusive(world: World, made: list[str]) -> None:
    # The first was made at 14:13:20 on 2026-09-21, one each minute from then on.
    assert listed(world, start_date="2026-09-21", end_date="2026-09-21") == made[::-1]
    assert listed(world, end_date="2026-09-20") == listed(world, start_date="2026-09-22") == []
    assert listed(world, start_date="2026-09-21T14:14:20Z", end_date="2026-09-21T14:15:20Z") == [made[2], made[1]]
    assert listed(world, start_date="2026-09-21T14:14:21Z", end_date="2026-09-21T14:15:19Z") == []
    assert listed(world, start_date="2026-09-21T16:15:20+02:00", sort="created_asc", limit="1") == [made[2]]
    assert listed(world, start_date="2026-09-22", end_date="2026-09-20") == []
    assert listed(world, custom_id="c0", start_date="2026-09-22") == []
    total = world.client.get("/withdrawal/", query={"end_date": "2026-09-21T14:15:20Z", "limit": "1"}).json[
        "total"
    ]
    assert total == 3


@pytest.mark.parametrize("reach", [amounts.REACH, 3])
def test_sorted_by_amount(world: World, made: list[str], monkeypatch: pytest.MonkeyPatch, reach: int) -> None:
    """Few are sorted in memory, many are found by the index: with a reach of three all is found by the index."""
    smallest = [made[1], made[3], made[0], made[4], made[2]]
    query = {"currency": "USDTTRC20", "limit": "3"}
    monkeypatch.setattr(amounts, "REACH", max(reach, 3))
    assert listed(world, sort="amount_asc", **query) == smallest[:3]
    assert listed(world, sort="amount_desc", **query) == smallest[::-1][:3]
    assert listed(world, sort="amount_asc", status="pending", **query) == [made[3], made[0], made[4]]
    since = {**query, "start_date": "2026-09-21T14:15:20Z"}
    assert listed(world, sort="amount_asc", **since) == [made[3], made[4], made[2]]
    walked, cursor = [], None
    while True:
        page = world.client.get(
            "/withdrawal/",
            query={**query, "limit": "2", "sort": "amount_desc", **({"cursor": cursor} if cursor else {})},
        ).json
        assert page["total"] == 5
        walked += [one["withdrawal_id"] for one in page["withdrawals"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert walked == smallest[::-1]


@pytest.mark.parametrize("sort", ["created_desc", "created_asc"])
def test_a_walk_by_cursor_sees_each_once(world: World, made: list[str], sort: str) -> None:
    walked, cursor = [], None
    while True:
        query = {"limit": "4", "sort": sort} | ({"cursor": cursor} if cursor else {})
        page = world.client.get("/withdrawal/", query=query).json
        walked += [one["withdrawal_id"] for one in page["withdrawals"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert walked == (made if sort == "created_asc" else made[::-1])


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"offset": "-1"},
        {"status": "paid"},
        {"sort": "amount"},
        {"sort": "amount_desc"},
        {"sort": "amount_desc", "blockchain": "TRX"},
        {"sort": "amount_desc", "token": "USDT"},
        {"sort": "amount_desc", "currency": "USDTTRC20", "limit": "20", "offset": "981"},
        {"sort": "amount_desc", "currency": "USDTTRC20", "cursor": "MDFhMGM0NTAtNmMwMC03MDAx"},
        {"start_date": "yesterday"},
        {"end_date": "2026-09-31"},
        {"cursor": "%%%"},
        {"custom_id": ""},
        {"blockchain": "DOGE"},
        {"token": "NOPE"},
        {"page": "1"},
    ],
)
def test_what_means_nothing_is_400(world: World, query: dict[str, str]) -> None:
    assert world.client.get("/withdrawal/", query=query).status == 400


def test_an_amount_sort_reaches_a_thousand_rows(world: World, made: list[str]) -> None:
    query = {"sort": "amount_desc", "blockchain": "tron", "token": "usdt", "limit": "20", "offset": "980"}
    page = world.client.get("/withdrawal/", query=query).json
    assert (page["withdrawals"], page["total"]) == ([], 5)
