"""Writes transactions whose inputs all are p2wpkh, before and after they are signed (BIP-144)."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.chains.utxo.encoding import compact_size, double_sha256, shown

VERSION = 2  # since BIP-68
MARKER_AND_FLAG = b"\x00\x01"
# BIP-125: a sequence below 0xfffffffe says that the transaction may be replaced; neither asks for a relative lock.
REPLACEABLE, FINAL = 0xFFFFFFFD, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Output:
    """What a transaction pays: units of the chain's coin to a script."""

    units: int
    script: bytes

    def encode(self) -> bytes:
        """Write it as it stands in a transaction."""
        return self.units.to_bytes(8, "little") + compact_size(len(self.script)) + self.script


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction that is still to be signed.

    Attributes:
        inputs: the 36 bytes that name each output which it spends, and the input's sequence.
        outputs: what it pays.
        version: which rules it goes by.
        lock_time: the block or time before which it is not mined.
    """

    inputs: tuple[tuple[bytes, int], ...]
    outputs: tuple[Output, ...]
    version: int = VERSION
    lock_time: int = 0

    @property
    def version_bytes(self) -> bytes:
        """The version as it stands in front."""
        return four_bytes(self.version)

    @property
    def lock_time_bytes(self) -> bytes:
        """The lock time as it stands behind."""
        return four_bytes(self.lock_time)

    def encode_body(self) -> bytes:
        """Write inputs and outputs: all between version and lock time, but the witness."""
        inputs = b"".join(outpoint + b"\0" + four_bytes(sequence) for outpoint, sequence in self.inputs)
        outputs = b"".join(output.encode() for output in self.outputs)
        return compact_size(len(self.inputs)) + inputs + compact_size(len(self.outputs)) + outputs

    def txid(self) -> str:
        """Return its id: no signature is part of it."""
        return shown(double_sha256(self.version_bytes + self.encode_body() + self.lock_time_bytes))

    def encode_signed(self, witnesses: Sequence[tuple[bytes, bytes]]) -> bytes:
        """Write it as the network takes it.

        Args:
            witnesses: for each input the signature with its hash type, and the public key.
        """
        written = (
            compact_size(len(items)) + b"".join(compact_size(len(item)) + item for item in items)
            for items in witnesses
        )
        body = MARKER_AND_FLAG + self.encode_body() + b"".join(written)
        return self.version_bytes + body + self.lock_time_bytes


def four_bytes(number: int) -> bytes:
    """Write a version, a sequence, a lock time."""
    return number.to_bytes(4, "little")
