from fractions import Fraction

import pytest

from benchmarks.capacity import EVENTUAL, STRONG, TRANSACTIONAL, Index, Written, read_units, write_units
from benchmarks.item_size import Item

KB = 1024
INDEX = Index("expiry_index", ("bucket", "at"), ("bucket", "at", "pk", "sk"))


def item(size_bytes: int, **attributes: str) -> Item:
    named = {"pk": "p", "sk": "s", **attributes}
    known = sum(len(name) + len(value) for name, value in named.items())
    padding = {"x": {"S": "x" * (size_bytes - known - 1)}}
    return {name: {"S": value} for name, value in named.items()} | padding


@pytest.mark.parametrize(
    ("size_kb", "rate", "units"),
    [
        (4, STRONG, 1),
        (4, EVENTUAL, Fraction(1, 2)),
        (4, TRANSACTIONAL, 2),
        (8, STRONG, 2),  # the guide: an item of 8 KB takes two, one, or four read units
        (8, EVENTUAL, 1),
        (8, TRANSACTIONAL, 4),
        (3, STRONG, 1),
        (6, TRANSACTIONAL, 4),
    ],
)
def test_reading_one_item(size_kb: int, rate: Fraction, units: Fraction) -> None:
    assert read_units([size_kb * KB], rate) == units


def test_a_query_rounds_once_over_all_its_items() -> None:
    # The guide: ten items of 40.8 KB together count as 44 KB, 1,500 items of 64 bytes as 96 KB.
    assert read_units([int(4.08 * KB)] * 10, STRONG) == 11
    assert read_units([64] * 1500, STRONG) == 24


def test_each_item_of_a_batch_is_rounded_for_itself() -> None:
    # The guide: BatchGetItem counts 1.5 KB and 6.5 KB as 4 KB + 8 KB, not as 8 KB.
    sizes = [KB + KB // 2, 6 * KB + KB // 2]
    assert sum(read_units([size], STRONG) for size in sizes) == 3


def test_nothing_found_costs_as_much_as_a_little() -> None:
    assert (read_units([], STRONG), read_units([0], EVENTUAL)) == (1, Fraction(1, 2))


@pytest.mark.parametrize(("size_bytes", "units"), [(1, 1), (512, 1), (KB, 1), (KB + 1, 2), (2 * KB, 2)])
def test_writing_one_item(size_bytes: int, units: int) -> None:
    new = Written(None, item(max(size_bytes, 6)))
    assert write_units(new) == units
    assert write_units(new, in_transaction=True) == 2 * units  # the guide: 2 KB are two, or four in a transaction


def test_an_update_costs_the_larger_of_before_and_after() -> None:
    small, large = item(500), item(2500)
    assert write_units(Written(small, large)) == write_units(Written(large, small)) == 3


def test_a_delete_costs_what_was_there_and_a_refusal_too() -> None:
    assert write_units(Written(item(2500), None)) == 3
    assert write_units(Written(item(2500), item(2500))) == 3
    assert write_units(Written(None, None)) == 1  # the guide: one write unit at the least


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, {"bucket": "1", "at": "7"}, 1),  # an entry is put
        ({"bucket": "1", "at": "7"}, {"bucket": "1", "at": "8"}, 2),  # removed, and put elsewhere
        ({"bucket": "1", "at": "7"}, {"bucket": "1"}, 1),  # removed
        ({"bucket": "1", "at": "7"}, {"bucket": "1", "at": "7", "other": "new"}, 0),  # no key changed
        (None, {"bucket": "1"}, 0),  # not in the index: a key is missing
    ],
)
def test_index_entries(before: dict[str, str] | None, after: dict[str, str], units: int) -> None:
    written = Written(item(100, **before) if before else None, item(100, **after))
    assert write_units(written, [INDEX]) == 1 + units
    assert write_units(written, [INDEX], in_transaction=True) == 2 + units
