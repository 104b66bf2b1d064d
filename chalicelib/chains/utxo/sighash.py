"""What is signed of a p2wpkh input (BIP-143), and how a signature is written (BIP-66, BIP-146)."""

from collections.abc import Sequence

from chalicelib.chains.utxo.encoding import compact_size, double_sha256
from chalicelib.chains.utxo.script import script_code
from chalicelib.chains.utxo.transaction import Draft, four_bytes

SIGHASH_ALL = 1
COMPACT_SIGNATURE_BYTES = 64
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HIGHEST_LOW_S = _ORDER // 2


def digests(draft: Draft, coins: Sequence[tuple[int, bytes]]) -> list[bytes]:
    """Return the digest that each input's key signs, for the whole transaction (SIGHASH_ALL).

    Args:
        draft: the transaction.
        coins: for each input the units that it is worth and the hash of the key that it pays.
    """
    outpoints = double_sha256(b"".join(outpoint for outpoint, _ in draft.inputs))
    sequences = double_sha256(b"".join(four_bytes(sequence) for _, sequence in draft.inputs))
    outputs = double_sha256(b"".join(output.encode() for output in draft.outputs))
    head = draft.version_bytes + outpoints + sequences
    tail = outputs + draft.lock_time_bytes + four_bytes(SIGHASH_ALL)
    return [
        double_sha256(head + outpoint + _spent(units, key_hash) + four_bytes(sequence) + tail)
        for (outpoint, sequence), (units, key_hash) in zip(draft.inputs, coins, strict=True)
    ]


def _spent(units: int, key_hash: bytes) -> bytes:
    code = script_code(key_hash)
    return compact_size(len(code)) + code + units.to_bytes(8, "little")


def input_signature(compact: bytes) -> bytes:
    """Write r and s (64 bytes) as an input's signature: DER, then the hash type; 72 bytes at most.

    Raises:
        ValueError: not a signature with its s in the lower half: no node would relay it.
    """
    r, s = int.from_bytes(compact[:32], "big"), int.from_bytes(compact[32:], "big")
    if len(compact) != COMPACT_SIGNATURE_BYTES or not 0 < r < _ORDER or not 0 < s <= _HIGHEST_LOW_S:
        raise ValueError("The signer gave no signature with its s in the lower half.")
    numbers = _der_integer(r) + _der_integer(s)
    return b"\x30" + bytes([len(numbers)]) + numbers + bytes([SIGHASH_ALL])


def _der_integer(number: int) -> bytes:
    """Write a positive integer in as few bytes as it takes with its sign bit clear."""
    encoded = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(encoded)]) + encoded
