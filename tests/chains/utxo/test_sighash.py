"""What is signed of an input, by BIP-143's own example and as embit has it; and how signatures are written."""

import pytest
from coincurve import PrivateKey
from embit.script import Script
from embit.transaction import Transaction
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.utxo.script import key_hash, script_code
from chalicelib.chains.utxo.sighash import digests, input_signature
from chalicelib.chains.utxo.transaction import Draft, Output
from tests.chains.utxo.patience import PATIENT

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

outputs = st.builds(Output, st.integers(0, 21 * 10**14), st.binary(max_size=300))
inputs = st.tuples(st.binary(min_size=36, max_size=36), st.integers(0, 2**32 - 1))
drafts = st.builds(
    Draft,
    st.lists(inputs, min_size=1, max_size=4).map(tuple),
    st.lists(outputs, min_size=1, max_size=300).map(tuple) | st.lists(outputs, min_size=1, max_size=3).map(tuple),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**32 - 1),
)

# BIP-143, "Native P2WPKH": its second input is one; the first one spends an older kind of output.
EXAMPLE = Draft(
    inputs=(
        (bytes.fromhex("fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000"), 0xFFFFFFEE),
        (bytes.fromhex("ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a01000000"), 0xFFFFFFFF),
    ),
    outputs=(
        Output(112340000, bytes.fromhex("76a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac")),
        Output(223450000, bytes.fromhex("76a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac")),
    ),
    version=1,
    lock_time=17,
)
EXAMPLE_KEY = bytes.fromhex("619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9")
EXAMPLE_DIGEST = "c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670"
EXAMPLE_SIGNATURE = (
    "304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358"
    "f51928d43c212a8caed02de67eebee01"
)


def test_the_example_of_bip_143():
    signer = LocalSigner(EXAMPLE_KEY)
    assert key_hash(signer.public_key).hex() == "1d0f172a0ecb48aee1be1f2687d2963ae33f71a1"
    digest = digests(EXAMPLE, [(0, bytes(20)), (600000000, key_hash(signer.public_key))])[1]
    assert digest.hex() == EXAMPLE_DIGEST
    assert input_signature(signer.sign(digest)).hex() == EXAMPLE_SIGNATURE


@PATIENT
@given(drafts, st.data())
def test_embit_signs_the_same(draft, data):
    each = st.tuples(st.integers(0, 2**63 - 1), st.binary(min_size=20, max_size=20))
    coins = data.draw(st.lists(each, min_size=len(draft.inputs), max_size=len(draft.inputs)))
    signed = draft.encode_signed([(b"\1" * 71, b"\2" * 33)] * len(coins))
    oracle = Transaction.parse(signed)
    assert oracle.serialize() == signed
    assert oracle.txid().hex() == draft.txid()
    for place, (units, hashed) in enumerate(coins):
        theirs = oracle.sighash_segwit(place, Script(script_code(hashed)), units)
        assert digests(draft, coins)[place] == theirs


@PATIENT
@given(st.integers(1, ORDER - 1), st.integers(1, ORDER // 2))
def test_a_signature_is_written_in_der_with_as_few_bytes_as_it_takes(r, s):
    written = input_signature(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    assert len(written) <= 72
    assert written[-1] == 1
    assert _der_numbers(written[:-1]) == [r, s]


def test_a_written_signature_is_a_valid_one():
    key, digest = PrivateKey(EXAMPLE_KEY), b"\7" * 32
    written = input_signature(LocalSigner(EXAMPLE_KEY).sign(digest))
    assert key.public_key.verify(written[:-1], digest, hasher=None)


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (1, ORDER // 2 + 1), (ORDER, 1), (1, ORDER - 1)])
def test_what_no_node_would_relay_is_refused(r, s):
    with pytest.raises(ValueError, match="lower half"):
        input_signature(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@pytest.mark.parametrize("length", [0, 63, 65, 71])
def test_a_signature_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="lower half"):
        input_signature(b"\1" * length)


def _der_numbers(der: bytes) -> list[int]:
    assert der[0] == 0x30
    assert der[1] == len(der) - 2
    numbers, rest = [], der[2:]
    while rest:
        assert rest[0] == 2
        value, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        assert value[0] < 0x80
        assert len(value) == 1 or value[0] or value[1] >= 0x80
        numbers.append(int.from_bytes(value, "big"))
    return numbers
