"""A record that only these tests have."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute, OptionalIntegerAttribute
from chalicelib.storage.records import Key, Record


class Box(Record):
    """Something with a number in it."""

    units = IntegerAttribute(attr_name="u")
    spare = OptionalIntegerAttribute(attr_name="x")
    content = CompactJsonAttribute(attr_name="c", null=True)
    name = UnicodeAttribute(attr_name="n", null=True)


def box(name: str, units: int = 1, room: str = "BOX#one", **more: object) -> Box:
    return Box(pk=room, sk=name, units=units, **more)


def key(name: str, room: str = "BOX#one") -> Key:
    return Key(room, name)
