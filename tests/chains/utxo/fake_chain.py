"""A fake of bitcoind: true blocks and transactions, no rules. For what a real node would seldom do."""

from contextlib import nullcontext
from decimal import Decimal
from itertools import count

from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.utxo.block import merkle_root
from chalicelib.chains.utxo.encoding import compact_size, double_sha256, outpoint_bytes, outpoint_text, shown
from chalicelib.chains.utxo.reading import read_alone
from chalicelib.chains.utxo.transaction import Draft, Output

NUMBERS = count(1)


def transaction(spends, outputs) -> bytes:
    """Write a transaction with made-up signatures."""
    draft = Draft(
        tuple((outpoint_bytes(each), 0xFFFFFFFF) for each in spends),
        tuple(Output(units, script) for units, script in outputs),
    )
    return draft.encode_signed([(b"\1" * 71, b"\2" * 33)] * len(spends))


def coinbase(script: bytes = b"\x6a", units: int = 50 * 10**8) -> bytes:
    """Write a transaction that makes coins; no two are alike."""
    sequence = next(NUMBERS)
    draft = Draft(((bytes(32) + b"\xff" * 4, sequence),), (Output(units, script),))
    return draft.encode_signed([(b"", b"")])


def txid_of(raw: bytes) -> str:
    return read_alone(raw).txid


def block(previous: str, raws) -> bytes:
    header = (4).to_bytes(4, "little") + bytes.fromhex(previous)[::-1]
    root = merkle_root([read_alone(raw).digest for raw in raws])
    return header + root + bytes(12) + compact_size(len(raws)) + b"".join(raws)


class FakeChain:
    """Blocks by height, a pool, and dead blocks that it still knows; ``asked`` counts the questions."""

    def __init__(self) -> None:
        self.active: list[bytes] = []
        self.dead: list[bytes] = []
        self.pool: list[bytes] = []
        self.asked: list[tuple] = []
        self.answers: dict = {}
        self.second_opinions: list[FakeChain] = []
        self.mine()

    # The hands.

    def mine(self, *raws: bytes, script: bytes = b"\x6a") -> str:
        previous = _hash(self.active[-1]) if self.active else "00" * 32
        self.active.append(block(previous, [coinbase(script), *raws]))
        self.pool = [raw for raw in self.pool if raw not in raws]
        return _hash(self.active[-1])

    def drop(self, depth: int) -> None:
        self.dead += self.active[-depth:]
        del self.active[-depth:]

    # The node.

    def pinned(self):
        return nullcontext()

    def others(self):
        return self.second_opinions

    def ask(self, method, *params):
        answer = self._answer(method, params)
        if isinstance(answer, NodeRefusalError):
            raise answer
        return answer

    def ask_many(self, calls):
        return [self._answer(*call) for call in calls]

    def _answer(self, method, params):
        self.asked.append((method, *params))
        try:
            if method in self.answers:
                said = self.answers[method]
                return said(*params) if callable(said) else said
            return getattr(self, f"_{method}")(*params)
        except NodeRefusalError as refusal:
            return refusal

    def _getblockchaininfo(self):
        return {"blocks": len(self.active) - 1, "bestblockhash": _hash(self.active[-1])}

    def _getblockhash(self, height):
        if not 0 <= height < len(self.active):
            raise NodeRefusalError(-8, "Block height out of range")
        return _hash(self.active[height])

    def _getblock(self, block_hash, _verbosity):
        for each in [*self.active, *self.dead]:
            if _hash(each) == block_hash:
                return each.hex()
        raise NodeRefusalError(-5, "Block not found")

    def _getblockheader(self, block_hash):
        for height, each in enumerate(self.active):
            if _hash(each) == block_hash:
                return {"height": height, "confirmations": len(self.active) - height}
        return {"height": 7, "confirmations": -1}

    def _getrawmempool(self):
        return [txid_of(raw) for raw in self.pool]

    def _getrawtransaction(self, txid, verbose):
        for raw, at in [*((raw, None) for raw in self.pool), *self._mined()]:
            if txid_of(raw) == txid:
                placed = {"hex": raw.hex()} | ({"blockhash": at} if at else {})
                return placed if verbose else raw.hex()
        raise NodeRefusalError(
            -5, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions."
        )

    def _gettxout(self, txid, index, with_pool):
        raws = [(raw, height) for height, each in enumerate(self.active) for raw in _raws(each)]
        raws += [(raw, None) for raw in self.pool] if with_pool else []
        spent = {outpoint_text(each) for raw, _ in raws for each in read_alone(raw).outpoints}
        for raw, height in raws:
            seen = read_alone(raw)
            if seen.txid == txid and index < len(seen.outputs) and f"{txid}:{index}" not in spent:
                return {
                    "value": Decimal(seen.outputs[index][0]).scaleb(-8),
                    "confirmations": 0 if height is None else len(self.active) - height,
                    "coinbase": seen.is_coinbase,
                }
        return None

    def _sendrawtransaction(self, raw):
        self.pool.append(bytes.fromhex(raw))
        return txid_of(bytes.fromhex(raw))

    def _scantxoutset(self, _action, _descriptors):
        return {"success": True, "total_amount": Decimal("1.5")}

    def _estimatesmartfee(self, _blocks, _mode):
        return {"errors": ["Insufficient data or no feerate found"], "blocks": 0}

    def _getmempoolinfo(self):
        return {"mempoolminfee": Decimal("0.00001"), "minrelaytxfee": Decimal("0.00001")}

    def _mined(self):
        return [(raw, _hash(each)) for each in [*self.active, *self.dead] for raw in _raws(each)]


def _hash(raw_block: bytes) -> str:
    return shown(double_sha256(raw_block[:80]))


def _raws(raw_block: bytes) -> list[bytes]:
    from chalicelib.chains.utxo.reading import read_many  # noqa: PLC0415

    seen, _ = read_many(raw_block, 80)
    return [raw_block[each._places[0] : each._places[3]] for each in seen]
