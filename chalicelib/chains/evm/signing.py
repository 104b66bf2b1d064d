"""From a signer's 64 bytes to a signed transaction, and from signed bytes back to the sender."""

from chalicelib.chains import evm_address
from chalicelib.chains.adapter import Signed, Signer, ToSign, Unsigned
from chalicelib.chains.evm import decoding, transaction
from chalicelib.chains.evm.transaction import EvmTransaction, InvalidTransactionError, Signature
from chalicelib.chains.networks import EVM
from chalicelib.chains.public_keys import address_of_public_key

_SCALAR_BYTES = 32


def unsigned(unsent: EvmTransaction) -> Unsigned:
    """Return a transaction as what is to be signed.

    Raises:
        InvalidTransactionError: a field does not fit.
    """
    payload = transaction.encode_unsigned(unsent)
    return Unsigned(payload, (ToSign(evm_address.keccak256(payload)),))


def sign(unsent: Unsigned, signer: Signer) -> Signed:
    """Sign it; what is signed is reckoned anew from the payload.

    Raises:
        ValueError: the payload is no transaction, or the signature is not that of the signer's public key.
    """
    (wanted,) = unsent.digests
    signer = signer.child(wanted.key_path) if wanted.key_path else signer
    digest = evm_address.keccak256(unsent.payload)
    signature = _with_parity(signer.sign(digest), digest, signer.public_key)
    raw = transaction.encode_signed(decoding.decode_unsigned(unsent.payload), signature)
    return Signed(raw, transaction.txid_of(raw))


def sender_of(raw: bytes) -> tuple[str, EvmTransaction]:
    """Return who signed bytes, and what.

    Raises:
        InvalidTransactionError: no transaction, or a signature that nobody can have made.
    """
    signed, signature = decoding.decode_signed(raw)
    digest = evm_address.keccak256(transaction.encode_unsigned(signed))
    compact = signature.r.to_bytes(_SCALAR_BYTES, "big") + signature.s.to_bytes(_SCALAR_BYTES, "big")
    public_key = _recovered(compact, signature.parity, digest)
    if public_key is None:
        raise InvalidTransactionError("The signature is nobody's.")
    return address_of_public_key(EVM, public_key), signed


def _with_parity(compact: bytes, digest: bytes, public_key: bytes) -> Signature:
    """Find which of the two possible keys signed: no key service says so, so both are tried."""
    if len(compact) != 2 * _SCALAR_BYTES:
        raise ValueError("The signer returned no signature of 64 bytes.")
    for parity in (0, 1):
        if _recovered(compact, parity, digest) == public_key:
            r, s = compact[:_SCALAR_BYTES], compact[_SCALAR_BYTES:]
            return transaction.signature_of(parity, int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    raise ValueError("The signature is not that of the signer's public key.")


def _recovered(compact: bytes, parity: int, digest: bytes) -> bytes | None:
    from coincurve import PublicKey  # noqa: PLC0415 - 8 ms that only signing and its proof should pay

    try:
        recovered = PublicKey.from_signature_and_message(compact + bytes([parity]), digest, hasher=None)
    except Exception:  # noqa: BLE001 - coincurve raises a bare Exception where no key fits
        return None
    public_key: bytes = recovered.format()
    return public_key
