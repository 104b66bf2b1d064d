"""What the gateway asks of any blockchain: one small interface, the same for every family of chains.

Amounts are integers of the token's smallest on-chain unit. Nothing here knows a node or a framework.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

Match = Callable[[Iterable[str]], set[str]]
"""Tells which of these addresses are ours."""

TxState = Literal["missing", "mempool", "mined", "impossible"]

SlotKind = Literal["sequence", "inputs", "expiry"]
"""What makes a payout unrepeatable: its sender's number (a nonce), the coins it spends, its short life."""

HOT_WALLET_PATH = "1/0"
"""The hot wallet's own key in an account that is derived from a seed (BIP-84: the first one for change)."""


class ChainUnavailableError(Exception):
    """The node refuses, times out or answers nonsense: nothing is known, so try again later."""


class TransactionRefusedError(Exception):
    """The node says no to a broadcast. What a node says decides nothing: look the transaction up."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One output that moves ``units`` of ``token`` to an address; ``height`` is None while in the mempool.

    ``spends`` is the slot of its transaction, where that can be told: see ``ChainAdapter.spends``.
    """

    txid: str
    index: int
    height: int | None
    block_hash: str | None
    token: str
    to: str
    units: int
    ok: bool
    spends: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block, and the highest one that the chain itself calls final."""

    height: int
    hash: str
    final_height: int


@dataclass(frozen=True, slots=True)
class AddressInfo:
    """A valid address in its canonical spelling, with its family (EVM, BTC, LTC, TRX) and its kind."""

    address: str
    family: str
    kind: str


@dataclass(frozen=True, slots=True)
class TxStatus:
    """Where a transaction stands; ``impossible``: another one spent the same, it can never be mined.

    Attributes:
        state: missing, mempool, mined or impossible.
        height: the block that it was mined in; of an impossible one, the block by which another had spent the
            same, None while that one is in no block itself.
        block_hash: that block's hash, for what was mined.
        ok: whether what was mined did what it was for; a reverted one cost its fee all the same.
        fee_units: what the chain took for what was mined, in units of the native coin.
        is_final: False while the chain has a word of its own for final (TRON's solidified blocks), and has not
            spoken it of this block yet.
    """

    state: TxState
    height: int | None = None
    block_hash: str | None = None
    ok: bool | None = None
    fee_units: int | None = None
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Payout:
    """What is to be paid from a hot wallet: ``units`` of ``token`` (upper-case symbol) to an address."""

    sender: str
    to: str
    token: str
    units: int
    memo: str | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """What the chain takes for a transaction, at most: ``units`` of its native coin ``token``."""

    token: str
    units: int


@dataclass(frozen=True, slots=True)
class ToSign:
    """A 32-byte digest, and whose signature it wants: a key below the account, or "" for the hot wallet's own."""

    digest: bytes
    key_path: str = ""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A built transaction: the bytes to be stored and what must be signed of it, in the order of its inputs."""

    payload: bytes
    digests: tuple[ToSign, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """The bytes that go to the node, the same at every retry, and the id they will have on the chain."""

    raw: bytes
    txid: str


@dataclass(frozen=True, slots=True)
class Coin:
    """An output that we may spend, where a chain's money lies in coins and not on accounts.

    Attributes:
        outpoint: ``txid:index`` of the output.
        units: what it is worth.
        key_path: the key that it pays to, below the account: ``1/0`` the hot wallet's, ``0/17`` a deposit's.
        confirmations: how many blocks, its own included, it lies deep.
    """

    outpoint: str
    units: int
    key_path: str
    confirmations: int = 0


@dataclass(frozen=True, slots=True)
class Spending:
    """Which coins a transaction takes, what it leaves to the chain, and what comes back to the hot wallet."""

    coins: tuple[Coin, ...]
    fee_units: int
    change_units: int


class Signer(Protocol):
    """Holds secp256k1 keys: a key service in production, local keys in the sandbox."""

    @property
    def public_key(self) -> bytes:
        """The compressed public key, 33 bytes."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a 32-byte digest: r and s, 64 bytes, s in its lower half."""
        ...

    def child(self, key_path: str) -> "Signer":
        """Return the signer of a key below the account, such as ``0/17``: deposit address number 17.

        Raises:
            KeyError: this signer holds one key and no account.
        """
        ...


class ChainAdapter(Protocol):
    """One blockchain as its nodes tell it. What asks a node may raise ChainUnavailableError."""

    @property
    def slot_kind(self) -> SlotKind:
        """What makes a payout of this chain unrepeatable."""
        ...

    @property
    def is_replaceable(self) -> bool:
        """Whether a payout that waits can be replaced by a dearer one that spends the same slot."""
        ...

    def pinned(self) -> AbstractContextManager[None]:
        """Have one and the same node answer all that is asked inside, so that its answers fit together."""
        ...

    def witness(self, height: int, block_hash: str, transfer: Transfer | None = None) -> None:
        """Have every other provider that has come so far confirm a block, before money moves on it.

        Args:
            height: the block's.
            block_hash: the block's.
            transfer: what is said to lie in it: to be confirmed too, where the block's hash does not prove it.

        Raises:
            ChainUnavailableError: one of them has another block there, or not this transfer: nobody can say who
                is right.
        """
        ...

    def validate(self, address: str) -> AddressInfo:
        """Read an address without asking the node; raises InvalidAddressError with a sentence."""
        ...

    def head(self) -> Head:
        """Return the newest block."""
        ...

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, None when there is none (yet)."""
        ...

    def block_hashes(self, first: int, last: int) -> list[str | None]:
        """Return the hashes of the blocks ``first`` to ``last``, in as few questions as the node allows."""
        ...

    def scan(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in blocks ``first`` to ``last``, in the chain's order.

        A block of the range that the node does not have is an error, never an empty block.
        """
        ...

    def mempool(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses that are in no block yet, as far as the node tells them."""
        ...

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        """Return where a transaction stands now.

        Args:
            txid: its id.
            spends: its slot as ``spends`` told it; without it, a transaction that can never be mined any more may
                look merely missing.
        """
        ...

    def balance(self, address: str, token: str) -> int:
        """Return the units of a token (upper-case symbol) that an address has in blocks."""
        ...

    def next_slot(self, address: str) -> int:
        """Return the lowest number of a sender that no mined transaction has used; 0 where slots are no numbers.

        A wallet's counter begins there, once, and a watchdog compares: a payout's number never comes from here.
        """
        ...

    def estimate(self, payout: Payout) -> Fee:
        """Return what the chain would take for this payout now, at most.

        Sender and receiver may be empty: then it is what a usual payout of that token costs.
        """
        ...

    def activation(self, address: str) -> int:
        """Return what the first native coin to an address costs because it is new there, in units of that coin.

        0 where it is not new, and on chains that take nothing for it; what ``estimate`` says has it in it.
        """
        ...

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Build the transaction that spends ``slot``: at most one transaction of a slot can ever be mined.

        The slot is the wallet's own running number in digits. Where slots are expiries, no two transactions with
        different numbers are alike, even if they pay the same.
        """
        ...

    def replacement(self, raw: bytes, fee: Fee) -> Unsigned:
        """Build the same payment out of signed bytes, in the same slot, for a higher fee.

        Every part of the fee rises by an eighth at least, or nodes would refuse it as a replacement.
        """
        ...

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign it. Signatures need not be repeatable: store the result before it is sent."""
        ...

    def spends(self, raw: bytes) -> str:
        """Return the slot that signed bytes spend, as the chain knows it: what ``status`` wants to be told.

        ``sender:nonce`` (EVM), ``txid:index,…`` (BTC, LTC), the expiration in Unix milliseconds (TRON).
        """
        ...

    def broadcast(self, raw: bytes) -> None:
        """Hand the bytes to the node; bytes that it knows already are no error.

        Raises:
            TransactionRefusedError: the node said no; ``status`` tells what is true.
        """
        ...


class CoinAdapter(ChainAdapter, Protocol):
    """A blockchain whose money lies in coins: many payouts fit one transaction, and its inputs are its slot."""

    def unspent(self, coins: Iterable[Coin]) -> list[Coin]:
        """Return those of the coins that lie in a block unspent, with their real depth and worth."""
        ...

    def is_known(self, txid: str) -> bool:
        """Tell whether any provider that can be asked has a transaction, in a block or waiting."""
        ...

    def fee_rate(self) -> int:
        """Return the going rate, in smallest units for 1,000 virtual bytes."""
        ...

    def select(self, payouts: Sequence[Payout], coins: Sequence[Coin], rate: int) -> Spending | None:
        """Choose coins for payouts, change always among the outputs; None when the coins do not suffice. Pure.

        Without payouts all the coins are spent, back to the hot wallet: so a child pays for its parent.

        Args:
            payouts: what is to be paid in one transaction.
            coins: those that are free.
            rate: smallest units for 1,000 virtual bytes.
        """
        ...

    def raised(self, payouts: Sequence[Payout], spending: Spending, fee_units: int) -> Spending | None:
        """Return the same coins at a higher fee, out of the change; None when that is too small. Pure."""
        ...

    def assemble(self, payouts: Sequence[Payout], spending: Spending, sender: str) -> Unsigned:
        """Build the transaction: an output for each payout in their order, then the change to ``sender``."""
        ...

    def change_of(self, raw: bytes, spending: Spending) -> Coin:
        """Return the change of signed bytes as a coin: what a child spends to pay for them."""
        ...

    def size(self, raw: bytes) -> int:
        """Return the virtual bytes of a transaction: what its fee is reckoned by."""
        ...
