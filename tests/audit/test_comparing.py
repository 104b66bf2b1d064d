"""What was stored of a block against what the chain has: pure."""

from typing import Any

from chalicelib.audit.comparing import compare, together


def sighted(txid: str, units: int, index: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "blockchain": "TRX",
        "txid": txid,
        "index": index,
        "currency": "USDTTRC20",
        "units": str(units),
        "height": 7,
        "block_hash": "0xblock",
        "seen_at": 1,
        **changed,
    }


def test_the_same_is_no_finding() -> None:
    assert compare([sighted("a", 5), sighted("b", 6)], [sighted("b", 6, seen_at=9), sighted("a", 5)]) == []


def test_every_kind_of_difference_is_found() -> None:
    stored = [sighted("same", 5), sighted("other", 5), sighted("gone", 3), sighted("coin", 4, currency="TRX")]
    there = [sighted("same", 5), sighted("other", 6), sighted("new", 7), sighted("same", 5, 1), sighted("coin", 4)]
    found = {(one.kind, one.txid, one.index): one for one in compare(stored, there)}
    assert set(found) == {
        ("vanished", "gone", 0),
        ("amount", "other", 0),
        ("missed", "new", 0),
        ("missed", "same", 1),
        ("amount", "coin", 0),
    }
    assert (found["amount", "other", 0].units, found["amount", "other", 0].stored_units) == (6, 5)
    assert not found["vanished", "gone", 0].is_repaired
    assert str(found["missed", "new", 0]) == (
        "block 7 of TRX, 0xblock: 7 units of USDTTRC20 in new:0: was never seen"
    )


def test_nothing_that_is_stored_is_lost_by_a_repair() -> None:
    stored = [sighted("same", 5, seen_at=1), sighted("gone", 3), sighted("other", 5)]
    there = [sighted("same", 5, seen_at=9), sighted("other", 6), sighted("new", 7)]
    kept = {one["txid"]: one for one in together(stored, there)}
    assert {txid: one["units"] for txid, one in kept.items()} == {
        "same": "5",
        "gone": "3",
        "other": "6",
        "new": "7",
    }
    assert kept["same"]["seen_at"] == 1
