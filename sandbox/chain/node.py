"""The node of the seven simulated chains: what the sandbox's controls do to them, what anyone may ask of them.

It is deterministic: the same seed and the same story give the same transaction ids and block hashes.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from chalicelib.chains.adapter import Head, Transfer, TxStatus
from chalicelib.chains.addresses import validate
from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.clock import Clock
from sandbox.chain import explorer, mempool, mining
from sandbox.chain.chain_state import ChainState
from sandbox.chain.errors import ChainRequestError, NodeDownError, UnknownBlockchainError
from sandbox.chain.hashing import chain_hash
from sandbox.chain.keys import hot_wallet_address
from sandbox.chain.networks import BLOCKCHAINS, fee_units
from sandbox.chain.store import ChainStore

PAYOUT_OUTCOMES = ("ok", "revert", "stuck")


class SimNode:
    """Seven blockchains in one SQLite file.

    Every method takes the blockchain's short code first and raises UnknownBlockchainError (a KeyError) for any
    other. Amounts are units of the token. Errors about a request are ChainRequestError (a ValueError).
    """

    def __init__(self, path: Path, seed: int, clock: Clock) -> None:
        self._store = ChainStore(path)
        self._seed = seed
        self._clock = clock
        self._chains = {blockchain: ChainState(self._store, blockchain) for blockchain in BLOCKCHAINS}
        with self._change():
            for chain in self._chains.values():
                self._begin(chain)

    def close(self) -> None:
        """Close the state's file."""
        self._store.close()

    # What the sandbox's controls do.

    def transfer(self, blockchain: str, address: str, token: str, units: int) -> str:
        """Let someone pay; returns the transaction's id. It is in the next block.

        Raises:
            InvalidAddressError: no address of that chain's family.
            ChainRequestError: a negative amount.
        """
        return self.transfer_many(blockchain, [(address, token, units)])

    def transfer_many(self, blockchain: str, outputs: list[tuple[str, str, int]]) -> str:
        """Let someone pay several (address, token, units) in one transaction; returns its id."""
        chain = self._chain(blockchain)
        with self._change():
            return mempool.pay(self._seed, chain, outputs)

    def mine(self, blockchain: str) -> int:
        """Mine one block and return its height."""
        chain = self._chain(blockchain)
        with self._change():
            return mining.mine(self._seed, chain)

    def reorg(self, blockchain: str, depth: int, drop: list[str] | None = None) -> None:
        """Replace the last ``depth`` blocks; the dropped transactions leave chain and mempool.

        Raises:
            ChainRequestError: the depth does not fit, or a dropped one is in no replaced block nor waiting.
            UnknownTransactionError: a dropped one was never seen.
        """
        chain = self._chain(blockchain)
        with self._change():
            mining.reorganise(self._seed, chain, depth, set(drop or ()))

    def doublespend(self, blockchain: str, txid: str) -> str:
        """Replace a transaction that is in no block; it can never be mined again. Returns the new one's id.

        Raises:
            ChainRequestError: it is in a block, or what it spends is spent already.
            UnknownTransactionError: it was never seen.
        """
        chain = self._chain(blockchain)
        with self._change():
            return mempool.double_spend(self._seed, chain, txid)

    def rebroadcast(self, blockchain: str, txid: str) -> None:
        """Let a transfer that a reorganisation dropped arrive again, with the same id.

        Raises:
            ChainRequestError: it is no dropped transfer.
            UnknownTransactionError: it was never seen.
        """
        chain = self._chain(blockchain)
        with self._change():
            mempool.return_dropped(chain, txid)

    def set_payouts(self, blockchain: str, outcome: str) -> None:
        """Say what the next blocks do with payouts: ``ok``, ``revert``, or ``stuck`` until their fee is raised."""
        chain = self._chain(blockchain)
        if outcome not in PAYOUT_OUTCOMES:
            raise ChainRequestError(f"The outcome must be one of {', '.join(PAYOUT_OUTCOMES)}.")
        with self._change():
            chain.set_chain("payouts", outcome)

    def set_outage(self, blockchain: str, seconds: float) -> None:
        """Let the node refuse to answer for so long, by the sandbox's clock; 0 ends an outage."""
        chain = self._chain(blockchain)
        if seconds < 0:
            raise ChainRequestError("An outage lasts 0 seconds or more.")
        with self._change():
            chain.set_chain("outage_until", self._clock.now() + seconds)

    def fund_hot_wallet(self, blockchain: str, token: str, units: int) -> str:
        """Put coins into the hot wallet as if they had always lain there; returns its address."""
        chain = self._chain(blockchain)
        if units < 0:
            raise ChainRequestError("Coins can only be added.")
        address = hot_wallet_address(self._seed, blockchain)
        with self._change():
            chain.book(address, token.upper(), units)
        return address

    def set_hot_wallet(self, blockchain: str, token: str, units: int) -> str:
        """Leave the hot wallet just so much, as a treasurer who takes or brings coins; returns its address."""
        missing_units = units - self.hot_wallet_balance(blockchain, token)
        address = hot_wallet_address(self._seed, blockchain)
        with self._change():
            self._chain(blockchain).book(address, token.upper(), missing_units)
        return address

    def hot_wallet_balance(self, blockchain: str, token: str) -> int:
        """Return what the hot wallet has in blocks."""
        return self.balance(blockchain, hot_wallet_address(self._seed, blockchain), token)

    # What anyone may look up, whether the node answers its clients or not.

    def transaction(self, blockchain: str, txid: str) -> explorer.TransactionView:
        """Return a transaction that chain or mempool has; raises UnknownTransactionError otherwise."""
        chain = self._chain(blockchain)
        with self._store.look():
            return explorer.transaction(chain, txid)

    def address_transfers(self, blockchain: str, address: str) -> list[explorer.TransferView]:
        """Return what moved to and from an address, oldest first, what waits in the mempool included."""
        chain = self._chain(blockchain)
        canonical = validate(address, FAMILY_OF[blockchain]).address
        with self._store.look():
            return explorer.address_transfers(chain, canonical)

    def balance(self, blockchain: str, address: str, token: str) -> int:
        """Return what an address has in blocks."""
        chain = self._chain(blockchain)
        return chain.balance(validate(address, FAMILY_OF[blockchain]).address, token.upper())

    def height(self, blockchain: str) -> int:
        """Return the height of the newest block."""
        return self._chain(blockchain).height

    # What the node answers its clients: nothing during an outage.

    def check_up(self, blockchain: str) -> None:
        """Raise NodeDownError while the outage lasts."""
        if self._clock.now() < self._chain(blockchain).outage_until:
            raise NodeDownError

    def head(self, blockchain: str) -> Head:
        """Return the newest block."""
        chain = self._chain(blockchain)
        with self._store.look():
            return explorer.head(chain)

    def block_hash(self, blockchain: str, height: int) -> str | None:
        """Return a block's hash, None when there is none at that height."""
        return self._chain(blockchain).block_hash(height)

    def transfers(self, blockchain: str, first: int, last: int) -> list[Transfer]:
        """Return every output in blocks ``first`` to ``last``; raises ChainRequestError if one is not there."""
        chain = self._chain(blockchain)
        with self._store.look():
            return explorer.transfers(chain, first, last)

    def waiting_transfers(self, blockchain: str) -> list[Transfer]:
        """Return every output that waits in the mempool."""
        chain = self._chain(blockchain)
        with self._store.look():
            return explorer.waiting_transfers(chain)

    def status(self, blockchain: str, txid: str, spends: str | None = None) -> TxStatus:
        """Return where a transaction stands."""
        chain = self._chain(blockchain)
        with self._store.look():
            return explorer.status(chain, txid, spends)

    def next_sequence(self, blockchain: str, address: str) -> int:
        """Return the lowest sequence number of a sender that no mined transaction has used."""
        chain = self._chain(blockchain)
        return chain.mined_slots(validate(address, FAMILY_OF[blockchain]).address)

    def fee(self, blockchain: str, token: str) -> tuple[str, int]:
        """Return the coin and the units that moving a token costs now."""
        self._chain(blockchain)
        return NATIVE_TOKEN_OF[blockchain], fee_units(blockchain, token)

    def broadcast(self, blockchain: str, raw: bytes) -> str:
        """Take a payout's bytes; returns its id. Raises BroadcastRefusedError, InvalidTransactionError."""
        chain = self._chain(blockchain)
        with self._change():
            return mempool.accept(chain, raw)

    def _chain(self, blockchain: str) -> ChainState:
        if blockchain not in self._chains:
            raise UnknownBlockchainError(blockchain)
        return self._chains[blockchain]

    def _change(self) -> AbstractContextManager[None]:
        return self._store.change()

    def _begin(self, chain: ChainState) -> None:
        """Mine the first block, at height 0, unless an earlier run has, and one more to stand on."""
        if chain.block_hash(0) is None:
            row = (chain.blockchain, 0, 0, "ok", 0.0)
            self._store.run_many("INSERT INTO chains VALUES (?, ?, ?, ?, ?)", [row])
            chain.set_block(0, chain_hash(self._seed, chain.blockchain, "genesis"))
            mining.mine(self._seed, chain)
