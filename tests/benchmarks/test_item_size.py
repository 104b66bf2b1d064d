import pytest

from benchmarks.item_size import item_bytes, number_bytes, value_bytes


def test_an_item_is_its_names_and_values_in_utf_8() -> None:
    assert item_bytes({"Attr1": {"S": "Shirt"}, "Color": {"S": "Blue"}}) == 19
    assert item_bytes({"größe": {"S": "größer"}}) == 7 + 8


@pytest.mark.parametrize(
    ("digits", "size"),
    [
        ("0", 1),
        ("1", 2),
        ("27", 2),
        ("270", 2),  # trailing zeros are trimmed
        ("00027", 2),
        ("123", 3),
        ("-123", 4),
        ("0.0012", 2),
        ("1.50", 2),
        ("100000000", 2),
        ("99000001", 5),
        ("12345678901234567890123456789012345678", 20),
        ("1E+20", 2),
    ],
)
def test_a_number_is_one_byte_for_two_significant_digits_and_one_more(digits: str, size: int) -> None:
    assert number_bytes(digits) == size


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"B": b"1234"}, 4),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + (1 + 2) + (1 + 1)),
        ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
        ({"M": {"k": {"L": [{"NULL": True}]}}}, 3 + 1 + 1 + (3 + 1 + 1)),
    ],
)
def test_sizes_by_type(value: dict[str, object], size: int) -> None:
    assert value_bytes(value) == size


def test_an_item_that_is_not_there_is_empty() -> None:
    assert item_bytes(None) == 0


def test_a_type_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="SS"):
        value_bytes({"SS": ["a"]})
