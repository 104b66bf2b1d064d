"""Transactions' bytes against EIP-155's own example and against vectors of another implementation."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.evm import decoding, rlp, signing
from chalicelib.chains.evm.transaction import (
    EvmTransaction,
    InvalidTransactionError,
    Signature,
    encode_signed,
    encode_unsigned,
    txid_of,
)
from chalicelib.chains.signers.local import LocalSigner

VECTORS = json.loads((Path(__file__).parent / "transactions.json").read_text())["transactions"]
TRANSFER = EvmTransaction(1, 9, 65_000, 30, 2, b"\x35" * 20, 0, b"\xa9\x05\x9c\xbb")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

words, longs = st.integers(0, 2**256 - 1), st.integers(0, 2**64 - 1)
scalars = st.integers(1, ORDER // 2)
signatures = st.builds(Signature, st.integers(0, 1), scalars, scalars)


@st.composite
def transactions(draw) -> EvmTransaction:
    price = draw(words)
    return EvmTransaction(
        chain_id=draw(st.integers(1, 2**32)),
        nonce=draw(longs),
        gas=draw(st.integers(1, 2**64 - 1)),
        price_units=price,
        priority_units=draw(st.none() | st.integers(0, price)),
        to=draw(st.binary(min_size=20, max_size=20)),
        value_units=draw(words),
        data=draw(st.binary(max_size=100)),
    )


def test_eip_155s_example_is_signed_to_the_same_bytes():
    example = EvmTransaction(1, 9, 21_000, 20 * 10**9, None, b"\x35" * 20, 10**18)
    unsigned = signing.unsigned(example)
    assert unsigned.payload.hex() == (
        "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080"
    )
    (wanted,) = unsigned.digests
    assert wanted.digest.hex() == "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"
    signed = signing.sign(unsigned, LocalSigner(b"\x46" * 32))
    assert signed.raw.hex() == (
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0"
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a0"
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    )


def _of(vector) -> EvmTransaction:
    priority = vector["priority_units"]
    return EvmTransaction(
        chain_id=vector["chain_id"],
        nonce=vector["nonce"],
        gas=vector["gas"],
        price_units=int(vector["price_units"]),
        priority_units=None if priority is None else int(priority),
        to=bytes.fromhex(vector["to"][2:]),
        value_units=int(vector["value_units"]),
        data=bytes.fromhex(vector["data"][2:]),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["txid"][:10])
def test_another_implementation_signs_to_the_same_bytes(vector):
    signed = signing.sign(signing.unsigned(_of(vector)), LocalSigner(bytes.fromhex(vector["key"])))
    assert (signed.raw.hex(), signed.txid) == (vector["raw"][2:], vector["txid"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["txid"][:10])
def test_another_implementations_bytes_are_read_with_their_sender(vector):
    raw = bytes.fromhex(vector["raw"][2:])
    assert signing.sender_of(raw) == (vector["sender"], _of(vector))
    assert txid_of(raw) == vector["txid"]


@given(transactions(), signatures)
def test_what_is_written_can_be_read(transaction, signature):
    assert decoding.decode_unsigned(encode_unsigned(transaction)) == transaction
    assert decoding.decode_signed(encode_signed(transaction, signature)) == (transaction, signature)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_are_written_the_same_again(raw):
    try:
        transaction, signature = decoding.decode_signed(raw)
    except InvalidTransactionError:
        return
    assert encode_signed(transaction, signature) == raw


@given(st.data())
def test_a_changed_byte_is_refused_or_is_another_transaction(data):
    vector = data.draw(st.sampled_from(VECTORS))
    raw = bytearray.fromhex(vector["raw"][2:])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        sender, transaction = signing.sender_of(bytes(raw))
    except InvalidTransactionError:
        return
    assert (sender, transaction) != (vector["sender"], _of(vector))


def _dynamic(*fields) -> bytes:
    return b"\x02" + rlp.encode(list(fields))


GOOD = [b"\x01", b"", b"\x01", b"\x02", b"\x52\x08", b"\x35" * 20, b"", b"", [], b"", b"\x01", b"\x01"]


def test_the_fields_that_the_next_test_spoils_are_a_transaction():
    assert decoding.decode_signed(_dynamic(*GOOD))[1] == Signature(0, 1, 1)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (0, b"\x01" * 9),  # a chain id of more than 64 bits
        (1, b"\x00"),  # a nonce with a leading zero
        (1, []),
        (2, b"\x03"),  # more priority than price
        (3, b"\x01" * 33),
        (4, b""),  # no gas
        (5, b""),  # a contract is made
        (5, b"\x35" * 19),
        (5, [b"\x35"]),
        (6, b"\x00\x01"),
        (7, []),
        (8, b""),
        (8, [[b"\x35" * 20, []]]),  # an access list
        (9, b"\x02"),  # no parity
        (10, b""),
        (10, ORDER.to_bytes(32, "big")),
        (11, b""),
        (11, (ORDER // 2 + 1).to_bytes(32, "big")),  # the higher s
    ],
)
def test_a_field_that_does_not_fit_is_refused(place, wrong):
    with pytest.raises(InvalidTransactionError):
        decoding.decode_signed(_dynamic(*GOOD[:place], wrong, *GOOD[place + 1 :]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01" + rlp.encode(GOOD),  # EIP-2930
        b"\x03" + rlp.encode(GOOD),  # EIP-4844
        b"\x02",
        b"\x02" + rlp.encode(b"dog"),
        _dynamic(*GOOD[:9]),  # not signed
        _dynamic(*GOOD, b""),
        rlp.encode([b"\x01", b"\x01", b"\x01", b"\x35" * 20, b"", b"", b"\x1b", b"\x01", b"\x01"]),  # no chain id
        encode_unsigned(replace(TRANSFER, priority_units=None)),
    ],
)
def test_other_bytes_are_no_signed_transaction(raw):
    with pytest.raises(InvalidTransactionError):
        decoding.decode_signed(raw)


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": -1},
        {"nonce": 2**64},
        {"gas": 0},
        {"value_units": -1},
        {"value_units": 2**256},
        {"price_units": 1},
        {"to": b""},
    ],
)
def test_what_could_not_be_read_again_is_not_written(wrong):
    with pytest.raises(InvalidTransactionError):
        encode_unsigned(replace(TRANSFER, **wrong))


class Forger(LocalSigner):
    """Signs with another key than it shows."""

    def sign(self, digest):
        return LocalSigner(b"\x12" * 32).sign(digest)


class HighSigner(LocalSigner):
    """Gives the higher s."""

    def sign(self, digest):
        low = super().sign(digest)
        return low[:32] + (ORDER - int.from_bytes(low[32:], "big")).to_bytes(32, "big")


class Mute(LocalSigner):
    """Gives too little."""

    def sign(self, digest):
        return super().sign(digest)[:63]


@pytest.mark.parametrize("signer", [Forger, HighSigner, Mute])
def test_a_signature_that_no_node_would_take_is_refused_before_it_is_stored(signer):
    with pytest.raises(ValueError, match="signature"):
        signing.sign(signing.unsigned(TRANSFER), signer(b"\x11" * 32))


def test_half_of_the_keys_of_either_parity_are_found():
    parities = set()
    for number in range(1, 20):
        signed = signing.sign(signing.unsigned(TRANSFER), LocalSigner(number.to_bytes(32, "big")))
        parities.add(decoding.decode_signed(signed.raw)[1].parity)
    assert parities == {0, 1}


def test_the_signature_is_of_the_payload_whatever_digest_came_along():
    unsigned = signing.unsigned(TRANSFER)
    other = signing.unsigned(replace(TRANSFER, nonce=10))
    swapped = replace(unsigned, digests=other.digests)
    assert signing.sign(swapped, LocalSigner(b"\x11" * 32)) == signing.sign(unsigned, LocalSigner(b"\x11" * 32))
