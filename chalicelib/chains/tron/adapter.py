"""TRON as a chain of the gateway: TRX and TRC-20 tokens, over the HTTP API of java-tron's nodes."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NoReturn

from chalicelib.chains import addresses
from chalicelib.chains.adapter import (
    AddressInfo,
    ChainUnavailableError,
    Fee,
    Head,
    Match,
    Payout,
    Signed,
    Signer,
    SlotKind,
    Transfer,
    TxStatus,
    Unsigned,
)
from chalicelib.chains.networks import TRX
from chalicelib.chains.providers.node import Node
from chalicelib.chains.tron import trc20
from chalicelib.chains.tron.accounts import account_of
from chalicelib.chains.tron.answers import integer
from chalicelib.chains.tron.blocks import NATIVE_TOKEN, Block, is_chain, transfers, waiting_transfers
from chalicelib.chains.tron.node_questions import BLOCKS_AT_ONCE, SOLID, NodeQuestions, reading
from chalicelib.chains.tron.payout_making import PayoutMaking
from chalicelib.chains.tron.standing import Standing
from chalicelib.chains.tron.transaction import decode_raw, split


class TronAdapter:
    """TRON over its node; a payout's slot is its short life, see decision 23 of the architecture.

    What asks the node raises ChainUnavailableError when there is no answer, or none that makes sense.
    """

    def __init__(self, node: Node, tokens: Mapping[str, str]) -> None:
        """Take a node without asking it.

        Args:
            node: asked by path and one mapping.
            tokens: upper-case symbol to the contract's address.

        Raises:
            ValueError: a contract's address is none of TRON's.
        """
        self._node = node
        self._ask = NodeQuestions(node)
        self._contracts = dict(tokens)
        self._symbols = {account_of(contract)[1:].hex(): symbol for symbol, contract in tokens.items()}
        self._standing = Standing(self._ask)
        self._payouts = PayoutMaking(self._ask, self._contracts, self._standing)

    @property
    def slot_kind(self) -> SlotKind:
        """A payout's slot is its expiration: a transaction of TRON has no number, it merely ceases to be valid."""
        return "expiry"

    @property
    def is_replaceable(self) -> bool:
        """A waiting payout cannot be replaced, only outlived."""
        return False

    def pinned(self) -> AbstractContextManager[None]:
        """Have one and the same node answer all that is asked inside."""
        return self._node.pinned()

    def witness(self, height: int, block_hash: str, transfer: Transfer | None = None) -> None:
        """Have every other provider that has come so far confirm a block, and a transfer in it.

        Raises:
            ChainUnavailableError: one of them has something else there.
        """
        for other in self._node.others():
            try:
                header = NodeQuestions(other).header(height)
                seen = self._seen_by(other, height, transfer) if header and transfer else []
            except ChainUnavailableError:
                continue  # one that cannot be asked is no witness
            if header and header.hash != block_hash:
                raise ChainUnavailableError(f"Two nodes have different blocks at height {height}.")
            if header and transfer and _essence(transfer) not in map(_essence, seen):
                raise ChainUnavailableError(f"Two nodes disagree about a transfer in block {height}.")

    def _seen_by(self, node: Node, height: int, transfer: Transfer) -> list[Transfer]:
        """Return what another node has of a block for the same receiver."""
        return TronAdapter(node, self._contracts).scan(height, height, lambda them: {transfer.to} & set(them))

    def validate(self, address: str) -> AddressInfo:
        """Read an address of TRON; raises InvalidAddressError."""
        return addresses.validate(address, TRX)

    def head(self) -> Head:
        """Return the newest block; final is what the chain calls solidified."""
        with self.pinned():
            solid, newest = self._ask.newest(SOLID), self._ask.newest()
        return Head(newest.height, newest.hash, min(solid.height, newest.height))

    def block_hash(self, height: int) -> str | None:
        """Return the id of the block at that height, None when there is none."""
        return self.block_hashes(height, height)[0]

    def block_hashes(self, first: int, last: int) -> list[str | None]:
        """Return the ids of the blocks of a range, None for one that is not there."""
        headers = self._ask.headers(range(first, last + 1))
        return [header.hash if header else None for header in headers]

    def scan(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in a range of blocks; ``ok`` only where the chain says SUCCESS."""
        seen: list[Transfer] = []
        below: Block | None = None
        with self.pinned():
            for start in range(first, last + 1, BLOCKS_AT_ONCE):
                blocks = self._ask.blocks(start, min(last, start + BLOCKS_AT_ONCE - 1))
                if below and not is_chain([below, *blocks], below.height):
                    raise ChainUnavailableError("The chain was reorganised while it was read.")
                infos = self._ask.infos([block.height for block in blocks])
                for block, told in zip(blocks, infos, strict=True):
                    seen += self._read(block, told)
                below = blocks[-1]
        return _ours(seen, match)

    def mempool(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses that wait in the node's pool, where it tells."""
        with self.pinned():
            waiting = self._ask.waiting()
        seen = reading(self._read_waiting, "the pool", waiting)
        return _ours(seen, match)

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        """Return where a transaction stands; ``impossible`` once it is absent and a solid block has outlived it.

        Args:
            txid: its id.
            spends: its expiration in Unix milliseconds, in digits.
        """
        return self._standing.status(txid, spends)

    def balance(self, address: str, token: str) -> int:
        """Return the units that an address has in blocks; a real node may reckon in what waits in its own pool.

        Raises:
            KeyError: no such token.
        """
        if token == NATIVE_TOKEN:
            account = self._ask.account(address) or {}
            return reading(integer, "the account", account.get("balance"))
        tried = self._ask.trial(address, self._contracts[token], trc20.balance_data(address))
        if tried is None or len(tried[0]) != trc20.WORD_BYTES:
            raise ChainUnavailableError(f"The node does not tell a balance of {token}.")
        return int.from_bytes(tried[0], "big")

    def next_slot(self, address: str) -> int:  # noqa: ARG002 - the interface's argument
        """Return 0: slots are no numbers here."""
        return 0

    def estimate(self, payout: Payout) -> Fee:
        """Return what the chain would take for a payout, in sun, at most; an empty receiver counts as new."""
        return self._payouts.estimate(payout)

    def activation(self, address: str) -> int:
        """Return the sun that the first TRX to an address costs because it is new; 0 once it is active."""
        return self._payouts.activation_units(address)

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Build a transaction that pays within ten minutes or never; the slot's number makes it one of its kind.

        Raises:
            ChainUnavailableError: also when by now the chain takes more than that fee.
            TransactionRefusedError: an amount that the chain cannot count.
        """
        return self._payouts.build(payout, slot, fee)

    def replacement(self, raw: bytes, fee: Fee) -> NoReturn:  # noqa: ARG002 - the interface's arguments
        """Raise TypeError: TRON knows no replacement."""
        raise TypeError("a transaction of TRON cannot be replaced: wait for its expiration")

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign what was built; raises ValueError when the key is not the sender's."""
        return self._payouts.sign(unsigned, signer)

    def spends(self, raw: bytes) -> str:
        """Return the expiration of signed bytes, in Unix milliseconds; raises ValueError for other bytes."""
        return str(decode_raw(split(raw)[0]).expiration_ms)

    def broadcast(self, raw: bytes) -> None:
        """Hand the bytes to the node; raises TransactionRefusedError when it says no and does not know them."""
        self._payouts.broadcast(raw)

    def _read(self, block: Block, infos: list[Any]) -> list[Transfer]:
        return reading(lambda told: list(transfers(block, told, self._symbols)), f"block {block.height}", infos)

    def _read_waiting(self, waiting: list[Any]) -> list[Transfer]:
        return [one for each in waiting for one in waiting_transfers(each, self._symbols)]


def _essence(transfer: Transfer) -> tuple[object, ...]:
    """Return what two nodes must tell alike of a transfer."""
    named = transfer.txid, transfer.index, transfer.block_hash
    return *named, transfer.token, transfer.to, transfer.units, transfer.ok


def _ours(seen: Iterable[Transfer], match: Match) -> list[Transfer]:
    """Keep the transfers whose receiver is ours, asking about each address once."""
    transfers_seen = list(seen)
    ours = match(dict.fromkeys(transfer.to for transfer in transfers_seen)) if transfers_seen else set()
    return [transfer for transfer in transfers_seen if transfer.to in ours]
