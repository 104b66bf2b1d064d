"""Deposit addresses against the published vectors of BIP-32, BIP-84 and the wallets of "abandon … about"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.addresses import validate
from chalicelib.chains.base58 import decode_check, encode_check
from chalicelib.chains.hdkeys import HARDENED, InvalidExtendedKeyError, deposit_address, parse
from tests.chains.private_derivation import ZPUB, account_xpub, extended_public_key, hardened

BIP84_ZPUB = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"  # noqa: E501 - a key has no place to break
# BIP-32, test vectors 1 and 2: parent, index of a child that is not hardened, child.
BIP32 = [
    (
        "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
        1,
        "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
    ),
    (
        "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5",
        2,
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
    ),
    (
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
        1_000_000_000,
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
    ),
    (
        "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
        0,
        "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
    ),
]
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"  # noqa: E501 - a key has no place to break

PUBLISHED = [
    ("BTC", 84, 0, 0, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"),
    ("BTC", 84, 0, 1, "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"),
    ("LTC", 84, 2, 0, "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"),
    ("LTC", 84, 2, 1, "ltc1qwlezpr3890hcp6vva9twqh27mr6edadreqvhnn"),
    ("EVM", 44, 60, 0, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
    ("TRX", 44, 195, 0, "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"),
    ("TRX", 44, 195, 1, "TSeJkUh4Qv67VNFwY8LaAxERygNdy6NQZK"),
    ("TRX", 44, 195, 4, "TT2X2yyubp7qpAWYYNE5JQWBtoZ7ikQFsY"),
]


@pytest.mark.parametrize(("parent", "index", "child"), BIP32)
def test_child_keys_are_those_of_bip32(parent, index, child):
    assert parse(parent).child(index) == parse(child)


def test_the_tests_own_derivation_gives_the_published_keys():
    assert account_xpub(84, 0, ZPUB) == BIP84_ZPUB
    seed = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    assert extended_public_key(seed, [hardened(0), 1]) == BIP32[0][2]


@pytest.mark.parametrize(("family", "purpose", "coin", "index", "address"), PUBLISHED)
def test_deposit_addresses_are_the_published_ones(family, purpose, coin, index, address):
    assert deposit_address(family, account_xpub(purpose, coin), index) == address


def test_zpub_and_xpub_of_one_account_give_the_same_addresses():
    assert deposit_address("BTC", BIP84_ZPUB, 0) == deposit_address("BTC", account_xpub(84, 0), 0)


@given(st.sampled_from(["EVM", "BTC", "LTC", "TRX"]), st.integers(0, HARDENED - 1))
def test_every_derived_address_is_canonical(family, index):
    address = deposit_address(family, BIP84_ZPUB, index)
    assert validate(address, family).address == address


@pytest.mark.parametrize("index", [-1, HARDENED])
def test_an_index_that_needs_the_private_key_is_refused(index):
    with pytest.raises(ValueError, match="cannot be derived"):
        deposit_address("BTC", BIP84_ZPUB, index)


def _with_point(point: bytes) -> str:
    return encode_check(decode_check(BIP84_ZPUB)[:45] + point)


@pytest.mark.parametrize(
    "wrong",
    [
        XPRV,
        "",
        "xpub",
        BIP84_ZPUB[:-1],
        BIP84_ZPUB[:-1] + "t",
        "a" + BIP84_ZPUB[1:],
        _with_point(b"\x02" + b"\xff" * 32),
    ],
)
def test_what_is_no_extended_public_key_is_refused(wrong):
    with pytest.raises(InvalidExtendedKeyError):
        deposit_address("BTC", wrong, 0)
