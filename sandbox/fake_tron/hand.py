"""The hand at the fake node: it pays, mines, reorganises and breaks, as the hands at the other nodes do."""

import hashlib
from collections.abc import Mapping

from chalicelib.chains.adapter import Payout
from chalicelib.chains.networks import TRX
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.tron import fees, transaction
from chalicelib.chains.tron.accounts import account_of
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.chain.explorer import TransactionView, TransferView
from sandbox.fake_tron import explorer, parameters
from sandbox.fake_tron.chain import Signed
from sandbox.fake_tron.errors import RefusedError
from sandbox.fake_tron.node import FakeTronNode

OUTCOMES = ("ok", "revert", "stuck")
STRANGER_SUN, STRANGER_UNITS = 2**62, 2**255
LIFE_MS = 600_000
FEE_LIMIT_UNITS = 100_000_000


class TronHand:
    """Drives one fake node. Amounts are units: sun, or the token's smallest.

    Args:
        node: the node.
        tokens: symbol to contract address; TRX besides.
    """

    def __init__(self, node: FakeTronNode, tokens: Mapping[str, str]) -> None:
        self._node = node
        self._tokens = dict(tokens)
        self._signer = LocalSigner(hashlib.sha256(b"a stranger on the fake chain of TRON").digest())
        self._stranger = address_of_public_key(TRX, self._signer.public_key)
        self._paid = 0
        node.chain.strangers.add(account_of(self._stranger))
        self.fund(self._stranger, "TRX", STRANGER_SUN)
        for token in tokens:
            self.fund(self._stranger, token, STRANGER_UNITS)
        self.mine(node.chain.solid_depth + 1)  # a block to refer to that no reorganisation takes away

    def pay(self, address: str, token: str, units: int) -> str:
        """Let a stranger pay; returns the transaction's id. It is in the next block.

        Raises:
            ChainRequestError: the chain has no such transfer, of nothing for example.
        """
        with self._node.lock:
            return self._take(self._signed(Payout(self._stranger, address, token, units)))

    def pay_again(self, txid: str) -> None:
        """Send a transaction that was dropped once more, with the same bytes.

        Raises:
            UnknownTransactionError: it was never seen.
            ChainRequestError: it has expired, or is not gone.
        """
        with self._node.lock:
            self._take(self._seen(txid).raw)

    def mine(self, count: int = 1) -> None:
        """Mine blocks, three seconds of the chain's own time apart."""
        with self._node.lock:
            for _ in range(count):
                self._node.chain.mine()

    def reorg(self, depth: int, drop: list[str]) -> None:
        """Replace the newest blocks, without the dropped transactions.

        Raises:
            ChainRequestError: one of them is solid.
        """
        with self._node.lock:
            self._node.chain.reorganise(depth, set(drop))

    def doublespend(self, txid: str) -> str:
        """Make a transaction that is in no block impossible for ever: the pool loses it, and its time runs out.

        Nothing else can be done to one on TRON: accounts have no numbers that another could take. So the chain's
        clock leaps beyond the expiration, as if no block had come for so long, and blocks follow until the first
        one after the leap is solid. Whatever else waits is mined at the leap, or expires with it.

        Returns:
            The id itself: nothing takes its place.

        Raises:
            UnknownTransactionError: it was never seen.
            ChainRequestError: it is in a block.
        """
        with self._node.lock:
            chain, signed = self._node.chain, self._seen(txid)
            if chain.find(txid):
                raise ChainRequestError("The transaction is in a block.")
            chain.pool.pop(txid, None)
            left_ms = max(0, signed.transaction.expiration_ms - chain.head.time_ms)
            chain.mine((left_ms // parameters.BLOCK_MS + 1) * parameters.BLOCK_MS)
            self.mine(chain.solid_depth)
        return txid

    def set_payouts(self, outcome: str) -> None:
        """Say what the next blocks do with payouts: ``ok``, ``revert`` (contracts alone can), or ``stuck``.

        A stuck one waits until it expires.
        """
        if outcome not in OUTCOMES:
            raise ChainRequestError(f"The outcome must be one of {', '.join(OUTCOMES)}.")
        with self._node.lock:
            self._node.chain.outcome = outcome

    def fund(self, address: str, token: str, units: int) -> None:
        """Give an address coins as if they had always lain there."""
        with self._node.lock:
            states = {id(block.state): block.state for block in self._node.chain.blocks}
            for state in states.values():
                state.book(self._contract(token), account_of(address), units)

    def balance(self, address: str, token: str) -> int:
        """Return what an address has in blocks."""
        state, contract = self._node.chain.head.state, self._contract(token)
        if contract is None:
            return state.coins.get(account_of(address), 0)
        return state.units(contract, account_of(address))

    def height(self) -> int:
        """Return the height of the newest block."""
        return self._node.chain.head.height

    def transaction(self, txid: str) -> TransactionView:
        """Return a transaction that chain or pool has; raises UnknownTransactionError for any other."""
        with self._node.lock:
            return explorer.transaction(self._node.chain, self._symbols(), txid)

    def address_transfers(self, address: str) -> list[TransferView]:
        """Return what moved to and from an address, oldest first, what waits included."""
        with self._node.lock:
            return explorer.address_transfers(self._node.chain, self._symbols(), address)

    def break_for(self, seconds: float) -> None:
        """Let the node answer nobody."""
        self._node.break_for(seconds)

    def _take(self, raw: bytes) -> str:
        try:
            return self._node.chain.take(raw)
        except RefusedError as error:
            raise ChainRequestError(error.message) from error

    def _signed(self, payout: Payout) -> bytes:
        chain = self._node.chain
        solid, self._paid = chain.blocks[chain.solid_height], self._paid + 1
        contract = None if payout.token == "TRX" else self._tokens[payout.token]  # noqa: S105 - a coin's name
        raw_data = transaction.encode_raw(
            transaction.TronTransaction(
                fees.action_of(payout, contract),
                solid.height.to_bytes(8, "big")[6:8],
                bytes.fromhex(solid.hash)[8:16],
                chain.head.time_ms + LIFE_MS,
                chain.head.time_ms + self._paid,  # two payments alike are two transactions
                FEE_LIMIT_UNITS if contract else 0,
            )
        )
        digest, key = transaction.digest_of(raw_data), self._signer
        return transaction.join(raw_data, transaction.with_recovery(digest, key.sign(digest), key.public_key))

    def _contract(self, token: str) -> bytes | None:
        return None if token == "TRX" else account_of(self._tokens[token])  # noqa: S105 - a coin's name

    def _symbols(self) -> dict[bytes, str]:
        return {account_of(contract): symbol for symbol, contract in self._tokens.items()}

    def _seen(self, txid: str) -> Signed:
        if txid not in self._node.chain.seen:
            raise UnknownTransactionError(txid)
        return self._node.chain.seen[txid]
