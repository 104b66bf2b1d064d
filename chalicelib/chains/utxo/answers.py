"""What bitcoind and litecoind answer, read strictly: what is not as it must be raises one of NONSENSE."""

from dataclasses import dataclass
from typing import Any

from chalicelib.chains.adapter import Head
from chalicelib.chains.utxo.block import SeenBlock, read_block
from chalicelib.chains.utxo.fees import units_of
from chalicelib.chains.utxo.reading import SeenTransaction, read_alone

NONSENSE = (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError)
_HASH_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class UnspentOutput:
    """An output that nobody has spent; ``confirmations`` is 0 while its transaction is in the memory pool."""

    units: int
    confirmations: int
    is_coinbase: bool


def read_hash(answer: Any) -> str:
    """Read a block's hash or a transaction's id."""
    if len(answer) != _HASH_CHARACTERS or answer != bytes.fromhex(answer).hex():
        raise ValueError("no hash")
    return str(answer)


def read_hashes(answer: Any) -> list[str]:
    """Read a list of hashes."""
    if not isinstance(answer, list):
        raise TypeError("no list")
    return [read_hash(each) for each in answer]


def read_count(answer: Any) -> int:
    """Read a number that is not negative."""
    if isinstance(answer, bool) or not isinstance(answer, int) or answer < 0:
        raise ValueError("no count")
    return answer


def read_head(answer: Any) -> Head:
    """Read ``getblockchaininfo``."""
    height = read_count(answer["blocks"])
    return Head(height, read_hash(answer["bestblockhash"]), height)


def read_raw_block(answer: Any) -> SeenBlock:
    """Read ``getblock`` of verbosity 0."""
    return read_block(bytes.fromhex(answer))


def read_raw_transaction(answer: Any) -> SeenTransaction:
    """Read ``getrawtransaction``, not verbose."""
    return read_alone(bytes.fromhex(answer))


def read_placed(answer: Any) -> tuple[SeenTransaction, str | None]:
    """Read ``getrawtransaction``, verbose: the transaction, and the block that the node found it in."""
    block_hash = answer.get("blockhash")
    return read_raw_transaction(answer["hex"]), None if block_hash is None else read_hash(block_hash)


def read_active_height(answer: Any) -> int | None:
    """Read ``getblockheader``: the height, None on a dead branch, where a block has -1 confirmations."""
    confirmations = answer["confirmations"]
    if isinstance(confirmations, bool) or not isinstance(confirmations, int):
        raise TypeError("no count")
    return read_count(answer["height"]) if confirmations >= 1 else None


def read_unspent(answer: Any) -> UnspentOutput | None:
    """Read ``gettxout``."""
    if answer is None:
        return None
    is_coinbase = answer["coinbase"]
    if not isinstance(is_coinbase, bool):
        raise TypeError("no truth value")
    return UnspentOutput(units_of(answer["value"]), read_count(answer["confirmations"]), is_coinbase)


def read_total(answer: Any) -> int:
    """Read ``scantxoutset``."""
    if answer["success"] is not True:
        raise ValueError("the scan was broken off")
    return units_of(answer["total_amount"])
