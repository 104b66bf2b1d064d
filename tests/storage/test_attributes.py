"""What is stored is what is read back, to the last of DynamoDB's 38 digits."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.store import Store
from chalicelib.storage.unit_of_work import create, put, update
from tests.storage.items import Box, box, key

LARGEST = 10**38 - 1


@pytest.mark.parametrize("units", [0, 1, -1, 2**53 + 1, 10**28 + 1, LARGEST, -LARGEST])
def test_integers_are_exact(store: Store, units: int) -> None:
    store.commit(create(box("a", units, spare=units)))
    found = store.get(Box, key("a"))
    assert found is not None
    assert (found.units, found.spare) == (units, units)
    assert (type(found.units), type(found.spare)) == (int, int)


def test_sums_made_by_the_database_are_exact(store: Store) -> None:
    store.commit(create(box("a", 10**27)))
    store.commit(update(key("a"), [Box.units.add(-1)]))
    found = store.get(Box, key("a"))
    assert found is not None
    assert found.units == 10**27 - 1


@given(st.integers(-LARGEST, LARGEST))
def test_every_integer_of_38_digits_survives(units: int) -> None:
    attribute = IntegerAttribute()
    assert attribute.deserialize(attribute.serialize(units)) == units


@pytest.mark.parametrize("value", [1.0, True, "1", Decimal(1), None])
def test_nothing_but_an_int_is_stored_as_one(value: Any) -> None:
    with pytest.raises(TypeError):
        IntegerAttribute(attr_name="units").serialize(value)


def test_an_absent_number_stays_absent(store: Store) -> None:
    store.commit(put(box("a")))
    assert set(store.get_raw([key("a")])[key("a")]) == {"pk", "sk", "u"}
    found = store.get(Box, key("a"))
    assert found is not None
    assert found.spare is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_structures_survive(value: Any) -> None:
    attribute = CompactJsonAttribute()
    assert attribute.deserialize(attribute.serialize(value)) == value


def test_structures_are_stored_short() -> None:
    assert CompactJsonAttribute().serialize({"ä": [1, None]}) == '{"ä":[1,null]}'
