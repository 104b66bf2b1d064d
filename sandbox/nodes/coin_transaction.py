"""Transactions of Bitcoin and Litecoin as the hands write them, and addresses as their scripts.

A regtest chain spells addresses in its own way. The hands know scripts alone, and call a script by its mainnet
address (BIP-13, BIP-16, BIP-141, BIP-350).
"""

from collections.abc import Sequence

from coincurve import PrivateKey

from chalicelib.chains import base58, bech32
from chalicelib.chains.networks import BTC, LTC, SEGWIT_PREFIX
from chalicelib.chains.public_keys import address_of_public_key
from sandbox.chain.errors import ChainRequestError

COIN = 10**8
Outpoint = tuple[str, int]
Output = tuple[bytes, int]
"""A script, and what is paid to it."""

_REPLACEABLE = 0xFFFFFFFD
_KEY_HASH_VERSION = {BTC: 0x00, LTC: 0x30}
_SCRIPT_HASH_VERSIONS = {BTC: (0x05,), LTC: (0x32, 0x05)}
_REGTEST_KEY_VERSION = 0xEF
_OP_1 = 0x51
_WITNESS_SCRIPT_SIZES = range(4, 43)


def script_of(address: str, family: str) -> bytes:
    """Return the script that an address stands for.

    Raises:
        ChainRequestError: it is no address of that family.
    """
    prefix = SEGWIT_PREFIX[family]
    try:
        if address.lower().startswith(f"{prefix}1"):
            version, program = bech32.decode_segwit(prefix, address)
            return bytes([version + _OP_1 - 1 if version else 0, len(program)]) + program
        payload = base58.decode_check(address)
    except (bech32.Bech32Error, base58.Base58Error) as error:
        raise ChainRequestError(f"The address {error}.") from None
    if payload[0] == _KEY_HASH_VERSION[family]:
        return b"\x76\xa9\x14" + payload[1:] + b"\x88\xac"
    if payload[0] in _SCRIPT_HASH_VERSIONS[family]:
        return b"\xa9\x14" + payload[1:] + b"\x87"
    raise ChainRequestError("The address belongs to another network.")


def address_of(script: bytes, family: str) -> str | None:
    """Return a script's mainnet address, None when it has none."""
    match script[:1], len(script):
        case b"\x76", 25:
            return base58.encode_check(bytes([_KEY_HASH_VERSION[family]]) + script[3:23])
        case b"\xa9", 23:
            return base58.encode_check(bytes([_SCRIPT_HASH_VERSIONS[family][0]]) + script[2:22])
    if len(script) not in _WITNESS_SCRIPT_SIZES or script[1] != len(script) - 2:
        return None
    version = script[0] - _OP_1 + 1 if script[0] else 0
    if not 0 <= version <= bech32.MAX_WITNESS_VERSION:
        return None
    return bech32.encode_segwit(SEGWIT_PREFIX[family], version, script[2:])


def key_script(key: bytes, family: str) -> bytes:
    """Return the P2WPKH script of a private key."""
    return script_of(address_of_public_key(family, PrivateKey(key).public_key.format()), family)


def regtest_key(key: bytes) -> str:
    """Write a private key as regtest nodes read it, compressed."""
    return base58.encode_check(bytes([_REGTEST_KEY_VERSION]) + key + b"\1")


def unsigned(spent: Sequence[Outpoint], outputs: Sequence[Output]) -> str:
    """Write a transaction without signatures, in hexadecimal; it says that it may be replaced (BIP-125)."""
    parts = [(2).to_bytes(4, "little"), _count(len(spent))]
    sequence = _REPLACEABLE.to_bytes(4, "little")
    for txid, index in spent:
        parts += [bytes.fromhex(txid)[::-1], index.to_bytes(4, "little"), b"\0", sequence]
    parts.append(_count(len(outputs)))
    for script, units in outputs:
        parts += [units.to_bytes(8, "little"), _count(len(script)), script]
    return b"".join([*parts, bytes(4)]).hex()


def _count(number: int) -> bytes:
    return bytes([number]) if number < 0xFD else b"\xfd" + number.to_bytes(2, "little")  # noqa: PLR2004 - the format's
