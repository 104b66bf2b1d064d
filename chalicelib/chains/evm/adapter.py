"""The adapter of Ethereum and its kin, over any node that speaks their JSON-RPC."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

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
    TransactionRefusedError,
    Transfer,
    TxStatus,
    Unsigned,
)
from chalicelib.chains.evm import (
    answers,
    blocks,
    decoding,
    fees,
    pool,
    pricing,
    signing,
    standing,
    transaction,
    witnessing,
)
from chalicelib.chains.evm.abi import account_of, balance_call
from chalicelib.chains.evm.blocks import BLOCK_BY_NUMBER
from chalicelib.chains.evm.chain_parameters import PARAMETERS_OF
from chalicelib.chains.evm.questions import FINALIZED, LATEST, Questions
from chalicelib.chains.evm.scanning import RangeScan
from chalicelib.chains.evm.transaction import EvmTransaction, InvalidTransactionError
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.providers.node import Call, Node, NodeRefusalError

_HEADERS_IN_ONE_BATCH = 50
_LONGEST_REASON = 200


class EvmAdapter:
    """One blockchain of the EVM family; a payout's slot is its sender's nonce, in digits.

    Args:
        blockchain: ``ETH``, ``ARB``, ``BSC`` or ``MATIC``.
        node: what is asked.
        tokens: each token's upper-case symbol to its contract.
    """

    def __init__(self, blockchain: str, node: Node, tokens: Mapping[str, str]) -> None:
        self._blockchain = blockchain
        self._parameters = PARAMETERS_OF[blockchain]
        self._questions = Questions(node)
        self._contracts = dict(tokens)
        self._tokens = {contract.lower(): token for token, contract in tokens.items()}
        self._range_scan = RangeScan(self._questions, self._parameters, self._tokens)

    @property
    def slot_kind(self) -> SlotKind:
        """Each sender numbers its transactions."""
        return "sequence"

    @property
    def is_replaceable(self) -> bool:
        """Nodes take a dearer transaction of the same nonce."""
        return True

    def pinned(self) -> AbstractContextManager[None]:
        """Have one and the same node answer all that is asked inside."""
        return self._questions.pinned()

    def witness(self, height: int, block_hash: str, transfer: Transfer | None = None) -> None:
        """Have every other provider that has come so far confirm a block, and a transfer in it.

        Raises:
            ChainUnavailableError: one of them has something else there, or does not say.
        """
        for other in self._questions.others():
            witnessing.confirm(other, self._contracts, height, block_hash, transfer)

    def validate(self, address: str) -> AddressInfo:
        """Read an address; raises InvalidAddressError."""
        return addresses.validate(address, FAMILY_OF[self._blockchain])

    def head(self) -> Head:
        """Return the newest block, and the highest final one as the chain's consensus says."""
        calls: list[Call] = [(BLOCK_BY_NUMBER, (LATEST, False)), (BLOCK_BY_NUMBER, (FINALIZED, False))]
        newest, final = self._questions.try_ask_all(blocks.read_header_if_any, calls)
        if newest is None or isinstance(newest, NodeRefusalError):
            raise ChainUnavailableError("The node names no newest block.")
        if isinstance(final, NodeRefusalError):  # this chain or this node has no such word
            return Head(newest.height, newest.hash, newest.height)
        return Head(newest.height, newest.hash, min(final.height, newest.height) if final else 0)

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, None when there is none (yet)."""
        return self.block_hashes(height, height)[0]

    def block_hashes(self, first: int, last: int) -> list[str | None]:
        """Return the hashes of the blocks ``first`` to ``last``."""
        hashes: list[str | None] = []
        for start in range(first, last + 1, _HEADERS_IN_ONE_BATCH):
            heights = range(start, min(last, start + _HEADERS_IN_ONE_BATCH - 1) + 1)
            calls: list[Call] = [(BLOCK_BY_NUMBER, (hex(height), False)) for height in heights]
            found = self._questions.ask_all(blocks.read_header_if_any, calls)
            if any(block and block.height != height for height, block in zip(heights, found, strict=True)):
                raise ChainUnavailableError("The node told another block than it was asked for.")
            hashes += [block.hash if block else None for block in found]
        return hashes

    def scan(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in blocks ``first`` to ``last``; a missing block is an error."""
        with self.pinned():
            return self._range_scan.transfers(first, last, match)

    def mempool(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in the block that the node would mine next."""
        return pool.waiting(self._questions, self._tokens, self._parameters.native_token, match)

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        """Return where a transaction stands now."""
        with self.pinned():
            return standing.status(self._questions, self._tokens, txid, spends)

    def balance(self, address: str, token: str) -> int:
        """Return the units of a token that an address has in blocks."""
        if token == self._parameters.native_token:
            account_of(address)
            return self._questions.ask(answers.quantity, "eth_getBalance", address, LATEST)
        call = {"to": self._contracts[token], "data": "0x" + balance_call(address).hex()}
        return self._questions.ask(answers.word, "eth_call", call, LATEST)

    def next_slot(self, address: str) -> int:
        """Return the lowest nonce of a sender that no mined transaction has used."""
        return self._questions.ask(answers.quantity, standing.COUNT, address, LATEST)

    def estimate(self, payout: Payout) -> Fee:
        """Return what the chain takes for this payout, at most."""
        anyhow = replace(payout, to=payout.to or pricing.NOBODY)
        call = pricing.call_of(self._contracts, self._parameters.native_token, anyhow)
        with self.pinned():
            is_usual = not payout.sender or not payout.to
            gas = None if is_usual else pricing.tried_gas(self._questions, payout.sender, call)
            gas = gas or pricing.usual_gas(self._questions, self._parameters, call[2])
            quote = pricing.quote_of(self._questions, self._parameters)
        return Fee(self._parameters.native_token, fees.fee_units(gas, quote))

    def activation(self, address: str) -> int:  # noqa: ARG002 -- the interface's
        """Return 0: this chain takes nothing for a new address."""
        return 0

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Build the transaction with the nonce ``slot``; it never takes more than the fee.

        Raises:
            ValueError: the fee does not pay for its gas, the sender has less than is to be paid, or the payout
                cannot be one.
        """
        to, units, data = call = pricing.call_of(self._contracts, self._parameters.native_token, payout)
        with self.pinned():
            gas = pricing.tried_gas(self._questions, payout.sender, call)
            if gas is None:
                self._check_funds(payout)
                gas = pricing.usual_gas(self._questions, self._parameters, data)
            going = pricing.quote_of(self._questions, self._parameters)
        price = fees.affordable(gas, fee.units, going)
        unsent = EvmTransaction(
            chain_id=self._parameters.chain_id,
            nonce=int(slot),
            gas=gas,
            price_units=price.price_units,
            priority_units=price.priority_units,
            to=account_of(to),
            value_units=units,
            data=data,
        )
        return signing.unsigned(unsent)

    def replacement(self, raw: bytes, fee: Fee) -> Unsigned:
        """Build the same payment with the same nonce at a higher price: as high as the fee pays for.

        Raises:
            ValueError: the bytes are no transaction of this chain, or the fee does not pay for an eighth more.
        """
        sent, _ = decoding.decode_signed(raw)
        if sent.chain_id != self._parameters.chain_id:
            raise InvalidTransactionError("The transaction is for another chain.")
        going = pricing.quote_of(self._questions, self._parameters)
        return signing.unsigned(fees.raised(sent, fee.units, going.priority_units))

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign it with the sender's key."""
        return signing.sign(unsigned, signer)

    def spends(self, raw: bytes) -> str:
        """Return ``sender:nonce``."""
        sender, sent = signing.sender_of(raw)
        return f"{sender}:{sent.nonce}"

    def broadcast(self, raw: bytes) -> None:
        """Hand the bytes to the node; what it refuses although it has them is no refusal."""
        txid = transaction.txid_of(raw)
        with self.pinned():
            try:
                told = self._questions.try_ask(answers.hash32, "eth_sendRawTransaction", "0x" + raw.hex())
            except NodeRefusalError as error:
                if self._questions.ask(_is_there, standing.TRANSACTION, txid):
                    return
                raise TransactionRefusedError(str(error)[:_LONGEST_REASON]) from error
        if told != txid:
            raise ChainUnavailableError("The node names another transaction than it was handed.")

    def _check_funds(self, payout: Payout) -> None:
        """Refuse what would only burn gas: nodes take a token's transfer that is bound to be reverted."""
        if self.balance(payout.sender, payout.token) < payout.units:
            raise ValueError("The sender has less than is to be paid.")


def _is_there(answer: object) -> bool:
    return answer is not None
