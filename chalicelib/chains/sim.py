"""The adapter of the simulated chains: as thin over their node as the real ones are over theirs."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from chalicelib.chains import addresses, sim_transaction
from chalicelib.chains.adapter import (
    AddressInfo,
    ChainUnavailableError,
    Fee,
    Head,
    Match,
    Payout,
    Signed,
    Signer,
    TransactionRefusedError,
    Transfer,
    TxStatus,
    Unsigned,
)
from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.sim_client import SimClient

Answer = TypeVar("Answer")


class SimAdapter:
    """One simulated blockchain; its payouts' slot is the sender's sequence number, in digits."""

    def __init__(self, blockchain: str, client: SimClient) -> None:
        self._blockchain = blockchain
        self._client = client

    def validate(self, address: str) -> AddressInfo:
        """Read an address of this chain's family; raises InvalidAddressError."""
        return addresses.validate(address, FAMILY_OF[self._blockchain])

    def head(self) -> Head:
        """Return the newest block."""
        return self._ask(_read_head, "head")

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, None when there is none."""
        return self._ask(_read_block_hash, "block_hash", height=height)

    def scan(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in blocks ``first`` to ``last``; a missing block is an error."""
        return _ours(self._ask(_read_transfers, "transfers", first=first, last=last), match)

    def mempool(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses that are in no block yet."""
        return _ours(self._ask(_read_transfers, "mempool"), match)

    def status(self, txid: str) -> TxStatus:
        """Return where a transaction stands now."""
        return self._ask(_read_status, "status", txid=txid)

    def balance(self, address: str, token: str) -> int:
        """Return the units of a token that an address has in blocks."""
        return self._ask(int, "balance", address=address, token=token)

    def estimate(self, payout: Payout) -> Fee:
        """Return what the chain takes for this payout."""
        return self._ask(_read_fee, "fee", token=payout.token)

    def build(self, payout: Payout, slot: str, fee: Fee) -> Unsigned:
        """Build the transaction that spends the sender's sequence number ``slot``."""
        transaction = sim_transaction.SimTransaction(
            blockchain=self._blockchain,
            sender=payout.sender,
            sequence=int(slot),
            to=payout.to,
            token=payout.token,
            units=payout.units,
            fee_units=fee.units,
            memo=payout.memo,
        )
        payload = sim_transaction.encode_payload(transaction)
        return Unsigned(payload, sim_transaction.digest_of(payload))

    def sign(self, unsigned: Unsigned, signer: Signer) -> Signed:
        """Sign it with the sender's key."""
        raw = sim_transaction.join(unsigned.payload, signer.public_key, signer.sign(unsigned.digest))
        return Signed(raw, sim_transaction.txid_of(self._blockchain, raw))

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


def _read_transfers(answer: list[dict[str, Any]]) -> list[Transfer]:
    return [Transfer(**each | {"units": int(each["units"])}) for each in answer]


def _read_status(answer: dict[str, Any]) -> TxStatus:
    fee_units = answer["fee_units"]
    return TxStatus(**answer | {"fee_units": None if fee_units is None else int(fee_units)})


def _read_fee(answer: dict[str, Any]) -> Fee:
    return Fee(str(answer["token"]), int(answer["units"]))
