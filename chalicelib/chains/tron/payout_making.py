"""Makes payouts: what they cost, their bytes, their signature, and handing them to the node."""

from collections.abc import Mapping

from chalicelib.chains.adapter import (
    ChainUnavailableError,
    Fee,
    Payout,
    Signed,
    Signer,
    ToSign,
    TransactionRefusedError,
    Unsigned,
)
from chalicelib.chains.networks import TRX
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.tron import fees, transaction, trc20
from chalicelib.chains.tron.accounts import address_of
from chalicelib.chains.tron.answers import words
from chalicelib.chains.tron.blocks import NATIVE_TOKEN, Block
from chalicelib.chains.tron.node_questions import SOLID, NodeQuestions
from chalicelib.chains.tron.standing import Standing

# Long enough to be sent again a few times, short enough to be signed anew soon; the chain allows a day.
LIFE_MS = 600_000
# Blocks have times that are whole seconds, three apart: a slot's number below them tells transactions apart.
_SLOTS = 1000

_NODE_IN_TROUBLE = {"SERVER_BUSY", "NO_CONNECTION", "NOT_ENOUGH_EFFECTIVE_CONNECTION", "BLOCK_UNSOLIDIFIED"}


class PayoutMaking:
    """Builds, prices and sends payouts. What asks the node may raise ChainUnavailableError."""

    def __init__(self, ask: NodeQuestions, contracts: Mapping[str, str], standing: Standing) -> None:
        self._ask = ask
        self._contracts = contracts
        self._standing = standing

    def estimate(self, payout: Payout) -> Fee:
        """Return what the chain would take for a payout, at most; a receiver left empty is a new account."""
        with self._ask.node.pinned():
            prices = self._ask.prices()
            return Fee(NATIVE_TOKEN, self._units(prices, payout))

    def activation_units(self, address: str) -> int:
        """Return the sun that the first TRX to a new account costs; 0 when the account is active."""
        if self._ask.account(address):
            return 0
        return self._ask.prices().activation_units

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Build the transaction that pays, for ten minutes from the newest block's time.

        Raises:
            ChainUnavailableError: by now the chain takes more than that fee.
            TransactionRefusedError: an amount beyond the chain, or a contract that would undo the payment.
        """
        with self._ask.node.pinned():
            solid, newest = self._ask.newest(SOLID), self._ask.newest()
            limit = self._fee_limit(payout, fee)
            self._try_out(payout)
        number = int(slot)
        contract = self._contract(payout.token)
        try:
            made = transaction.TronTransaction(
                action=fees.action_of(payout, contract),
                ref_block_bytes=ref_bytes(solid),
                ref_block_hash=ref_hash(solid),
                expiration_ms=newest.time_ms + LIFE_MS + number % _SLOTS,
                timestamp_ms=newest.time_ms + number // _SLOTS % _SLOTS,
                fee_limit_units=limit,
                memo=fees.memo_of(payout),
            )
            raw_data = transaction.encode_raw(made)
        except ValueError as error:
            raise TransactionRefusedError(f"Such a payout cannot be written: {error}.") from error
        return Unsigned(raw_data, (ToSign(transaction.digest_of(raw_data)),))

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign what was built.

        Raises:
            ValueError: the key is not the sender's.
        """
        (wanted,) = unsigned.digests
        key = signer.child(wanted.key_path) if wanted.key_path else signer
        owner = address_of(transaction.decode_raw(unsigned.payload).action.owner)
        if address_of_public_key(TRX, key.public_key) != owner:
            raise ValueError("the signer's key is not that of the sender")
        signature = transaction.with_recovery(wanted.digest, key.sign(wanted.digest), key.public_key)
        return Signed(transaction.join(unsigned.payload, signature), transaction.txid_of(unsigned.payload))

    def broadcast(self, raw: bytes) -> None:
        """Hand signed bytes to the node; it may say no to what it knows already, which is no error.

        Raises:
            TransactionRefusedError: it says no, and does not know them.
        """
        try:
            raw_data, _ = transaction.split(raw)
        except ValueError as error:
            raise TransactionRefusedError(f"These bytes are {error}.") from error
        said = self._ask.broadcast(raw)
        if said.get("result") is True:
            return
        code = said.get("code")
        if not isinstance(code, str) or code in _NODE_IN_TROUBLE:
            raise ChainUnavailableError("The node can take no transaction now.")
        if self._standing.status(transaction.txid_of(raw_data)).state == "missing":
            raise TransactionRefusedError(f"{code}: {_words(said)}")

    def _units(self, prices: fees.Prices, payout: Payout) -> int:
        contract = self._contract(payout.token)
        try:
            if contract is None:
                return fees.coin_fee_units(prices, payout, is_new=self._is_new(payout.to))
            energy = self._energy(payout, contract)
            return fees.call_fee_units(prices, payout, contract) + fees.energy_fee_units(prices, energy)
        except ValueError as error:
            raise TransactionRefusedError(f"Such a payout cannot be written: {error}.") from error

    def _fee_limit(self, payout: Payout, fee: Fee) -> int:
        """Return what of a fee is left for energy, none for TRX."""
        prices, contract = self._ask.prices(), self._contract(payout.token)
        try:
            if contract is None:
                needed = fees.coin_fee_units(prices, payout, is_new=self._is_new(payout.to))
            else:
                needed = fees.call_fee_units(prices, payout, contract)
        except ValueError as error:
            raise TransactionRefusedError(f"Such a payout cannot be written: {error}.") from error
        left = fee.units - needed
        if left < 0 or (contract and not left):
            raise ChainUnavailableError("By now the chain takes more than the fee that was reckoned.")
        return min(left, prices.most_fee_limit_units) if contract else 0

    def _try_out(self, payout: Payout) -> None:
        """Have the node try a token's payout out: one that fails would be mined too, and cost its energy."""
        contract = self._contract(payout.token)
        if contract is None:
            return
        data = trc20.transfer_data(payout.to, payout.units)
        if self._ask.trial(payout.sender, contract, data) is None:
            raise TransactionRefusedError(f"The contract of {payout.token} would undo this payment now.")

    def _energy(self, payout: Payout, contract: str) -> int:
        """Try the transfer out to an address without any of the token, which is the dearest receiver.

        A receiver that has some could empty its account before the payout is mined, and let it run out of energy.
        """
        tried = None
        if payout.sender:
            data = trc20.transfer_data(fees.NOBODY, payout.units)
            tried = self._ask.trial(payout.sender, contract, data)
        return tried[1] if tried else fees.USUAL_TRANSFER_ENERGY

    def _is_new(self, address: str) -> bool:
        return not address or self._ask.account(address) is None

    def _contract(self, token: str) -> str | None:
        return None if token == NATIVE_TOKEN else self._contracts[token]


def ref_bytes(block: Block) -> bytes:
    """Return the two bytes of a block's number by which a transaction refers to it (TAPOS)."""
    return block.height.to_bytes(8, "big")[6:8]


def ref_hash(block: Block) -> bytes:
    """Return the eight bytes of a block's id that go with them."""
    return bytes.fromhex(block.hash)[8:16]


def _words(said: Mapping[str, object]) -> str:
    try:
        return words(said.get("message"))
    except ValueError:
        return ""
