"""What the sandbox does to its blockchains, simulated or real: all of them behind one interface, by short code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.chain.explorer import TransactionView, TransferView


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the product reaches the chains: parts of its settings.

    Attributes:
        nodes: blockchain to its node's URL.
        identities: blockchain to the chain id or genesis block that its node has, where that is not mainnet's.
        hot_wallet_keys: blockchain to its hot wallet's private key in hex, where that is a key of its own.
        deposit_seeds: address family to the seed of its deposit addresses, where these are to be spent from.
    """

    nodes: Mapping[str, str]
    identities: Mapping[str, str] = field(default_factory=dict)
    hot_wallet_keys: Mapping[str, str] = field(default_factory=dict)
    deposit_seeds: Mapping[str, bytes] = field(default_factory=dict)


class Chains(Protocol):
    """All the blockchains. Amounts are the token's smallest units.

    Errors about a request are ChainRequestError (a ValueError), UnknownTransactionError and, for a blockchain that
    is none of ours, UnknownBlockchainError (KeyErrors), and InvalidAddressError.
    """

    def transfer(self, blockchain: str, address: str, token: str, units: int) -> str:
        """Let someone pay; returns the transaction's id. It is in the next block."""
        ...

    def mine(self, blockchain: str) -> int:
        """Mine one block and return its height."""
        ...

    def reorg(self, blockchain: str, depth: int, drop: list[str] | None = None) -> None:
        """Replace the last ``depth`` blocks; the dropped transactions leave chain and mempool."""
        ...

    def doublespend(self, blockchain: str, txid: str) -> str:
        """Replace a transaction that is in no block; it can never be mined again. Returns the new one's id."""
        ...

    def set_payouts(self, blockchain: str, outcome: str) -> None:
        """Say what the next blocks do with payouts: ``ok``, ``revert``, or ``stuck`` until their fee is raised."""
        ...

    def set_outage(self, blockchain: str, seconds: float) -> None:
        """Let the node refuse to answer for so long, by the sandbox's clock; 0 ends an outage."""
        ...

    def fund_hot_wallet(self, blockchain: str, token: str, units: int) -> str:
        """Put coins into the hot wallet; returns its address."""
        ...

    def set_hot_wallet(self, blockchain: str, token: str, units: int) -> str:
        """Leave the hot wallet just so much, as a treasurer who takes or brings coins; returns its address."""
        ...

    def hot_wallet_balance(self, blockchain: str, token: str) -> int:
        """Return what the hot wallet has in blocks."""
        ...

    def transaction(self, blockchain: str, txid: str) -> TransactionView:
        """Return a transaction that chain or mempool has."""
        ...

    def address_transfers(self, blockchain: str, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first, what waits in the mempool included."""
        ...

    def height(self, blockchain: str) -> int:
        """Return the height of the newest block."""
        ...
