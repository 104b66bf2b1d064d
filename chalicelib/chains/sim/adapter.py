"""The adapter of the simulated chains: as thin over their node as the real ones are over theirs."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

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
    ToSign,
    TransactionRefusedError,
    Transfer,
    TxStatus,
    Unsigned,
)
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.sim import transaction
from chalicelib.chains.sim.client import SimClient

Answer = TypeVar("Answer")


class SimAdapter:
    """One simulated blockchain; its payouts' slot is the sender's sequence number, in digits."""

    slot_kind: SlotKind = "sequence"
    is_replaceable = True

    def __init__(self, blockchain: str, client: SimClient) -> None:
        self._blockchain = blockchain
        self._client = client

    def pinned(self) -> AbstractContextManager[None]:
        """Do nothing: there is one node."""
        return nullcontext()

    def witness(self, height: int, block_hash: str, transfer: Transfer | None = None) -> None:
        """Do nothing: there is no other node that could say otherwise."""

    def validate(self, address: str) -> AddressInfo:
        """Read an address of this chain's family; raises InvalidAddressError."""
        return addresses.validate(address, FAMILY_OF[self._blockchain])

    def head(self) -> Head:
        """Return the newest block."""
        return self._ask(_read_head, "head")

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, None when there is none."""
        return self._ask(_read_block_hash, "block_hash", height=height)

    def block_hashes(self, first: int, last: int) -> list[str | None]:
        """Return the hashes of the blocks ``first`` to ``last``."""
        return self._ask(_read_block_hashes, "block_hashes", first=first, last=last)

    def scan(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in blocks ``first`` to ``last``; a missing block is an error."""
        return _ours(self._ask(_read_transfers, "transfers", first=first, last=last), match)

    def mempool(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses that are in no block yet."""
        return _ours(self._ask(_read_transfers, "mempool"), match)

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        """Return where a transaction stands now."""
        return self._ask(_read_status, "status", txid=txid, spends=spends)

    def balance(self, address: str, token: str) -> int:
        """Return the units of a token that an address has in blocks."""
        return self._ask(int, "balance", address=address, token=token)

    def next_slot(self, address: str) -> int:
        """Return the lowest sequence number of a sender that no mined transaction has used."""
        return self._ask(int, "next_sequence", address=address)

    def estimate(self, payout: Payout) -> Fee:
        """Return what the chain takes for this payout."""
        return self._ask(_read_fee, "fee", token=payout.token)

    def activation(self, address: str) -> int:  # noqa: ARG002 -- the interface's
        """Return 0: this chain takes nothing for a new address."""
        return 0

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Build the transaction that spends the sender's sequence number ``slot``."""
        payment = transaction.SimTransaction(
            blockchain=self._blockchain,
            sender=payout.sender,
            sequence=int(slot),
            to=payout.to,
            token=payout.token,
            units=payout.units,
            fee_units=fee.units,
            memo=payout.memo,
        )
        return _to_sign(payment)

    def replacement(self, raw: bytes, fee: Fee) -> Unsigned:
        """Build the same payment in the same slot at another fee; the node takes one that is an eighth higher."""
        return _to_sign(replace(transaction.read(raw), fee_units=fee.units))

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign it with the sender's key."""
        (wanted,) = unsigned.digests
        key = signer.child(wanted.key_path) if wanted.key_path else signer
        raw = transaction.join(unsigned.payload, key.public_key, key.sign(wanted.digest))
        return Signed(raw, transaction.txid_of(self._blockchain, raw))

    def spends(self, raw: bytes) -> str:
        """Return ``sender:sequence``."""
        payment = transaction.read(raw)
        return f"{payment.sender}:{payment.sequence}"

    def broadcast(self, raw: bytes) -> None:
        """Hand the bytes to the node; raises TransactionRefusedError when it says no."""
        self._client.ask("broadcast", raw=raw.hex())

    def _ask(self, read: Callable[[Any], Answer], method: str, **params: object) -> Answer:
        """Ask and read the answer; a refusal of a mere question means that the node is not of use now."""
        try:
            return read(self._client.ask(method, **params))
        except TransactionRefusedError as error:
            raise ChainUnavailableError(f"The node refuses {method}: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ChainUnavailableError(f"The node's answer to {method} makes no sense.") from error


def _ours(transfers: list[Transfer], match: Match) -> list[Transfer]:
    """Keep the transfers whose receiver is ours, asking about each address once."""
    receivers: Iterable[str] = dict.fromkeys(transfer.to for transfer in transfers)
    ours = match(receivers) if transfers else set()
    return [transfer for transfer in transfers if transfer.to in ours]


def _read_head(answer: dict[str, Any]) -> Head:
    return Head(int(answer["height"]), str(answer["hash"]), int(answer["final_height"]))


def _read_block_hash(answer: str | None) -> str | None:
    return None if answer is None else str(answer)


def _read_block_hashes(answer: list[str | None]) -> list[str | None]:
    return [_read_block_hash(each) for each in answer]


def _read_transfers(answer: list[dict[str, Any]]) -> list[Transfer]:
    return [Transfer(**each | {"units": int(each["units"])}) for each in answer]


def _read_status(answer: dict[str, Any]) -> TxStatus:
    fee_units = answer["fee_units"]
    return TxStatus(**answer | {"fee_units": None if fee_units is None else int(fee_units)})


def _read_fee(answer: dict[str, Any]) -> Fee:
    return Fee(str(answer["token"]), int(answer["units"]))


def _to_sign(payment: transaction.SimTransaction) -> Unsigned:
    payload = transaction.encode_payload(payment)
    return Unsigned(payload, (ToSign(transaction.digest_of(payload)),))
