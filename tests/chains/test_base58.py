import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.base58 import Base58Error, decode, decode_check, encode, encode_check

# From Bitcoin Core's base58_encode_decode.json.
VECTORS = [
    ("", ""),
    ("61", "2g"),
    ("626262", "a3gV"),
    ("73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"),
    ("00eb15231dfceb60925886b67d065299925915aeb172c06647", "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"),
    ("00000000000000000000", "1111111111"),
]


@pytest.mark.parametrize(("data", "text"), VECTORS)
def test_vectors_encode_and_decode(data, text):
    assert encode(bytes.fromhex(data)) == text
    assert decode(text) == bytes.fromhex(data)


@given(st.binary(max_size=80))
def test_what_is_written_is_read_again(payload):
    assert decode(encode(payload)) == payload
    if payload:
        assert decode_check(encode_check(payload)) == payload


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "1 ", "+", "1" * 129])
def test_other_characters_and_long_texts_are_refused(text):
    with pytest.raises(Base58Error):
        decode(text)


def test_a_checksum_alone_is_no_payload():
    with pytest.raises(Base58Error):
        decode_check(encode_check(b""))
