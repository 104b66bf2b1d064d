"""What transactions measure before they are signed, and what is too little to be worth an output. Pure.

A virtual byte is four units of weight; what is no witness weighs four units a byte (BIP-141).
"""

from collections.abc import Sequence

from chalicelib.chains.networks import BTC, LTC
from chalicelib.chains.utxo.encoding import compact_size
from chalicelib.chains.utxo.script import witness_program
from chalicelib.chains.utxo.transaction import Output

WEIGHT_OF_A_VBYTE = 4
_FIXED_WEIGHT = 4 * (4 + 4) + 2  # version and lock time, then the witness's marker and flag
_INPUT_BYTES = 36 + 1 + 4  # outpoint, an empty script, sequence
_INPUT_WITNESS_BYTES = 1 + 1 + 72 + 1 + 33  # a signature at its longest, with its low s, and a public key

P2WPKH_OUTPUT_BYTES = 31
CHILD_VBYTES = 110  # one p2wpkh input, one such output

# What the nodes reckon an output by which is too small to be spent: three times Bitcoin's least relay fee, and
# thirty times Litecoin's. Smallest units for 1,000 virtual bytes.
DUST_RATE = {BTC: 3_000, LTC: 30_000}
_SPENDING_BYTES, _SPENDING_WITNESS_BYTES = 148, 67


def vbytes(inputs: int, output_bytes: int, outputs: int) -> int:
    """Return the virtual bytes of a transaction whose inputs are all p2wpkh, signed at its longest.

    Args:
        inputs: how many.
        output_bytes: what the outputs measure together.
        outputs: how many they are.
    """
    counts = len(compact_size(inputs)) + len(compact_size(outputs))
    plain = counts + inputs * _INPUT_BYTES + output_bytes
    weight = _FIXED_WEIGHT + plain * WEIGHT_OF_A_VBYTE + inputs * _INPUT_WITNESS_BYTES
    return -(-weight // WEIGHT_OF_A_VBYTE)


def bytes_of(outputs: Sequence[Output]) -> int:
    """Return what outputs measure together."""
    return sum(len(output.encode()) for output in outputs)


def fee_units(rate: int, size_vbytes: int) -> int:
    """Return the fee for so many virtual bytes, rounded up; ``rate`` is for 1,000 of them."""
    return -(-rate * size_vbytes // 1000)


def dust_limit(script: bytes, family: str) -> int:
    """Return the least units that nodes relay in an output of that script: less is not worth spending."""
    own_bytes = len(Output(0, script).encode())
    spending = _SPENDING_BYTES if witness_program(script) is None else _SPENDING_WITNESS_BYTES
    return DUST_RATE[family] * (own_bytes + spending) // 1000
