"""Bitcoin and Litecoin behind the gateway's interface: coins, batches of payouts, P2WPKH keys of our own."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from chalicelib.chains import addresses
from chalicelib.chains.adapter import (
    AddressInfo,
    ChainUnavailableError,
    Coin,
    Fee,
    Head,
    Match,
    Payout,
    Signed,
    Signer,
    SlotKind,
    Spending,
    TransactionRefusedError,
    Transfer,
    TxStatus,
    Unsigned,
)
from chalicelib.chains.networks import BTC, FAMILY_OF
from chalicelib.chains.providers.node import Node, NodeRefusalError
from chalicelib.chains.utxo import coin_selection, scanning, second_opinion, signing, spendable
from chalicelib.chains.utxo.coin_node import CoinNode
from chalicelib.chains.utxo.encoding import MalformedError
from chalicelib.chains.utxo.pool import Pool
from chalicelib.chains.utxo.reading import SeenTransaction, read_alone
from chalicelib.chains.utxo.script import script_of
from chalicelib.chains.utxo.sizes import P2WPKH_OUTPUT_BYTES, WEIGHT_OF_A_VBYTE, fee_units, vbytes
from chalicelib.chains.utxo.spenders import Spenders
from chalicelib.chains.utxo.standing import standing
from chalicelib.chains.utxo.transaction import Output
from chalicelib.chains.utxo.transfers import spends_of

USUAL_INPUTS = 2
# -22: bytes that are no transaction; -25, -26, -27: what is missing, not allowed, already there.
_REFUSALS = {-22, -25, -26, -27}


class UtxoAdapter:
    """One blockchain of the Bitcoin family; a payout's slot is the coins that its transaction spends.

    Deposits are coins of the hot wallet as they are: the account is ``m/84'/coin'/0'`` (BIP-84), deposit address
    number 17 its key ``0/17``, the hot wallet's own key ``1/0``.
    """

    slot_kind: SlotKind = "inputs"

    def __init__(self, blockchain: str, node: Node) -> None:
        self._family = FAMILY_OF[blockchain]
        self._node = CoinNode(node)
        self._spenders = Spenders(self._node)
        self._pool = Pool(self._node, self._family)

    @property
    def is_replaceable(self) -> bool:
        """Bitcoin's nodes replace what signals it (BIP-125); on Litecoin a child must pay for its parent."""
        return self._family == BTC

    def pinned(self) -> AbstractContextManager[None]:
        """Have one and the same node answer all that is asked inside."""
        return self._node.pinned()

    def witness(
        self,
        height: int,
        block_hash: str,
        transfer: Transfer | None = None,  # noqa: ARG002 -- what lies in a block, its hash proves
    ) -> None:
        """Have every other provider that has come so far confirm a block; raises ChainUnavailableError."""
        for other in self._node.others():
            try:
                (seen,) = other.block_hashes(height, height)
            except ChainUnavailableError:
                continue  # one that cannot be asked is no witness
            if seen not in (None, block_hash):
                raise ChainUnavailableError(f"Another provider has another block at height {height}.")

    def validate(self, address: str) -> AddressInfo:
        """Read an address of this chain's family; raises InvalidAddressError."""
        return addresses.validate(address, self._family)

    def head(self) -> Head:
        """Return the newest block; nothing here is final but by its depth."""
        return self._node.head()

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, None when there is none."""
        return self.block_hashes(height, height)[0]

    def block_hashes(self, first: int, last: int) -> list[str | None]:
        """Return the hashes of the blocks ``first`` to ``last``, a hundred in one question."""
        return self._node.block_hashes(first, last)

    def scan(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in blocks ``first`` to ``last``; a missing block is an error.

        Every block is proven: by its header's hash, by the header's Merkle root, by its predecessor's hash.
        """
        with self.pinned():
            return scanning.scan(self._node, self._family, first, last, match)

    def mempool(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses that wait, as far as this adapter has caught up with the pool."""
        with self.pinned():
            return self._pool.look(match)

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        """Return where a transaction stands now; without ``spends`` it is never called impossible."""
        return standing(self._node, self._spenders, txid, spends)

    def is_known(self, txid: str) -> bool:
        """Tell whether any provider that can be asked has a transaction, in a block or in its memory pool."""
        with self.pinned():
            return self._node.find(txid) is not None or second_opinion.is_known(self._node, txid)

    def balance(self, address: str, token: str) -> int:
        """Return the units of the coin that an address has in blocks.

        The node reads its whole chain state for it, on the main network for minutes: for an audit, and nothing
        else. What we have follows from our own records, and ``unspent`` proves it.
        """
        if token != self._family:
            return 0
        return self._node.total_of(script_of(address, self._family))

    def next_slot(self, address: str) -> int:  # noqa: ARG002 - the interface's; slots are coins here
        """Return 0: slots are no numbers of the chain's."""
        return 0

    def estimate(self, payout: Payout) -> Fee:
        """Return what a usual payout costs now: two coins spent, one output and change."""
        to_bytes = P2WPKH_OUTPUT_BYTES
        if payout.to:
            to_bytes = len(Output(0, script_of(payout.to, self._family)).encode())
        size = vbytes(USUAL_INPUTS, to_bytes + P2WPKH_OUTPUT_BYTES, 2)
        return Fee(self._family, fee_units(self.fee_rate(), size))

    def activation(self, address: str) -> int:  # noqa: ARG002 -- the interface's
        """Return 0: this chain takes nothing for a new address."""
        return 0

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Raise TypeError: coins are chosen for a batch, by ``select`` and ``assemble``."""
        del payout, slot, fee
        raise TypeError("A payout in coins is built by select and assemble: its slot is no number.")

    def replacement(self, raw: bytes, fee: Fee) -> Unsigned:
        """Raise TypeError: a batch is made dearer by ``raised``, or by a child."""
        del raw, fee
        raise TypeError("A payout in coins is made dearer by raised, or by a child that spends its change.")

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign each input with the key that its coin pays to; raises KeyError when the signer has no account."""
        return signing.sign(unsigned, signer)

    def spends(self, raw: bytes) -> str:
        """Return the coins that signed bytes spend: ``txid:index,…`` in the order of the inputs."""
        return spends_of(read_alone(raw))

    def broadcast(self, raw: bytes) -> None:
        """Hand the bytes to the node; whatever it says, they are refused only if it does not have them then.

        It never takes more than its own highest fee rate (0.1 coins for 1,000 virtual bytes by default).
        """
        with self.pinned():
            try:
                self._node.send(raw)
            except NodeRefusalError as refusal:
                if refusal.code not in _REFUSALS:
                    raise ChainUnavailableError(f"The node refuses sendrawtransaction: {refusal}") from refusal
                if not self._has(raw):
                    raise TransactionRefusedError(str(refusal)) from refusal

    def _has(self, raw: bytes) -> bool:
        try:
            transaction = read_alone(raw)
        except MalformedError:
            return False
        return self._node.find(transaction.txid) is not None

    def unspent(self, coins: Iterable[Coin]) -> list[Coin]:
        """Return those of the coins that are in a block and unspent, with their real depth and worth.

        What nobody may spend yet is left out: new coins less than a hundred blocks deep, and what came out of
        Litecoin's MWEB less than six.
        """
        with self.pinned():
            return spendable.unspent(self._node, self._family, coins)

    def fee_rate(self) -> int:
        """Return the going rate for the next three blocks, in smallest units for 1,000 virtual bytes."""
        return self._node.fee_rate()

    def select(self, payouts: Sequence[Payout], coins: Sequence[Coin], rate: int) -> Spending | None:
        """Choose coins for payouts, change always among the outputs; None when a hundred coins do not suffice.

        Without payouts all the coins are spent, back to the hot wallet.

        Raises:
            ValueError: no node would relay one of the payouts, or there are too many; the sentence says which.
        """
        wanted = signing.wanted(signing.outputs_of(payouts, self._family), self._family)
        chosen = coin_selection.choose if payouts else coin_selection.spend_all
        return chosen(wanted, coins, rate)

    def raised(self, payouts: Sequence[Payout], spending: Spending, fee_units: int) -> Spending | None:
        """Return the same coins at a fee that nodes take as a replacement, taken from the change.

        At least ``fee_units``, an eighth more than it was, and more by what relaying it costs (BIP-125).

        Returns:
            None when the change is too small for it.
        """
        wanted = signing.wanted(signing.outputs_of(payouts, self._family), self._family)
        return coin_selection.raise_fee(wanted, spending, fee_units)

    def assemble(self, payouts: Sequence[Payout], spending: Spending, sender: str) -> Unsigned:
        """Build the transaction: an output for each payout in their order, then the change to ``sender``."""
        return signing.assemble(payouts, spending, sender, self._family)

    def change_of(self, raw: bytes, spending: Spending) -> Coin:
        """Return the change of signed bytes as a coin; raises ValueError when it is not theirs."""
        return signing.change_of(read_alone(raw), spending)

    def size(self, raw: bytes) -> int:
        """Return the virtual bytes of a transaction: a quarter of its weight, rounded up (BIP-141)."""
        return _vbytes_of(read_alone(raw))


def _vbytes_of(transaction: SeenTransaction) -> int:
    weight = transaction.stripped_bytes * (WEIGHT_OF_A_VBYTE - 1) + transaction.total_bytes
    return -(-weight // WEIGHT_OF_A_VBYTE)
