"""Bytes read back as transactions, signed or not; strictly: written again, they are the same bytes."""

from collections.abc import Sequence

from chalicelib.chains.evm import rlp
from chalicelib.chains.evm.transaction import (
    DYNAMIC_FEE_TYPE,
    EIP155_BASE,
    MOST_64,
    MOST_WORD,
    EvmTransaction,
    InvalidTransactionError,
    Signature,
    check,
    signature_of,
)

_DYNAMIC_FEE_FIELDS, _LEGACY_FIELDS, _SIGNATURE_FIELDS = 12, 9, 3


def decode_unsigned(payload: bytes) -> EvmTransaction:
    """Read what ``encode_unsigned`` wrote.

    Raises:
        InvalidTransactionError: it is anything else.
    """
    is_legacy, fields = _fields(payload)
    if is_legacy:
        if len(fields) != _LEGACY_FIELDS or fields[7:] != [b"", b""]:
            raise InvalidTransactionError("This is no unsigned transaction.")
        return _checked(_read_legacy(fields, rlp.decode_number(fields[6])))
    if len(fields) != _DYNAMIC_FEE_FIELDS - _SIGNATURE_FIELDS:
        raise InvalidTransactionError("This is no unsigned transaction.")
    return _checked(_read_dynamic_fee(fields))


def decode_signed(raw: bytes) -> tuple[EvmTransaction, Signature]:
    """Read signed bytes; the signature itself is not verified here.

    Raises:
        InvalidTransactionError: no transaction, of another type, not in its canonical form, without a chain id.
    """
    is_legacy, fields = _fields(raw)
    if len(fields) != (_LEGACY_FIELDS if is_legacy else _DYNAMIC_FEE_FIELDS):
        raise InvalidTransactionError("This is no signed transaction.")
    v, r, s = (_number(field, MOST_WORD) for field in fields[-3:])
    if not is_legacy:
        return _checked(_read_dynamic_fee(fields[:-3])), signature_of(v, r, s)
    if v < EIP155_BASE:
        raise InvalidTransactionError("The transaction names no chain.")
    chain_id, parity = divmod(v - EIP155_BASE, 2)
    return _checked(_read_legacy(fields, chain_id)), signature_of(parity, r, s)


def _fields(raw: bytes) -> tuple[bool, Sequence[rlp.Item]]:
    is_legacy = raw[:1] != DYNAMIC_FEE_TYPE
    try:
        fields = rlp.decode(raw if is_legacy else raw[1:])
    except rlp.RlpError as error:
        raise InvalidTransactionError(f"The bytes are no transaction: {error}") from None
    if isinstance(fields, bytes):
        raise InvalidTransactionError("The bytes are no transaction of a type that we use.")
    return is_legacy, fields


def _read_legacy(fields: Sequence[rlp.Item], chain_id: int) -> EvmTransaction:
    nonce, price, gas, to, value, data = fields[:6]
    return EvmTransaction(
        chain_id=chain_id,
        nonce=_number(nonce, MOST_64),
        gas=_number(gas, MOST_64),
        price_units=_number(price, MOST_WORD),
        priority_units=None,
        to=_bytes(to),
        value_units=_number(value, MOST_WORD),
        data=_bytes(data),
    )


def _read_dynamic_fee(fields: Sequence[rlp.Item]) -> EvmTransaction:
    chain_id, nonce, priority, price, gas, to, value, data, access_list = fields
    if access_list != []:
        raise InvalidTransactionError("The transaction has an access list.")
    return EvmTransaction(
        chain_id=_number(chain_id, MOST_64),
        nonce=_number(nonce, MOST_64),
        gas=_number(gas, MOST_64),
        price_units=_number(price, MOST_WORD),
        priority_units=_number(priority, MOST_WORD),
        to=_bytes(to),
        value_units=_number(value, MOST_WORD),
        data=_bytes(data),
    )


def _number(item: rlp.Item, bound: int) -> int:
    try:
        number = rlp.decode_number(item)
    except rlp.RlpError as error:
        raise InvalidTransactionError(f"The bytes are no transaction: {error}") from None
    if number >= bound:
        raise InvalidTransactionError("A number of the transaction is too big.")
    return number


def _bytes(item: rlp.Item) -> bytes:
    if not isinstance(item, bytes):
        raise InvalidTransactionError("A list stands where bytes should.")
    return item


def _checked(transaction: EvmTransaction) -> EvmTransaction:
    check(transaction)
    return transaction
