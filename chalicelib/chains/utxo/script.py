"""Addresses and the scripts that they stand for; always in their mainnet spelling, whatever network a node is on.

A regtest or testnet node spells the same scripts with prefixes of its own. What is paid to is the script.
"""

import hashlib

from chalicelib.chains import base58, bech32
from chalicelib.chains.addresses import validate
from chalicelib.chains.networks import BTC, LTC, SEGWIT_PREFIX

KEY_HASH_BYTES = 20
_P2PKH_VERSION = {BTC: b"\x00", LTC: b"\x30"}
_P2SH_VERSION = {BTC: b"\x05", LTC: b"\x32"}
_P2PKH_HEAD, _P2PKH_TAIL = bytes.fromhex("76a914"), bytes.fromhex("88ac")
_P2SH_HEAD, _P2SH_TAIL = bytes.fromhex("a914"), bytes.fromhex("87")
_P2PKH_BYTES, _P2SH_BYTES = 25, 23
_OP_1, _OP_16 = 0x51, 0x60
_VERSION_0_LENGTHS = (20, 32)
_PROGRAM_LENGTHS = range(2, 41)


def script_of(address: str, family: str) -> bytes:
    """Return the script that pays an address.

    Args:
        address: of any kind: p2pkh, p2sh, p2wpkh, p2wsh, p2tr, and witness versions still to come (BIP-350).
        family: ``BTC`` or ``LTC``.

    Raises:
        InvalidAddressError: no address of that family.
    """
    info = validate(address, family)
    prefix = SEGWIT_PREFIX[family]
    if info.address.startswith(f"{prefix}1"):
        return _witness_script(*bech32.decode_segwit(prefix, info.address))
    account = base58.decode_check(info.address)[1:]
    if info.kind == "p2pkh":
        return _P2PKH_HEAD + account + _P2PKH_TAIL
    return _P2SH_HEAD + account + _P2SH_TAIL


def address_of(script: bytes, family: str) -> str | None:
    """Return the address that a script pays, None when it is none that has an address."""
    program = witness_program(script)
    if program is not None:
        return bech32.encode_segwit(SEGWIT_PREFIX[family], *program)
    if len(script) == _P2PKH_BYTES and script[:3] == _P2PKH_HEAD and script[23:] == _P2PKH_TAIL:
        return base58.encode_check(_P2PKH_VERSION[family] + script[3:23])
    if len(script) == _P2SH_BYTES and script[:2] == _P2SH_HEAD and script[22:] == _P2SH_TAIL:
        return base58.encode_check(_P2SH_VERSION[family] + script[2:22])
    return None


def witness_program(script: bytes) -> tuple[int, bytes] | None:
    """Return the witness version and program that a script consists of (BIP-141), None when it is another."""
    length = len(script) - 2
    if length not in _PROGRAM_LENGTHS or script[1] != length:
        return None
    if script[0] == 0:
        return (0, script[2:]) if length in _VERSION_0_LENGTHS else None
    return (script[0] - _OP_1 + 1, script[2:]) if _OP_1 <= script[0] <= _OP_16 else None


def key_hash(public_key: bytes) -> bytes:
    """Return what a p2wpkh address holds of a compressed public key: RIPEMD-160 of its SHA-256."""
    return hashlib.new("ripemd160", hashlib.sha256(public_key).digest()).digest()


def script_code(public_key_hash: bytes) -> bytes:
    """Return what a p2wpkh input's signature takes for its script (BIP-143): the p2pkh of the same key."""
    return _P2PKH_HEAD + public_key_hash + _P2PKH_TAIL


def _witness_script(version: int, program: bytes) -> bytes:
    return bytes([version + _OP_1 - 1 if version else 0, len(program)]) + program
