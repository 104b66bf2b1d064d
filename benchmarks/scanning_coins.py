"""What reading a block of Bitcoin's kind costs: a made-up one of 1,325 transactions, as they come.

A block is parsed and proven, its outputs are written as addresses, and each of them is looked up in the table by
its key if it has the form of ours: so the reads are as many as the block has such addresses, however many of ours
are open.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.figures import UNITS, Figure
from chalicelib.chains.providers.node import Node
from chalicelib.chains.sightings import Matcher
from chalicelib.chains.signers.derivation import account_key
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.block import HEADER_BYTES, merkle_root, read_block
from chalicelib.chains.utxo.encoding import compact_size
from chalicelib.chains.utxo.reading import read_many
from chalicelib.chains.utxo.script import address_of
from chalicelib.chains.utxo.transaction import Draft, Output
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Key

TRANSACTIONS, OURS, TIMES, SEED = 1_325, 3, 20, 7
PER_SECOND = "/s"
FORM = "bc1q"
OPEN_ADDRESSES = (100, 1_000_000)
INPUTS, OUTPUTS = (1, 1, 1, 2, 2, 3, 5), (1, 2, 2, 2, 2, 3, 6)


def utxo_figures() -> Iterator[Figure]:
    """Parsing alone, then a whole scan of the block with few and with many open addresses."""
    block = synthetic_block()
    seconds = _cpu_seconds(lambda: read_block(block))
    yield Figure("utxo_parse.blocks_per_cpu_second", 1 / seconds, PER_SECOND)
    yield Figure("utxo_parse.transactions_per_cpu_second", TRANSACTIONS / seconds, PER_SECOND)
    for count in OPEN_ADDRESSES:
        yield from _scanned(block, count)


def _scanned(block: bytes, count: int) -> Iterator[Figure]:
    pointers = _Pointers(block, count)
    adapter = UtxoAdapter("BTC", cast("Node", _OneBlock(block)))
    settings = SimpleNamespace(deposit_xpubs={"BTC": account_key(bytes(32), "BTC").xpub()})
    parts = SimpleNamespace(store=pointers, chains={"BTC": adapter}, settings=settings)
    env = cast("Environment", parts)
    if len(adapter.scan(0, 0, Matcher(env, "BTC"))) != OURS:
        raise RuntimeError("the block pays us another number of times")
    name, pointers.read_units = f"utxo_scan_open_{count}", 0
    adapter.scan(0, 0, Matcher(env, "BTC"))
    yield Figure(f"{name}.read_units_per_block", Fraction(pointers.read_units), UNITS)
    seconds = _cpu_seconds(lambda: adapter.scan(0, 0, Matcher(env, "BTC")))
    yield Figure(f"{name}.blocks_per_cpu_second", 1 / seconds, PER_SECOND)


def synthetic_block() -> bytes:
    """Return a raw block whose header commits to its transactions; the same one every time."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is secret here
    body = compact_size(TRANSACTIONS) + b"".join(_transaction(chance) for _ in range(TRANSACTIONS))
    transactions, _ = read_many(body, 0)
    root = merkle_root([each.digest for each in transactions])
    return bytes(36) + root + bytes(HEADER_BYTES - 36 - 32) + body


def _transaction(chance: random.Random) -> bytes:
    inputs = chance.choice(INPUTS)
    draft = Draft(
        tuple((chance.randbytes(36), 0xFFFFFFFD) for _ in range(inputs)),
        tuple(Output(chance.randrange(10**9), _script(chance)) for _ in range(chance.choice(OUTPUTS))),
    )
    return draft.encode_signed([(chance.randbytes(71), chance.randbytes(33))] * inputs)


def _script(chance: random.Random) -> bytes:
    """Return a script: half of them p2wpkh, a fifth p2tr, the rest of the older kinds."""
    kind = chance.random()
    if kind < 0.5:  # noqa: PLR2004 - shares, as the docstring has them
        return b"\x00\x14" + chance.randbytes(20)
    if kind < 0.7:  # noqa: PLR2004 - as above
        return b"\x51\x20" + chance.randbytes(32)
    if kind < 0.85:  # noqa: PLR2004 - as above
        return b"\xa9\x14" + chance.randbytes(20) + b"\x87"
    return b"\x76\xa9\x14" + chance.randbytes(20) + b"\x88\xac"


def _cpu_seconds(do: Callable[[], object]) -> float:
    """Return the CPU seconds of the quickest of some runs: the others were disturbed."""
    spent = []
    for _ in range(TIMES):
        begun = time.process_time()
        do()
        spent.append(time.process_time() - begun)
    return min(spent)


class _OneBlock:
    """A fake node that has one block, at height 0."""

    def __init__(self, block: bytes) -> None:
        self._answers = {"getblockhash": read_block(block).block_hash, "getblock": block.hex()}

    def pinned(self) -> Any:
        return nullcontext()

    def ask_many(self, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[str]:
        return [self._answers[method] for method, _ in calls]


class _Pointers:
    """A stand-in for the table: so many pointers, three of them to addresses of the block; counts strong reads."""

    def __init__(self, block: bytes, count: int) -> None:
        outputs = (script for each in read_block(block).transactions for _, script in each.outputs)
        paid = dict.fromkeys(address_of(script, "BTC") or "" for script in outputs)
        paid = {address: None for address in paid if address.startswith(FORM)}
        found = list(paid)[:: len(paid) // OURS][:OURS]
        others = (f"bc1q{number:038d}" for number in range(count - OURS))
        self._keys = {keys.address("BTC", address).pk for address in [*found, *others]}
        self.read_units = 0

    def get_many(self, _record_type: type, wanted: Sequence[Key]) -> dict[Key, object]:
        self.read_units += len(wanted)  # one for each key, found or not: a pointer is far below 4 KB
        return {key: SimpleNamespace() for key in wanted if key.pk in self._keys}
