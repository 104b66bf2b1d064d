"""Transactions as bytes: written one way, and read back only when written just so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.tron import protobuf, transaction, trc20
from chalicelib.chains.tron.accounts import PREFIX, account_of, address_in_contract, address_of

accounts = st.binary(min_size=20, max_size=20).map(lambda rest: PREFIX + rest)
numbers = st.integers(0, 2**63 - 1)
actions = st.one_of(
    st.builds(transaction.CoinTransfer, accounts, accounts, numbers),
    st.builds(transaction.ContractCall, accounts, accounts, st.binary(max_size=100)),
)
transactions = st.builds(
    transaction.TronTransaction,
    actions,
    st.binary(min_size=2, max_size=2),
    st.binary(min_size=8, max_size=8),
    numbers,
    numbers,
    numbers,
    st.binary(max_size=300),
)


@given(transactions, st.binary(min_size=65, max_size=65))
def test_what_is_written_is_read_back(made, signature):
    raw_data = transaction.encode_raw(made)
    assert transaction.decode_raw(raw_data) == made
    assert transaction.split(transaction.join(raw_data, signature)) == (raw_data, signature)


@given(transactions, st.data())
def test_a_changed_byte_is_another_transaction_or_none(made, data):
    raw_data = transaction.encode_raw(made)
    place = data.draw(st.integers(0, len(raw_data) - 1))
    changed = raw_data[:place] + bytes([raw_data[place] ^ data.draw(st.integers(1, 255))]) + raw_data[place + 1 :]
    try:
        read = transaction.decode_raw(changed)
    except ValueError:
        return
    assert read != made
    assert transaction.encode_raw(read) == changed


@given(st.binary(max_size=200))
def test_nonsense_is_no_transaction(nonsense):
    for read in (transaction.decode_raw, transaction.split):
        with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
            read(nonsense)


def sample() -> bytes:
    action = transaction.CoinTransfer(PREFIX + b"\x01" * 20, PREFIX + b"\x02" * 20, 1000)
    return transaction.encode_raw(transaction.TronTransaction(action, b"\x01\x02", b"\x03" * 8, 10, 9))


@pytest.mark.parametrize(
    "other",
    [
        lambda raw: raw + protobuf.encode([(99, 1)]),
        lambda raw: raw + bytes([10 << 3 | 2, 0]),
        lambda raw: raw + raw[:4],
        lambda raw: raw[:-1],
        lambda raw: raw[4:] + raw[:4],
        lambda raw: raw.replace(b"\x40\x0a", b"\x40\x8a\x00"),
        lambda raw: b"",
    ],
    ids=["unknown field", "empty field", "field twice", "cut off", "other order", "long varint", "nothing"],
)
def test_another_spelling_of_the_same_is_refused(other):
    transaction.decode_raw(sample())
    assert other(sample()) != sample()
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        transaction.decode_raw(other(sample()))


def test_a_second_signature_is_refused():
    signed = transaction.join(sample(), b"\x01" * 65)
    with pytest.raises(ValueError, match="no signed transaction"):
        transaction.split(signed + protobuf.encode([(2, b"\x01" * 65)]))


@pytest.mark.parametrize("number", [-1, 2**63])
def test_a_number_beyond_63_bits_is_not_written(number):
    with pytest.raises(ValueError, match="63 bits"):
        protobuf.encode([(1, number)])


def test_a_signature_that_leads_to_no_key_or_to_another_is_none_of_ours():
    with pytest.raises(ValueError, match="not that of the key"):
        transaction.with_recovery(b"\x01" * 32, b"\xff" * 64, b"\x02" * 33)
    assert transaction.recovered(b"\x01" * 32, b"\xff" * 64 + b"\x05") is None


def test_accounts_in_all_their_spellings():
    usdt = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
    account = bytes.fromhex("41a614f803b6fd780986a42c78ec9c7f77e6ded13c")
    assert account_of(usdt) == account
    assert address_of(account) == address_in_contract(account[1:]) == usdt
    for wrong in (b"", account[1:], b"\x42" + account[1:], account + b"\0"):
        with pytest.raises(ValueError, match="no account"):
            address_of(wrong)


@given(accounts.map(address_of), st.integers(0, 2**256 - 1))
def test_a_tokens_call_is_read_back(to, units):
    data = trc20.transfer_data(to, units)
    assert trc20.read_transfer_data(data) == (to, units)
    assert trc20.read_transfer_data(data[:16].replace(b"\0", b"\x41") + data[16:]) in (None, (to, units))
    assert trc20.read_transfer_data(data + b"\0") is None
