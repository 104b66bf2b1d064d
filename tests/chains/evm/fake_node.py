"""A fake EVM node in memory: well-behaved unless a test overrides what it answers to a method."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.evm.abi import TRANSFER_TOPIC
from chalicelib.chains.evm.adapter import EvmAdapter
from chalicelib.chains.evm_address import checksummed, keccak256
from chalicelib.chains.providers.node import NodeRefusalError

USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
TOKENS = {"USDT": USDT, "USDC": USDC}
STRANGER = checksummed(b"\x51" * 20)
GWEI = 10**9

_numbers = count(1)


def address(number: int) -> str:
    return checksummed(keccak256(number.to_bytes(8, "big"))[12:])


def hash_of(*parts) -> str:
    return "0x" + keccak256(repr(parts).encode()).hex()


def pad(account: str) -> str:
    return "0x" + "00" * 12 + account[2:].lower()


def word(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


def transfer_log(contract: str, to: str, units: int, **changed) -> dict:
    topics = [TRANSFER_TOPIC, pad(STRANGER), pad(to)]
    return {"address": contract.lower(), "topics": topics, "data": word(units), **changed}


OTHER_LOG = {"address": STRANGER.lower(), "topics": [hash_of("Approval")], "data": "0x"}


@dataclass
class Tx:
    to: str | None
    value: int = 0
    logs: list = field(default_factory=list)
    ok: bool = True
    data: str = "0x"
    sender: str = STRANGER
    nonce: int = 0
    receipt: dict = field(default_factory=dict)
    hash: str = field(default_factory=lambda: hash_of("transaction", next(_numbers)))


def coin(to: str, units: int, **how) -> Tx:
    return Tx(to, units, **how)


def token(contract: str, to: str, units: int, **how) -> Tx:
    data = "0xa9059cbb" + pad(to)[2:] + word(units)[2:]
    return Tx(contract, 0, [transfer_log(contract, to, units)], data=data, **how)


@dataclass
class Block:
    number: int
    parent_hash: str
    txs: list[Tx]
    salt: int = 0

    @property
    def hash(self) -> str:
        return hash_of(self.number, self.parent_hash, [tx.hash for tx in self.txs], self.salt)

    def logs(self) -> list[dict]:
        numbers = count()
        return [
            {
                "blockNumber": hex(self.number),
                "blockHash": self.hash,
                "transactionHash": tx.hash,
                "transactionIndex": hex(place),
                "logIndex": hex(next(numbers)),
                "removed": False,
                **log,
            }
            for place, tx in enumerate(self.txs)
            for log in tx.logs
        ]

    def header(self) -> dict:
        return {
            "number": hex(self.number),
            "hash": self.hash,
            "parentHash": self.parent_hash,
            "logsBloom": bloom_of(self.logs()),
            "transactions": [tx.hash for tx in self.txs],
        }

    def full(self) -> dict:
        return {**self.header(), "transactions": [self.transaction(place) for place in range(len(self.txs))]}

    def transaction(self, place: int) -> dict:
        shown = shown_of(self.txs[place])
        return {**shown, "blockHash": self.hash, "blockNumber": hex(self.number), "transactionIndex": hex(place)}

    def receipt(self, place: int) -> dict:
        tx = self.txs[place]
        return {
            "transactionHash": tx.hash,
            "transactionIndex": hex(place),
            "blockHash": self.hash,
            "blockNumber": hex(self.number),
            "status": "0x1" if tx.ok else "0x0",
            "gasUsed": "0x5208",
            "effectiveGasPrice": hex(3 * GWEI),
            "logs": [log for log in self.logs() if log["transactionHash"] == tx.hash],
            **tx.receipt,
        }


def shown_of(tx: Tx) -> dict:
    return {
        "hash": tx.hash,
        "from": tx.sender.lower(),
        "to": tx.to and tx.to.lower(),
        "value": hex(tx.value),
        "input": tx.data,
        "nonce": hex(tx.nonce),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }


def bloom_of(logs: list[dict]) -> str:
    bits = 0
    for log in logs:
        for part in (log["address"], *log["topics"]):
            hashed = keccak256(bytes.fromhex(part[2:]))
            for at in (0, 2, 4):
                bits |= 1 << (int.from_bytes(hashed[at : at + 2], "big") & 2047)
    return "0x" + bits.to_bytes(256, "big").hex()


class FakeNode:
    """Implements ``providers.node.Node``.

    ``overrides`` maps a method to a function of its parameters that returns what the node says instead, or raises.
    """

    def __init__(self) -> None:
        self.blocks = [Block(0, hash_of("no parent"), [])]
        self.pool: list[Tx] = []
        self.asked: list[tuple] = []
        self.overrides: dict = {}
        self.pins = 0
        self.further: list[FakeNode] = []
        self.most_log_blocks = 10**9
        self.state_blocks = 10**9
        self.final = 0

    def mine(self, *txs: Tx) -> Block:
        block = Block(len(self.blocks), self.blocks[-1].hash, list(txs))
        self.blocks.append(block)
        return block

    def reorganise(self, depth: int) -> None:
        """Mine the last blocks' transactions again, in other blocks."""
        gone, self.blocks = self.blocks[-depth:], self.blocks[:-depth]
        for block in gone:
            self.mine(*block.txs).salt = block.salt + 1

    def asked_of(self, method: str) -> list[tuple]:
        return [params for asked, params in self.asked if asked == method]

    def ask(self, method, *params):
        self.asked.append((method, params))
        if method in self.overrides:
            return self.overrides[method](*params)
        return getattr(self, f"_{method}")(*params)

    def ask_many(self, calls):
        answers = []
        for method, params in calls:
            try:
                answers.append(self.ask(method, *params))
            except NodeRefusalError as error:
                answers.append(error)
        return answers

    @contextmanager
    def pinned(self):
        self.pins += 1
        yield
        self.pins -= 1

    def others(self):
        return self.further

    def _at(self, tag) -> Block | None:
        if tag == "latest":
            return self.blocks[-1]
        height = int(tag, 16)
        return self.blocks[height] if height < len(self.blocks) else None

    def _eth_blockNumber(self):  # noqa: N802 - the node's names
        return hex(len(self.blocks) - 1)

    def _eth_getBlockByNumber(self, tag, full):  # noqa: N802
        if tag == "pending":
            head = self.blocks[-1]
            pending = Block(head.number + 1, head.hash, self.pool)
            return {**pending.full(), "hash": None, "number": None, "logsBloom": None}
        block = self.blocks[self.final] if tag == "finalized" else self._at(tag)
        return block and (block.full() if full else block.header())

    def _eth_getLogs(self, query):  # noqa: N802
        if "blockHash" in query:
            chosen = [block for block in self.blocks if block.hash == query["blockHash"]]
            if not chosen:
                raise NodeRefusalError(-32000, "unknown block")
        else:
            first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
            if last - first >= self.most_log_blocks:
                raise NodeRefusalError(-32005, "query returned more than 10000 results")
            chosen = self.blocks[first : last + 1]
        wanted = {each.lower() for each in query["address"]}
        logs = [log for block in chosen for log in block.logs()]
        return [log for log in logs if log["address"] in wanted and log["topics"][0] in query["topics"]]

    def _mined(self, txid):
        for block in self.blocks:
            for place, tx in enumerate(block.txs):
                if tx.hash == txid:
                    return block, place
        return None

    def _eth_getTransactionReceipt(self, txid):  # noqa: N802
        found = self._mined(txid)
        return found and found[0].receipt(found[1])

    def _eth_getTransactionByHash(self, txid):  # noqa: N802
        found = self._mined(txid)
        if found:
            return found[0].transaction(found[1])
        return next((shown_of(tx) for tx in self.pool if tx.hash == txid), None)

    def _eth_getTransactionCount(self, account, tag):  # noqa: N802
        block = self._at(tag)
        if block is None or block.number <= len(self.blocks) - 1 - self.state_blocks:
            raise NodeRefusalError(-32000, "missing trie node")
        mined = [tx for each in self.blocks[: block.number + 1] for tx in each.txs]
        return hex(sum(tx.sender.lower() == account.lower() for tx in mined))

    def _eth_getBalance(self, account, tag):  # noqa: N802
        return hex(10**18)

    def _eth_call(self, call, tag):
        return word(7)

    def _eth_estimateGas(self, call):  # noqa: N802
        return hex(21_000 if call["data"] == "0x" else 50_000)

    def _eth_gasPrice(self):  # noqa: N802
        return hex(3 * GWEI)

    def _eth_feeHistory(self, blocks, newest, percentiles):  # noqa: N802
        return {"baseFeePerGas": [hex(9 * GWEI), hex(10 * GWEI)], "reward": [[hex(2 * GWEI)]]}

    def _eth_sendRawTransaction(self, raw):  # noqa: N802
        return "0x" + keccak256(bytes.fromhex(raw[2:])).hex()


def adapter_of(node: FakeNode, blockchain: str = "ETH", tokens=TOKENS) -> EvmAdapter:
    return EvmAdapter(blockchain, node, tokens)


def everyone(addresses):
    return set(addresses)


def only(*ours):
    return lambda addresses: set(addresses) & set(ours)


def refusing(code=-32000, message="no"):
    def refuse(*params):
        raise NodeRefusalError(code, message)

    return refuse


def unavailable(*params):
    raise ChainUnavailableError("The node does not answer.")
