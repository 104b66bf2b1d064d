"""The three spellings of a TRON account: base58 for people, 21 bytes in transactions, 20 in contracts."""

from chalicelib.chains import base58
from chalicelib.chains.networks import TRON_VERSION

PREFIX = bytes([TRON_VERSION])
KEY_HASH_BYTES = 20
ACCOUNT_BYTES = 21


def account_of(address: str) -> bytes:
    """Return the 21 bytes that an address stands for.

    Raises:
        ValueError: no address of TRON's main network.
    """
    return checked(base58.decode_check(address))


def address_of(account: bytes) -> str:
    """Return the address of an account's 21 bytes; raises ValueError when they are none."""
    return base58.encode_check(checked(account))


def address_in_contract(key_hash: bytes) -> str:
    """Return the address that a contract knows by its last 20 bytes: logs and their topics leave the 41 out."""
    return address_of(PREFIX + key_hash)


def checked(account: bytes) -> bytes:
    """Return an account's 21 bytes as they are; raises ValueError when they are none."""
    if len(account) != ACCOUNT_BYTES or account[:1] != PREFIX:
        raise ValueError("no account: 41 and twenty more bytes")
    return account
