"""What an explorer of the fake chain shows: a transaction's outputs, an address's history."""

from collections.abc import Iterator, Mapping

from chalicelib.chains.tron.accounts import address_of
from chalicelib.chains.tron.transaction import CoinTransfer
from chalicelib.chains.tron.trc20 import read_transfer_data
from sandbox.chain.errors import UnknownTransactionError
from sandbox.chain.explorer import TransactionView, TransferView
from sandbox.chain.store import Leg
from sandbox.fake_tron.chain import Chain, Signed

Symbols = Mapping[bytes, str]


def transaction(chain: Chain, symbols: Symbols, txid: str) -> TransactionView:
    """Return a transaction that chain or pool has; raises UnknownTransactionError for any other."""
    for signed, height, ok in _all(chain):
        if signed.txid == txid:
            moved = _moved(signed, symbols)
            legs = [Leg("in", 0, moved[1], moved[2], moved[3])] if moved else []
            return TransactionView(txid, height, _confirmations(chain, height), ok, legs)
    raise UnknownTransactionError(txid)


def address_transfers(chain: Chain, symbols: Symbols, address: str) -> list[TransferView]:
    """Return what moved to and from an address, oldest first, what waits included; failures moved nothing."""
    views = []
    for signed, height, ok in _all(chain):
        moved = _moved(signed, symbols) if ok else None
        if moved is None or address not in moved[:2]:
            continue
        direction = "in" if address == moved[1] else "out"
        confirmations = _confirmations(chain, height)
        views.append(TransferView(signed.txid, direction, moved[2], moved[3], height, confirmations))
    return views


def _all(chain: Chain) -> Iterator[tuple[Signed, int | None, bool]]:
    for block in chain.blocks:
        for signed, receipt in block.mined:
            yield signed, block.height, receipt.result == "SUCCESS"
    for signed in chain.pool.values():
        yield signed, None, True


def _moved(signed: Signed, symbols: Symbols) -> tuple[str, str, str, int] | None:
    """Return payer, receiver, token and units."""
    action = signed.transaction.action
    payer = address_of(action.owner)
    if isinstance(action, CoinTransfer):
        return payer, address_of(action.to), "TRX", action.units
    paid = read_transfer_data(action.data)
    return (payer, paid[0], symbols[action.contract], paid[1]) if paid else None


def _confirmations(chain: Chain, height: int | None) -> int:
    return 0 if height is None else chain.head.height - height + 1
