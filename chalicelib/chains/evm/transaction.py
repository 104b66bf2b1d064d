"""Transactions as bytes: those that know a base fee (EIP-1559, type 2), and older ones with one price (EIP-155).

``decoding`` reads them back.
"""

from dataclasses import dataclass

from chalicelib.chains import evm_address
from chalicelib.chains.evm import rlp

DYNAMIC_FEE_TYPE = b"\x02"
EIP155_BASE = 35  # v = 35 + 2 × chain id + parity
MOST_WORD = 1 << 256
MOST_64 = 1 << 64
_ACCOUNT_BYTES = 20
_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141  # secp256k1's (SEC 2)


class InvalidTransactionError(ValueError):
    """The bytes are no transaction that this gateway could have made."""


@dataclass(frozen=True, slots=True)
class EvmTransaction:
    """What a transaction says before it is signed.

    Attributes:
        chain_id: the network that it is for (EIP-155): it is worth nothing on another.
        nonce: how many transactions its sender made before: at most one of each nonce can be mined.
        gas: how much gas it may use.
        price_units: units of the native coin for one gas, at most.
        priority_units: the part of them that goes to the block's producer, at most; None where there is but the
            one gas price.
        to: the receiver, or the token's contract; 20 bytes.
        value_units: native coin that goes along.
        data: the call, empty for a plain payment.
    """

    chain_id: int
    nonce: int
    gas: int
    price_units: int
    priority_units: int | None
    to: bytes
    value_units: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed: the parity tells which of the two keys that would fit (SEC 1, 4.1.6)."""

    parity: int
    r: int
    s: int


def encode_unsigned(transaction: EvmTransaction) -> bytes:
    """Return the bytes whose Keccak hash is signed.

    Raises:
        InvalidTransactionError: a field does not fit.
    """
    check(transaction)
    if transaction.priority_units is None:
        return rlp.encode([*_legacy_fields(transaction), rlp.encode_number(transaction.chain_id), b"", b""])
    return DYNAMIC_FEE_TYPE + rlp.encode(_dynamic_fee_fields(transaction))


def encode_signed(transaction: EvmTransaction, signature: Signature) -> bytes:
    """Return the bytes that go to a node."""
    check(transaction)
    if transaction.priority_units is None:
        v = EIP155_BASE + 2 * transaction.chain_id + signature.parity
        return rlp.encode([*_legacy_fields(transaction), *map(rlp.encode_number, (v, signature.r, signature.s))])
    signed = map(rlp.encode_number, (signature.parity, signature.r, signature.s))
    return DYNAMIC_FEE_TYPE + rlp.encode([*_dynamic_fee_fields(transaction), *signed])


def signature_of(parity: int, r: int, s: int) -> Signature:
    """Return a signature that a chain would take.

    Raises:
        InvalidTransactionError: out of range, or with the higher s: only the lower one is valid (EIP-2).
    """
    if parity > 1 or not 0 < r < _ORDER or not 0 < s <= _ORDER // 2:
        raise InvalidTransactionError("The signature cannot be one.")
    return Signature(parity, r, s)


def txid_of(raw: bytes) -> str:
    """Return the id that signed bytes have on the chain."""
    return "0x" + evm_address.keccak256(raw).hex()


def _legacy_fields(transaction: EvmTransaction) -> list[rlp.Item]:
    numbers = (transaction.nonce, transaction.price_units, transaction.gas)
    value = rlp.encode_number(transaction.value_units)
    return [*map(rlp.encode_number, numbers), transaction.to, value, transaction.data]


def _dynamic_fee_fields(transaction: EvmTransaction) -> list[rlp.Item]:
    priority_units = transaction.priority_units or 0
    numbers = (
        transaction.chain_id,
        transaction.nonce,
        priority_units,
        transaction.price_units,
        transaction.gas,
    )
    value = rlp.encode_number(transaction.value_units)
    no_access_list: list[rlp.Item] = []
    return [*map(rlp.encode_number, numbers), transaction.to, value, transaction.data, no_access_list]


def check(transaction: EvmTransaction) -> None:
    """Raise InvalidTransactionError where a field does not fit: then it could not be read back as it was."""
    small = (transaction.chain_id, transaction.nonce, transaction.gas)
    words = (transaction.price_units, transaction.value_units, transaction.priority_units or 0)
    if not all(0 <= number < MOST_64 for number in small) or not all(0 <= word < MOST_WORD for word in words):
        raise InvalidTransactionError("A number of the transaction does not fit.")
    if not transaction.gas:
        raise InvalidTransactionError("The transaction has no gas.")
    if len(transaction.to) != _ACCOUNT_BYTES:
        raise InvalidTransactionError("The transaction has no receiver.")
    if (transaction.priority_units or 0) > transaction.price_units:
        raise InvalidTransactionError("The priority fee is above the whole price.")
