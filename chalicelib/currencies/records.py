"""The price board as an item."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.records import Record


class PriceBoardRecord(Record):
    """The prices in force, as ``PriceBoard.to_json`` writes them: read and written whole."""

    prices = UnicodeAttribute(attr_name="b")
