"""The parser: against embit, against blocks that litecoind wrote, and against bytes that nobody wrote."""

import json
import time
from pathlib import Path

import pytest
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput, Witness
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.chains.utxo.block import merkle_root, read_block
from chalicelib.chains.utxo.encoding import (
    MalformedError,
    compact_size,
    double_sha256,
    outpoint_bytes,
    outpoint_text,
)
from chalicelib.chains.utxo.reading import read_alone, read_many
from tests.chains.utxo.patience import PATIENT

MWEB = json.loads((Path(__file__).parent / "mweb.json").read_text())
PEGIN_BLOCK, PEGOUT_BLOCK = bytes.fromhex(MWEB["pegin_block"]), bytes.fromhex(MWEB["pegout_block"])
PEGIN, MWEB_ONLY = bytes.fromhex(MWEB["pegin_waiting"]), bytes.fromhex(MWEB["mweb_only_waiting"])
# Bitcoin's first block: no witness, one transaction.
GENESIS = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc388"
    "8a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c01010000000100000000000000000000000000000000000000000000000000000000"
    "00000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e"
    "6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a6"
    "7130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)
GENESIS_HASH = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
GENESIS_TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"

inputs = st.builds(
    TransactionInput,
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=300).map(Script),
    st.integers(0, 2**32 - 1),
    st.lists(st.binary(max_size=300), max_size=3).map(Witness),
)
outputs = st.builds(TransactionOutput, st.integers(0, 2**63 - 1), st.binary(max_size=300).map(Script))
transactions = st.builds(
    Transaction,
    st.integers(0, 2**31 - 1),
    st.lists(inputs, min_size=1, max_size=4),
    st.lists(outputs, min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)


@PATIENT
@given(transactions)
def test_what_embit_writes_is_read_as_it_meant_it(transaction):
    data = transaction.serialize()
    seen = read_alone(data)
    assert seen.txid == transaction.txid().hex()
    assert seen.outpoints == [each.txid[::-1] + each.vout.to_bytes(4, "little") for each in transaction.vin]
    assert seen.outputs == [(each.value, each.script_pubkey.data) for each in transaction.vout]
    assert seen.total_bytes == len(data)
    for each in transaction.vin:
        each.witness = Witness([])
    assert seen.stripped_bytes == len(transaction.serialize())


@PATIENT
@given(st.lists(transactions, max_size=5), st.binary(max_size=8))
def test_many_are_read_up_to_where_they_end(several, rest):
    data = compact_size(len(several)) + b"".join(each.serialize() for each in several)
    seen, end = read_many(data + rest, 0)
    assert [each.txid for each in seen] == [each.txid().hex() for each in several]
    assert end == len(data)


def test_many_inputs_outputs_and_long_scripts_are_read():
    count = 70_000
    one_input = bytes(36) + b"\x00" + bytes(4)
    data = bytes(4) + compact_size(count) + one_input * count + compact_size(300)
    data += (bytes(8) + compact_size(70_000) + bytes(70_000)) + bytes(9) * 299 + bytes(4)
    seen = read_alone(data)
    assert (len(seen.outpoints), len(seen.outputs), len(seen.outputs[0][1])) == (count, 300, 70_000)


def test_bitcoins_first_block():
    block = read_block(GENESIS)
    assert (block.block_hash, block.previous_hash) == (GENESIS_HASH, "0" * 64)
    (only,) = block.transactions
    assert (only.txid, only.is_coinbase, only.outputs[0][0]) == (GENESIS_TXID, True, 50 * 10**8)


def test_a_block_with_its_mweb_block_behind():
    block = read_block(PEGIN_BLOCK)
    assert block.block_hash == MWEB["pegin_block_hash"]
    assert [each.txid for each in block.transactions] == MWEB["pegin_block_txids"]
    assert [each.flag for each in block.transactions] == [1, 1, 8]


def test_money_comes_out_of_the_mweb_in_the_last_transaction():
    last = read_block(PEGOUT_BLOCK).transactions[-1]
    assert [units for units, _ in last.outputs][1:] == [10**8]


def test_a_waiting_transaction_into_the_mweb_and_one_within_it():
    seen = read_alone(PEGIN)
    assert (seen.txid, seen.flag) == (MWEB["pegin_txid"], 9)
    within = read_alone(MWEB_ONLY)
    assert (within.flag, within.outpoints, within.outputs) == (8, [], [])


@pytest.mark.parametrize("data", [GENESIS, PEGOUT_BLOCK, PEGIN_BLOCK], ids=["plain", "peg-out", "peg-in"])
def test_a_block_that_was_cut_off_is_no_block(data):
    transactions_end = read_many(data, 80)[1]
    for length in range(transactions_end):
        with pytest.raises(MalformedError):
            read_block(data[:length])


@pytest.mark.parametrize("data", [GENESIS, PEGOUT_BLOCK], ids=["plain", "peg-out"])
def test_a_block_of_which_one_byte_was_changed_is_another_or_none(data):
    right = read_block(data)
    transactions_end = read_many(data, 80)[1]
    for place in range(transactions_end):
        garbled = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
        try:
            read = read_block(garbled)
        except MalformedError:
            continue
        same = [each.digest for each in read.transactions] == [each.digest for each in right.transactions]
        assert same
        assert read.block_hash != right.block_hash or _is_witness(right, place)


def _is_witness(block, place: int) -> bool:
    """Whether no id commits to the byte: those between a transaction's outputs and its lock time."""
    places = [each._places for each in block.transactions]
    return any(start + 4 <= place < body or body_end <= place < end - 4 for start, body, body_end, end in places)


def test_something_behind_a_block_that_has_no_mweb_is_refused():
    for rest in (b"\x00", b"\x01", b"\x01" + bytes(50)):
        with pytest.raises(MalformedError):
            read_block(GENESIS + rest)


def test_only_a_block_of_the_mweb_may_stand_behind_the_last_transaction():
    end = read_many(PEGOUT_BLOCK, 80)[1]
    assert PEGOUT_BLOCK[end] == 1
    with pytest.raises(MalformedError):
        read_block(PEGOUT_BLOCK[:end] + b"\x02" + PEGOUT_BLOCK[end + 1 :])


def test_no_transaction_of_a_block_carries_an_extension_of_its_own():
    hogex = bytes(4) + b"\x00\x08\x01" + bytes(41) + b"\x01" + bytes(9)
    assert len(read_many(b"\x01" + hogex + b"\x00" + bytes(4), 0)[0]) == 1
    with pytest.raises(MalformedError, match="extension of its own"):
        read_many(b"\x01" + hogex + b"\x01" + bytes(4), 0)


def test_a_block_without_transactions_is_refused():
    with pytest.raises(MalformedError):
        read_block(bytes(80) + b"\x00")


def test_a_list_of_transactions_that_has_anothers_root_is_refused():
    a, b, c = (double_sha256(bytes([each])) for each in range(3))
    assert merkle_root([a, b, c]) == double_sha256(double_sha256(a + b) + double_sha256(c + c))
    with pytest.raises(MalformedError, match="twice"):
        merkle_root([a, b, c, c])


def test_one_transaction_and_something_more_is_refused():
    alone = GENESIS[81:]
    assert read_alone(alone).txid == GENESIS_TXID
    for wrong in (alone + b"\x00", alone[:-1], b""):
        with pytest.raises(MalformedError):
            read_alone(wrong)


@pytest.mark.parametrize("data", [PEGIN, MWEB_ONLY, GENESIS[81:]], ids=["peg-in", "mweb", "plain"])
def test_a_transaction_that_was_cut_off_is_refused_or_another(data):
    whole = read_alone(data)
    for length in range(len(data)):
        try:
            cut = read_alone(data[:length])
        except MalformedError:
            continue
        assert whole.flag & 8
        assert cut.total_bytes == length


@pytest.mark.parametrize("flag", [0, 2, 4, 16, 255])
def test_flags_that_nobody_knows_are_refused(flag):
    with pytest.raises(MalformedError):
        read_alone(bytes(4) + b"\x00" + bytes([flag]) + bytes(60))


@pytest.mark.parametrize("count", [b"\xfd\xff\xff", b"\xfe\xff\xff\xff\xff", b"\xff" * 9])
def test_a_count_beyond_what_the_bytes_can_hold_costs_nothing(count):
    begun = time.process_time()
    for data in (
        bytes(80) + count + bytes(1000),
        bytes(80) + b"\x01" + bytes(4) + count + bytes(1000),
        bytes(80) + b"\x01" + bytes(4) + b"\x01" + bytes(41) + count + bytes(1000),
        bytes(80) + b"\x01" + bytes(4) + b"\x00\x01\x01" + bytes(41) + b"\x01" + bytes(9) + count + b"\xff" * 1000,
    ):
        with pytest.raises(MalformedError):
            read_block(data)
    assert time.process_time() - begun < 1


@settings(PATIENT, max_examples=400)
@given(
    st.sampled_from([GENESIS, PEGIN_BLOCK, PEGOUT_BLOCK]),
    st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=9)), max_size=6),
    st.integers(0, 4000),
)
@example(GENESIS, [], 0)
def test_garbled_bytes_are_one_error_and_nothing_else(block, patches, length):
    data = bytearray(block)
    for place, patch in patches:
        data[place : place + len(patch)] = patch
    for read in (read_block, read_alone):
        try:
            read(bytes(data[:length]))
        except MalformedError:
            continue


@settings(PATIENT, max_examples=300)
@given(st.binary(max_size=400))
def test_random_bytes_are_one_error_and_nothing_else(data):
    for whole in (data, bytes(80) + data, GENESIS[:81] + data):
        for read in (read_block, read_alone):
            try:
                read(whole)
            except MalformedError:
                continue


@PATIENT
@given(st.binary(min_size=36, max_size=36))
def test_an_outpoint_is_written_and_read_back(outpoint):
    assert outpoint_bytes(outpoint_text(outpoint)) == outpoint


@pytest.mark.parametrize(
    "text", ["", "ab:0", "a" * 64, "A" * 64 + ":0", "a" * 64 + ":", "a" * 64 + ":01", "a" * 64 + ":4294967296"]
)
def test_what_is_no_outpoint_is_refused(text):
    with pytest.raises(MalformedError):
        outpoint_bytes(text)


@PATIENT
@given(st.integers(0, 2**64 - 1) | st.sampled_from([252, 253, 2**16 - 1, 2**16, 2**32 - 1, 2**32]))
@example(252)
@example(253)
def test_counts_are_written_as_embit_writes_them(number):
    from embit import compact  # noqa: PLC0415

    assert compact_size(number) == compact.to_bytes(number)


def test_a_count_has_eight_bytes_at_most():
    with pytest.raises(ValueError, match="eight bytes"):
        compact_size(2**64)
