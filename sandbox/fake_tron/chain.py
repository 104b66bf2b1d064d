"""The fake chain itself: its blocks, the pool of what waits, and the rules of what a block may hold."""

import hashlib
from dataclasses import dataclass, field

from chalicelib.chains.networks import TRX
from chalicelib.chains.providers.identity import IDENTITY_OF
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.tron.accounts import account_of
from chalicelib.chains.tron.transaction import TronTransaction, decode_raw, digest_of, recovered, split, txid_of
from sandbox.chain.errors import ChainRequestError
from sandbox.fake_tron import parameters
from sandbox.fake_tron.errors import RefusedError
from sandbox.fake_tron.execution import Receipt, execute
from sandbox.fake_tron.state import State

FIRST_BLOCK_MS = 1_800_000_000_000


@dataclass(frozen=True)
class Signed:
    """A transaction as it was sent: its bytes and what they say."""

    txid: str
    raw: bytes
    signature: bytes
    transaction: TronTransaction

    @property
    def owner(self) -> bytes:
        """Who signed it, 21 bytes."""
        return self.transaction.action.owner


@dataclass(frozen=True)
class Block:
    """A block, what its transactions came to, and the state after it."""

    height: int
    hash: str
    parent_hash: str
    time_ms: int
    mined: tuple[tuple[Signed, Receipt], ...]
    state: State


@dataclass
class Chain:
    """Blocks from the first on, and what waits for the next one.

    Attributes:
        blocks: by height.
        pool: what waits, by id, in the order of its arrival.
        seen: every transaction that ever came, by id.
        outcome: what becomes of payouts: ``ok``, ``revert`` or ``stuck``.
        strangers: the accounts whose transactions are no payouts.
        solid_depth: how many blocks later a block is solid.
    """

    state: State
    blocks: list[Block] = field(default_factory=list)
    pool: dict[str, Signed] = field(default_factory=dict)
    seen: dict[str, Signed] = field(default_factory=dict)
    outcome: str = "ok"
    strangers: set[bytes] = field(default_factory=set)
    solid_depth: int = parameters.SOLID_DEPTH
    salt: int = 0
    _mined_at: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._append(FIRST_BLOCK_MS, (), self.state)

    @property
    def head(self) -> Block:
        """The newest block."""
        return self.blocks[-1]

    @property
    def solid_height(self) -> int:
        """The height of the newest block that cannot go any more."""
        return max(0, self.head.height - self.solid_depth)

    def find(self, txid: str, solid_only: bool = False) -> tuple[Block, Signed, Receipt] | None:
        """Return a transaction with its block and receipt, None when no block has it."""
        height = self._mined_at.get(txid)
        if height is None or (solid_only and height > self.solid_height):
            return None
        block = self.blocks[height]
        signed, receipt = next(each for each in block.mined if each[0].txid == txid)
        return block, signed, receipt

    def take(self, raw: bytes) -> str:
        """Take a transaction into the pool and return its id; raises RefusedError, ValueError for nonsense."""
        signed = read(raw)
        if signed.txid in self.pool or self.find(signed.txid):
            raise RefusedError("DUP_TRANSACTION_ERROR", "Transaction already exists.")
        self.check(signed)
        waiting = self.head.state.copy()
        for each in self.pool.values():
            self._try(waiting, each)
        execute(waiting, signed.transaction, len(raw))
        self.pool[signed.txid] = self.seen[signed.txid] = signed
        return signed.txid

    def check(self, signed: Signed) -> None:
        """Check what does not depend on anybody's balance; raises RefusedError."""
        self._check_reference(signed.transaction)
        self._check_expiration(signed.transaction)
        public_key = recovered(digest_of(split(signed.raw)[0]), signed.signature)
        if public_key is None or account_of(address_of_public_key(TRX, public_key)) != signed.owner:
            raise RefusedError("SIGERROR", "Validate signature error: sig error or not by the owner")

    def mine(self, gap_ms: int = parameters.BLOCK_MS) -> Block:
        """Mine what waits into a block that comes so long after the newest one."""
        waiting = list(self.pool.values())
        stuck = [each for each in waiting if self._is_payout(each) and self.outcome == "stuck"]
        self.pool = {each.txid: each for each in stuck}
        block = self._mine_these([each for each in waiting if each not in stuck], self.head.time_ms + gap_ms)
        self.pool = {
            txid: each for txid, each in self.pool.items() if each.transaction.expiration_ms > block.time_ms
        }
        return block

    def reorganise(self, depth: int, drop: set[str]) -> None:
        """Replace the newest blocks by others, without the dropped transactions.

        Raises:
            ChainRequestError: a solid block cannot go.
        """
        if not 0 <= depth <= self.head.height - self.solid_height:
            raise ChainRequestError("Only blocks that are not solid yet can be replaced.")
        gone = self.blocks[len(self.blocks) - depth :]
        del self.blocks[len(self.blocks) - depth :]
        for block in gone:
            for signed, _ in block.mined:
                del self._mined_at[signed.txid]
        self.salt += 1
        self.pool = {txid: each for txid, each in self.pool.items() if txid not in drop}
        for block in gone:
            self._mine_these([each for each, _ in block.mined if each.txid not in drop], block.time_ms)

    def _mine_these(self, waiting: list[Signed], time_ms: int) -> Block:
        state = self.head.state.copy() if waiting else self.head.state
        tried = [(each, self._try(state, each)) for each in waiting]
        return self._append(time_ms, tuple((each, receipt) for each, receipt in tried if receipt), state)

    def _try(self, state: State, signed: Signed) -> Receipt | None:
        """Execute a transaction on top of the newest block, None when it may not be there."""
        reverts = self._is_payout(signed) and self.outcome == "revert"
        try:
            self.check(signed)
            return execute(state, signed.transaction, len(signed.raw), reverts=reverts)
        except RefusedError:
            return None

    def _append(self, time_ms: int, mined: tuple[tuple[Signed, Receipt], ...], state: State) -> Block:
        height, txids = len(self.blocks), [signed.txid for signed, _ in mined]
        if height:
            parent_hash = self.blocks[-1].hash
            content = f"{self.salt}|{parent_hash}|{time_ms}|{txids}"
            block_hash = (height.to_bytes(8, "big") + hashlib.sha256(content.encode()).digest()[8:]).hex()
        else:  # the main network's own, as whoever asks which chain this is expects
            parent_hash, block_hash = "", IDENTITY_OF[TRX]
        block = Block(height, block_hash, parent_hash, time_ms, mined, state)
        self.blocks.append(block)
        self._mined_at.update(dict.fromkeys(txids, height))
        return block

    def _check_reference(self, transaction: TronTransaction) -> None:
        """Find the block that a transaction refers to, among the recent ones (TAPOS)."""
        number = int.from_bytes(transaction.ref_block_bytes, "big")
        newest = self.head.height
        height = newest - (newest - number) % parameters.RECENT_BLOCKS
        is_known = height >= 0 and bytes.fromhex(self.blocks[height].hash)[8:16] == transaction.ref_block_hash
        if not is_known:
            raise RefusedError("TAPOS_ERROR", "Tapos check error: different block hash")

    def _check_expiration(self, transaction: TronTransaction) -> None:
        now_ms = self.head.time_ms
        if not now_ms < transaction.expiration_ms <= now_ms + parameters.LONGEST_LIFE_MS:
            raise RefusedError("TRANSACTION_EXPIRATION_ERROR", "Transaction expired")

    def _is_payout(self, signed: Signed) -> bool:
        return signed.owner not in self.strangers


def read(raw: bytes) -> Signed:
    """Read a transaction as it is sent; raises ValueError when it cannot be read."""
    raw_data, signature = split(raw)
    return Signed(txid_of(raw_data), raw, signature, decode_raw(raw_data))
