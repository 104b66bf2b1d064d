"""RLP against the examples of Ethereum's own documentation and tests, and against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.evm import rlp

LOREM = b"Lorem ipsum dolor sit amet, consectetur adipisicing elit"
# ethereum.org, "Recursive-length prefix (RLP) serialization", and ethereum/tests, RLPTests/rlptest.json.
EXAMPLES = [
    (b"dog", "83646f67"),
    ([b"cat", b"dog"], "c88363617483646f67"),
    (b"", "80"),
    ([], "c0"),
    (b"\x00", "00"),
    (b"\x0f", "0f"),
    (b"\x7f", "7f"),
    (b"\x80", "8180"),
    (b"\x04\x00", "820400"),
    ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"),
    (LOREM, "b838" + LOREM.hex()),
    ([b"dog", b"god", b"cat"], "cc83646f6783676f6483636174"),
    ([b"asdf"] * 14, "f846" + "8461736466" * 14),
    (b"a" * 1024, "b90400" + "61" * 1024),
]
# ethereum/tests, RLPTests/invalidRLPTest.json: each could be read by a lenient reader.
INVALID = [
    "",
    "bf0f000000000000021111",
    "ff0f000000000000021111",
    "f80180",
    "b90055" + "00" * 85,
    "b83800",
    "b800",
    "b80100",
    "8100",
    "8101",
    "817f",
    "c481617f",
    "8180ff",
    "c1",
    "efdebd",
    "fb00000040000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021",
    "bfffffffffffffffff80",
]

items = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=8), max_leaves=40)


@pytest.mark.parametrize(("item", "encoded"), EXAMPLES)
def test_an_example_is_written_and_read(item, encoded):
    assert rlp.encode(item).hex() == encoded
    assert rlp.decode(bytes.fromhex(encoded)) == item


@pytest.mark.parametrize("encoded", INVALID)
def test_what_is_not_canonical_is_refused(encoded):
    with pytest.raises(rlp.RlpError):
        rlp.decode(bytes.fromhex(encoded))


def _depth(item):
    return 0 if isinstance(item, bytes) else 1 + max(map(_depth, item), default=0)


@given(items)
def test_what_is_written_can_be_read(item):
    if _depth(item) <= 8:
        assert rlp.decode(rlp.encode(item)) == item


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_the_only_way_to_write_what_they_say(raw):
    try:
        item = rlp.decode(raw)
    except rlp.RlpError:
        return
    assert rlp.encode(item) == raw


def test_lists_nested_deeper_than_any_transaction_are_refused():
    raw = b""
    for _ in range(50):
        raw = bytes([0xC0 + len(raw)]) + raw
    with pytest.raises(rlp.RlpError, match="deep"):
        rlp.decode(raw)


@pytest.mark.parametrize(
    ("number", "encoded"), [(0, ""), (1, "01"), (255, "ff"), (256, "0100"), (2**64, "01" + "00" * 8)]
)
def test_numbers_have_no_leading_zeros(number, encoded):
    assert rlp.encode_number(number).hex() == encoded
    assert rlp.decode_number(bytes.fromhex(encoded)) == number


@pytest.mark.parametrize("item", [b"\x00", b"\x00\x01", [], [b"\x01"]])
def test_anything_else_is_no_number(item):
    with pytest.raises(rlp.RlpError):
        rlp.decode_number(item)
