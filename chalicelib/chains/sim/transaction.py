"""The simulated chain's transaction format: what its adapter signs and its node verifies.

The payload is canonical JSON; the raw transaction is the payload, the sender's public key and its signature,
joined by dots. A transaction's id is the SHA-256 of its raw bytes.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.public_keys import address_of_public_key


class InvalidTransactionError(ValueError):
    """The bytes are no transaction of this chain, or not signed by the sender they name."""


@dataclass(frozen=True, slots=True)
class SimTransaction:
    """One payout: at most one transaction of a sender's ``sequence`` can ever be mined."""

    blockchain: str
    sender: str
    sequence: int
    to: str
    token: str
    units: int
    fee_units: int
    memo: str | None


def encode_payload(transaction: SimTransaction) -> bytes:
    """Write the fields as canonical JSON: sorted keys, no spaces."""
    return json.dumps(asdict(transaction), sort_keys=True, separators=(",", ":")).encode()


def digest_of(payload: bytes) -> bytes:
    """Return the 32 bytes that the sender signs."""
    return hashlib.sha256(payload).digest()


def join(payload: bytes, public_key: bytes, signature: bytes) -> bytes:
    """Make the raw transaction out of its three parts."""
    return b".".join((payload, public_key.hex().encode(), signature.hex().encode()))


def txid_of(blockchain: str, raw: bytes) -> str:
    """Return the id of a raw transaction as that blockchain shows ids."""
    return shaped_hash(blockchain, hashlib.sha256(raw).digest())


def shaped_hash(blockchain: str, digest: bytes) -> str:
    """Write a 32-byte hash as the blockchain's explorers do: with ``0x`` on EVM chains."""
    prefix = "0x" if FAMILY_OF[blockchain] == "EVM" else ""
    return prefix + digest.hex()


def read(raw: bytes) -> SimTransaction:
    """Read a raw transaction and verify its signature.

    Raises:
        InvalidTransactionError: malformed, not canonical, or the signature is not the named sender's.
    """
    try:
        payload, public_key, signature = raw.rsplit(b".", 2)
        transaction = SimTransaction(**json.loads(payload))
        canonical = encode_payload(transaction) == payload and _amounts_are_whole(transaction)
        signed = _is_signed(transaction, payload, _unhex(public_key), _unhex(signature))
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidTransactionError(f"The bytes are no transaction: {error}.") from None
    if not canonical:
        raise InvalidTransactionError("The transaction is not in its canonical form.")
    if not signed:
        raise InvalidTransactionError("The signature is not the sender's.")
    return transaction


def _unhex(text: bytes) -> bytes:
    return bytes.fromhex(text.decode("ascii"))


def _amounts_are_whole(transaction: SimTransaction) -> bool:
    numbers = (transaction.sequence, transaction.units, transaction.fee_units)
    return all(type(number) is int and number >= 0 for number in numbers)


def _is_signed(transaction: SimTransaction, payload: bytes, public_key: bytes, signature: bytes) -> bool:
    from coincurve import PublicKey  # noqa: PLC0415 - only a node verifies
    from coincurve.ecdsa import cdata_to_der, deserialize_compact  # noqa: PLC0415

    family = FAMILY_OF[transaction.blockchain]
    if address_of_public_key(family, public_key) != transaction.sender:
        return False
    der = cdata_to_der(deserialize_compact(signature))
    return bool(PublicKey(public_key).verify(der, digest_of(payload), hasher=None))
