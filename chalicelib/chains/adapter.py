"""What the gateway asks of any blockchain: one small interface, the same for every family of chains.

Amounts are integers of the token's smallest on-chain unit. Nothing here knows a node or a framework.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

Match = Callable[[Iterable[str]], set[str]]
"""Tells which of these addresses are ours."""

TxState = Literal["missing", "mempool", "mined", "impossible"]


class ChainUnavailableError(Exception):
    """The node refuses, times out or answers nonsense: nothing is known, so try again later."""


class TransactionRefusedError(Exception):
    """The node says no to a broadcast. What a node says decides nothing: look the transaction up."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One output that moves ``units`` of ``token`` to an address; ``height`` is None while in the mempool."""

    txid: str
    index: int
    height: int | None
    block_hash: str | None
    token: str
    to: str
    units: int
    ok: bool


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
    """

    state: TxState
    height: int | None = None
    block_hash: str | None = None
    ok: bool | None = None
    fee_units: int | None = None


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
class Unsigned:
    """A built transaction: the bytes to be stored and the 32-byte digest that a signer signs."""

    payload: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """The bytes that go to the node, the same at every retry, and the id they will have on the chain."""

    raw: bytes
    txid: str


class Signer(Protocol):
    """Holds one secp256k1 key: a key service in production, a local key in the sandbox."""

    @property
    def public_key(self) -> bytes:
        """The compressed public key, 33 bytes."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a 32-byte digest: r and s, 64 bytes, s in its lower half."""
        ...


class ChainAdapter(Protocol):
    """One blockchain as its node tells it. What asks the node may raise ChainUnavailableError."""

    def validate(self, address: str) -> AddressInfo:
        """Read an address without asking the node; raises InvalidAddressError with a sentence."""
        ...

    def head(self) -> Head:
        """Return the newest block."""
        ...

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, None when there is none (yet)."""
        ...

    def scan(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in blocks ``first`` to ``last``, in the chain's order.

        A block of the range that the node does not have is an error, never an empty block.
        """
        ...

    def mempool(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses that are in no block yet."""
        ...

    def status(self, txid: str) -> TxStatus:
        """Return where a transaction stands now."""
        ...

    def balance(self, address: str, token: str) -> int:
        """Return the units of a token (upper-case symbol) that an address has in blocks."""
        ...

    def estimate(self, payout: Payout) -> Fee:
        """Return what the chain would take for this payout now."""
        ...

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Build the transaction that spends ``slot``: at most one transaction of a slot can ever be mined.

        The slot is the chain's own notion written as text: a nonce or sequence in digits, reserved inputs.
        """
        ...

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign it. Signatures need not be repeatable: store the result before it is sent."""
        ...

    def broadcast(self, raw: bytes) -> None:
        """Hand the bytes to the node; bytes that it knows already are no error.

        Raises:
            TransactionRefusedError: the node said no; ``status`` tells what is true.
        """
        ...
