"""Call data and topics of ERC-20: the selectors are computed here from their signatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.evm import abi
from chalicelib.chains.evm_address import checksummed, keccak256

TO = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def test_names_are_hashes_of_signatures():
    assert keccak256(b"transfer(address,uint256)")[:4] == abi.TRANSFER_CALL
    assert keccak256(b"balanceOf(address)")[:4] == abi.BALANCE_CALL
    assert "0x" + keccak256(b"Transfer(address,address,uint256)").hex() == abi.TRANSFER_TOPIC


def test_a_transfer_is_called_with_two_padded_words():
    assert abi.transfer_call(TO, 258).hex() == (
        "a9059cbb"
        "0000000000000000000000005aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
        "0000000000000000000000000000000000000000000000000000000000000102"
    )


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**256 - 1), st.binary(max_size=9))
def test_a_transfer_is_read_back_whatever_follows_it(account, units, rest):
    to = checksummed(account)
    assert abi.read_transfer_call(abi.transfer_call(to, units) + rest) == (to, units)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        abi.TRANSFER_CALL,
        abi.transfer_call(TO, 1)[:-1],
        abi.balance_call(TO),
        b"\x23\xb8\x72\xdd" + abi.transfer_call(TO, 1)[4:],  # transferFrom
        abi.TRANSFER_CALL + b"\x01" * 64,  # an address of more than 20 bytes
    ],
)
def test_other_call_data_is_no_transfer(data):
    assert abi.read_transfer_call(data) is None


@pytest.mark.parametrize("units", [-1, 2**256])
def test_an_amount_that_fits_no_word_is_refused(units):
    with pytest.raises(ValueError, match="256 bits"):
        abi.transfer_call(TO, units)


@pytest.mark.parametrize("address", ["", "0x", TO[:-1], TO[2:], TO + "0", "0x" + "g" * 40])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="address"):
        abi.transfer_call(address, 1)
