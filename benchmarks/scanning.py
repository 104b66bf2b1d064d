"""What reading blocks costs: how many for a second of CPU, and how much of the table is read to find what is ours.

Blocks are made up, alike those of Ethereum's main network: 200 transactions and 200 transfers of tokens in each.
The node is a stand-in that hands out the JSON text of its answers: to parse it is part of what is measured.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.capacity import STRONG, read_units
from benchmarks.figures import UNITS, Figure
from benchmarks.scanning_coins import utxo_figures
from chalicelib.chains.adapter import Match
from chalicelib.chains.evm.abi import TRANSFER_TOPIC
from chalicelib.chains.evm.adapter import EvmAdapter
from chalicelib.chains.evm_address import checksummed
from chalicelib.chains.providers.node import Call
from chalicelib.chains.sightings import Matcher
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Key

CHAIN = "ETH"
TOKENS = {
    "USDT": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    "USDC": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
}
BLOCKS, PER_BLOCK = 20, 200
OURS, TIMES, SEED = 3, 5, 7
OPEN_ADDRESSES = (100, 1_000_000)
PER_SECOND = "/s"
_POINTER_BYTES = 200  # a pointer's item is smaller; a read costs the same up to 4 KB


def scanned() -> Iterator[Figure]:
    """Measure the reading of blocks, on both kinds of chains whose blocks are big."""
    yield from evm_figures()
    yield from utxo_figures()


def evm_figures() -> Iterator[Figure]:
    """Blocks with tokens alone, whole blocks, then what matching reads with few and with many open addresses."""
    logs_alone, whole = MadeUpChain(transactions=0), MadeUpChain(transactions=PER_BLOCK)
    seconds = _cpu_seconds(lambda: _scan(logs_alone, _nobody))
    yield Figure("evm_scan.logs_per_cpu_second", BLOCKS * PER_BLOCK / seconds, PER_SECOND)
    seconds = _cpu_seconds(lambda: _scan(whole, _nobody))
    yield Figure("evm_scan.blocks_per_cpu_second", BLOCKS / seconds, PER_SECOND)
    for count in OPEN_ADDRESSES:
        pointers = Pointers(whole.ours, count)
        if _scan(whole, pointers.matcher()) != OURS:
            raise RuntimeError("the blocks pay us another number of times")
        yield Figure(f"evm_scan_open_{count}.read_units_per_block", pointers.read_units / BLOCKS, UNITS)


@dataclass
class MadeUpChain:
    """A stand-in for a node with some blocks; three of its transfers are to us."""

    transactions: int
    blocks: int = BLOCKS
    ours: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(SEED)  # noqa: S311 - nothing is secret here
        self._logs = [self._log(number) for number in range(self.blocks * PER_BLOCK)]
        self._answers = {
            ("eth_getBlockByNumber", number): json.dumps(self._block(number)) for number in range(self.blocks)
        }
        step = len(self._logs) // OURS
        mine = self._logs[::step][:OURS]
        self.ours = [checksummed(bytes.fromhex(log["topics"][2][26:])) for log in mine]
        self._receipts = {log["transactionHash"]: json.dumps(_receipt(log)) for log in mine}
        self._told_logs = json.dumps(self._logs)

    def ask(self, method: str, *params: Any) -> Any:
        """Answer as a node does, out of text."""
        if method == "eth_getLogs":
            return json.loads(self._told_logs)
        if method == "eth_getTransactionReceipt":
            return json.loads(self._receipts[params[0]])
        return json.loads(self._answers[method, int(params[0], 16)])

    def ask_many(self, calls: Sequence[Call]) -> list[Any]:
        """Answer several questions."""
        return [self.ask(method, *params) for method, params in calls]

    def pinned(self) -> AbstractContextManager[None]:
        """There is but one."""
        return nullcontext()

    def others(self) -> Sequence["MadeUpChain"]:
        """There are none."""
        return ()

    def _block(self, number: int) -> dict[str, Any]:
        return {
            "number": hex(number),
            "hash": _hash(number),
            "parentHash": _hash(number - 1),
            "logsBloom": "0x" + "ff" * 256,
            "transactions": [self._transaction(number, place) for place in range(self.transactions)],
        }

    def _transaction(self, number: int, place: int) -> dict[str, Any]:
        """Return a transaction; every second one carries coin, the others call something."""
        carries_coin = place % 2
        return {
            "blockHash": _hash(number),
            "blockNumber": hex(number),
            "from": self._account(),
            "gas": "0xfa00",
            "gasPrice": "0x2540be400",
            "maxFeePerGas": "0x4a817c800",
            "maxPriorityFeePerGas": "0x5f5e100",
            "hash": self._logs[number * PER_BLOCK + place]["transactionHash"],
            "input": "0x" if carries_coin else "0x" + self._chance.randbytes(164).hex(),
            "nonce": "0x1f4",
            "to": self._account(),
            "transactionIndex": hex(place),
            "value": hex(self._chance.randrange(1, 10**19)) if carries_coin else "0x0",
            "type": "0x2",
            "accessList": [],
            "chainId": "0x1",
            "v": "0x1",
            "yParity": "0x1",
            "r": self._hash(),
            "s": self._hash(),
        }

    def _log(self, number: int) -> dict[str, Any]:
        height, place = divmod(number, PER_BLOCK)
        return {
            "address": self._chance.choice(list(TOKENS.values())).lower(),
            "topics": [TRANSFER_TOPIC, _padded(self._account()), _padded(self._account())],
            "data": "0x" + self._chance.randrange(1, 10**12).to_bytes(32, "big").hex(),
            "blockNumber": hex(height),
            "blockHash": _hash(height),
            "blockTimestamp": "0x6703a1b7",
            "transactionHash": self._hash(),
            "transactionIndex": hex(place),
            "logIndex": hex(place),
            "removed": False,
        }

    def _account(self) -> str:
        return "0x" + self._chance.randbytes(20).hex()

    def _hash(self) -> str:
        return "0x" + self._chance.randbytes(32).hex()


class Pointers:
    """A stand-in for the table: so many open addresses, some of them paid; counts what is read by the rules."""

    def __init__(self, paid: Sequence[str], count: int) -> None:
        others = (f"0x{number:040x}" for number in range(count - len(paid)))
        self._open = {keys.address("EVM", address).pk for address in (*paid, *others)}
        self.read_units = Fraction(0)

    def get_many(self, _record_type: type, wanted: Sequence[Key]) -> dict[Key, object]:
        """Read by key, strongly: what is not there costs as much as what is."""
        found = {key: SimpleNamespace() for key in wanted if key.pk in self._open}
        self.read_units += sum(read_units([_POINTER_BYTES if key in found else 0], STRONG) for key in wanted)
        return dict(found)

    def matcher(self) -> Matcher:
        """Return the scanner's own matcher over this table."""
        chains = {CHAIN: SimpleNamespace(slot_kind="sequence")}
        settings = SimpleNamespace(deposit_xpubs={"EVM": ""})
        return Matcher(cast("Environment", SimpleNamespace(store=self, chains=chains, settings=settings)), CHAIN)


def _scan(chain: MadeUpChain, match: Match) -> int:
    return len(EvmAdapter(CHAIN, chain, TOKENS).scan(0, chain.blocks - 1, match))


def _nobody(addresses: object) -> set[str]:  # noqa: ARG001 - a match that finds none
    return set()


def _receipt(log: dict[str, Any]) -> dict[str, Any]:
    return {
        "transactionHash": log["transactionHash"],
        "transactionIndex": log["transactionIndex"],
        "blockHash": log["blockHash"],
        "blockNumber": log["blockNumber"],
        "status": "0x1",
        "gasUsed": "0xfa00",
        "effectiveGasPrice": "0x2540be400",
        "logs": [log],
    }


def _hash(number: int) -> str:
    return "0x" + (number + 1).to_bytes(32, "big").hex()


def _padded(account: str) -> str:
    return "0x" + "00" * 12 + account[2:]


def _cpu_seconds(do: Callable[[], object]) -> float:
    """Return the CPU seconds of the quickest of some runs: the others were disturbed."""
    spent = []
    for _ in range(TIMES):
        begun = time.process_time()
        do()
        spent.append(time.process_time() - begun)
    return min(spent)
