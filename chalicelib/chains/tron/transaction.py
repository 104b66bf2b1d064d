"""A TRON transaction as bytes: what is signed, what goes to the node, and its id, all without asking a node.

The messages ``Transaction``, ``TransferContract`` and ``TriggerSmartContract`` of java-tron's protocol; the id is
the SHA-256 of the raw data, which is what is signed too.
"""

import hashlib
from dataclasses import dataclass

from chalicelib.chains.tron import protobuf
from chalicelib.chains.tron.accounts import checked

SIGNATURE_BYTES = 65
REF_BLOCK_BYTES, REF_BLOCK_HASH_BYTES = 2, 8

_TRANSFER_TYPE, _CALL_TYPE = 1, 31
_TYPE_URL = "type.googleapis.com/protocol."
_TRANSFER_URL = f"{_TYPE_URL}TransferContract".encode()
_CALL_URL = f"{_TYPE_URL}TriggerSmartContract".encode()
_FIRST_V = 27


@dataclass(frozen=True, slots=True)
class CoinTransfer:
    """Moves ``units`` of TRX, in sun; accounts are 21 bytes."""

    owner: bytes
    to: bytes
    units: int


@dataclass(frozen=True, slots=True)
class ContractCall:
    """Calls a contract with ABI-encoded ``data``, sending no coin along; accounts are 21 bytes."""

    owner: bytes
    contract: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class TronTransaction:
    """One transaction before it is signed.

    Attributes:
        action: what it does.
        ref_block_bytes: two bytes of the number of a block that it needs to have happened.
        ref_block_hash: eight bytes of that block's id.
        expiration_ms: Unix milliseconds; no block that follows one of this time or later may take it.
        timestamp_ms: Unix milliseconds; the chain does not look at it.
        fee_limit_units: the sun that its energy may cost, at most; 0 where it needs none.
        memo: a note in the open.
    """

    action: CoinTransfer | ContractCall
    ref_block_bytes: bytes
    ref_block_hash: bytes
    expiration_ms: int
    timestamp_ms: int
    fee_limit_units: int = 0
    memo: bytes = b""


def encode_raw(transaction: TronTransaction) -> bytes:
    """Return the raw data: what is hashed and signed.

    Raises:
        ValueError: an amount or a time that the chain cannot count.
    """
    return protobuf.encode(
        [
            (1, transaction.ref_block_bytes),
            (4, transaction.ref_block_hash),
            (8, transaction.expiration_ms),
            (10, transaction.memo),
            (11, _encode_action(transaction.action)),
            (14, transaction.timestamp_ms),
            (18, transaction.fee_limit_units),
        ]
    )


def decode_raw(raw_data: bytes) -> TronTransaction:
    """Read raw data back.

    Raises:
        ValueError: it is none, or not spelled exactly as we spell it.
    """
    fields = _fields(raw_data)
    transaction = TronTransaction(
        _decode_action(_bytes(fields, 11)),
        _bytes(fields, 1),
        _bytes(fields, 4),
        _integer(fields, 8),
        _integer(fields, 14),
        _integer(fields, 18),
        _bytes(fields, 10),
    )
    lengths = (len(transaction.ref_block_bytes), len(transaction.ref_block_hash))
    if lengths != (REF_BLOCK_BYTES, REF_BLOCK_HASH_BYTES) or encode_raw(transaction) != raw_data:
        raise ValueError("not a transaction as we write it")
    return transaction


def digest_of(raw_data: bytes) -> bytes:
    """Return the 32 bytes that are signed."""
    return hashlib.sha256(raw_data).digest()


def txid_of(raw_data: bytes) -> str:
    """Return the id that the transaction has on the chain."""
    return digest_of(raw_data).hex()


def join(raw_data: bytes, signature: bytes) -> bytes:
    """Put raw data and its signature (r, s, v: 65 bytes) together: what goes to the node."""
    return protobuf.encode([(1, raw_data), (2, signature)])


def split(signed: bytes) -> tuple[bytes, bytes]:
    """Return the raw data and the one signature of what goes to the node.

    Raises:
        ValueError: it is something else, or not spelled exactly as ``join`` spells it.
    """
    fields = _fields(signed)
    raw_data, signature = _bytes(fields, 1), _bytes(fields, 2)
    if len(signature) != SIGNATURE_BYTES or join(raw_data, signature) != signed:
        raise ValueError("no signed transaction as we write it")
    return raw_data, signature


def with_recovery(digest: bytes, signature: bytes, public_key: bytes) -> bytes:
    """Return r, s and v: the v, found by trial, with which the signature leads back to the signer's key.

    Raises:
        ValueError: neither does: the signature is not that key's.
    """
    for recovery in (0, 1):
        if recovered(digest, signature + bytes([_FIRST_V + recovery])) == public_key:
            return signature + bytes([_FIRST_V + recovery])
    raise ValueError("the signature is not that of the key")


def recovered(digest: bytes, signature: bytes) -> bytes | None:
    """Return the compressed public key that a signature (r, s, v) leads back to, None when to none."""
    from coincurve import PublicKey  # noqa: PLC0415 - 8 ms that only signing should pay

    recovery = signature[-1] - _FIRST_V if signature[-1] >= _FIRST_V else signature[-1]
    try:
        key = PublicKey.from_signature_and_message(signature[:-1] + bytes([recovery]), digest, hasher=None)
    except Exception:  # noqa: BLE001 - the library raises bare exceptions; every one means no key
        return None
    public_key: bytes = key.format()
    return public_key


def _encode_action(action: CoinTransfer | ContractCall) -> bytes:
    if isinstance(action, CoinTransfer):
        value = protobuf.encode([(1, action.owner), (2, action.to), (3, action.units)])
        return _contract(_TRANSFER_TYPE, _TRANSFER_URL, value)
    value = protobuf.encode([(1, action.owner), (2, action.contract), (4, action.data)])
    return _contract(_CALL_TYPE, _CALL_URL, value)


def _contract(type_number: int, url: bytes, value: bytes) -> bytes:
    return protobuf.encode([(1, type_number), (2, protobuf.encode([(1, url), (2, value)]))])


def _decode_action(contract: bytes) -> CoinTransfer | ContractCall:
    fields = _fields(contract)
    parameter = _fields(_bytes(fields, 2))
    url, value = _bytes(parameter, 1), _fields(_bytes(parameter, 2))
    owner, other = checked(_bytes(value, 1)), checked(_bytes(value, 2))
    if url == _TRANSFER_URL:
        return CoinTransfer(owner, other, _integer(value, 3))
    if url == _CALL_URL:
        return ContractCall(owner, other, _bytes(value, 4))
    raise ValueError("another kind of transaction than we write")


def _fields(data: bytes) -> dict[int, int | bytes]:
    return dict(protobuf.decode(data))


def _bytes(fields: dict[int, int | bytes], number: int) -> bytes:
    value = fields.get(number, b"")
    if not isinstance(value, bytes):
        raise ValueError("a number where bytes belong")  # noqa: TRY004 - wrong bytes, not a wrong program
    return value


def _integer(fields: dict[int, int | bytes], number: int) -> int:
    value = fields.get(number, 0)
    if not isinstance(value, int):
        raise ValueError("bytes where a number belongs")  # noqa: TRY004 - wrong bytes, not a wrong program
    return value
