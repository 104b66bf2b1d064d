"""Controls of the simulated chains: someone pays, blocks come, blocks go, nodes fall silent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Amount
from chalicelib.chains.addresses import InvalidAddressError
from chalicelib.errors import InvalidRequestError, NotFoundError
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.controls.amounts import decimals_of, shown, units_of
from sandbox.controls.desk import Desk, blockchain_of
from sandbox.controls.panel import Control
from sandbox.controls.seconds import seconds_of

Answer = TypeVar("Answer")

MOST_BLOCKS = 1000
LONGEST_OUTAGE_SECONDS = 31_536_000


class Transfer(msgspec.Struct):
    """Someone pays."""

    address: str
    amount: Amount
    token: Annotated[str, Meta(min_length=1, max_length=64)]


class Blocks(msgspec.Struct):
    """Blocks to be mined."""

    count: Annotated[int, Meta(ge=1, le=MOST_BLOCKS)] = 1


class Reorganisation(msgspec.Struct):
    """The last blocks are replaced."""

    depth: Annotated[int, Meta(ge=1)] = 1
    drop: list[str] = []


class DoubleSpend(msgspec.Struct):
    """A transaction is replaced for good."""

    transaction_hash: str


class Payouts(msgspec.Struct):
    """What happens to payouts from now on."""

    outcome: str


class HotWallet(msgspec.Struct):
    """What the wallet that payouts leave from is to have."""

    token: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Amount


class Outage(msgspec.Struct):
    """The node refuses to answer."""

    seconds: Amount


def transfer(desk: Desk, body: Transfer, blockchain: str) -> dict[str, Any]:
    """Let someone pay; it is in the next block."""
    code = blockchain_of(blockchain)
    units = units_of(body.amount, decimals_of(desk.env.catalogue, code, body.token))
    txid = _asked(lambda: desk.chains.transfer(code, body.address, body.token, units))
    desk.conductor.look_at(code)
    return {"transaction_hash": txid, "block": None}


def blocks(desk: Desk, body: Blocks, blockchain: str) -> dict[str, Any]:
    """Mine blocks, and deal with each before the next."""
    code = blockchain_of(blockchain)
    desk.conductor.mine(code, body.count)
    return {"blockchain": code, "height": desk.chains.height(code)}


def reorganise(desk: Desk, body: Reorganisation, blockchain: str) -> dict[str, Any]:
    """Replace the last blocks, without the dropped transactions."""
    code = blockchain_of(blockchain)
    _asked(lambda: desk.chains.reorg(code, body.depth, body.drop))
    desk.conductor.look_at(code)
    return {"blockchain": code, "height": desk.chains.height(code), "dropped": body.drop}


def double_spend(desk: Desk, body: DoubleSpend, blockchain: str) -> dict[str, Any]:
    """Replace a transaction that is in no block."""
    code = blockchain_of(blockchain)
    txid = _asked(lambda: desk.chains.doublespend(code, body.transaction_hash))
    desk.conductor.look_at(code)
    return {"transaction_hash": txid, "replaced": body.transaction_hash}


def payouts(desk: Desk, body: Payouts, blockchain: str) -> dict[str, Any]:
    """Say what happens to payouts."""
    code = blockchain_of(blockchain)
    _asked(lambda: desk.chains.set_payouts(code, body.outcome))
    return {"blockchain": code, "outcome": body.outcome}


def hot_wallet(desk: Desk, body: HotWallet, blockchain: str) -> dict[str, Any]:
    """Leave the hot wallet just so much of a token."""
    code = blockchain_of(blockchain)
    token = body.token.upper()
    units = units_of(body.amount, decimals_of(desk.env.catalogue, code, token))
    address = _asked(lambda: desk.chains.set_hot_wallet(code, token, units))
    return {"blockchain": code, "address": address, "token": token, "amount": _amount(desk, code, token, units)}


def outage(desk: Desk, body: Outage, blockchain: str) -> dict[str, Any]:
    """Let the node refuse to answer for so long, by the sandbox's clock."""
    code = blockchain_of(blockchain)
    seconds = seconds_of(body.seconds, LONGEST_OUTAGE_SECONDS)
    desk.chains.set_outage(code, seconds)
    return {"blockchain": code, "seconds": seconds}


def transaction(desk: Desk, blockchain: str, transaction_hash: str) -> dict[str, Any]:
    """Show a transaction that chain or mempool has."""
    code = blockchain_of(blockchain)
    view = _asked(lambda: desk.chains.transaction(code, transaction_hash))
    outputs = [
        {"address": leg.address, "token": leg.token, "amount": _amount(desk, code, leg.token, leg.units)}
        for leg in view.outputs
    ]
    block = {"block": view.height, "confirmations": view.confirmations}
    return {"transaction_hash": view.txid, **block, "outputs": outputs}


def address(desk: Desk, blockchain: str, address: str) -> dict[str, Any]:
    """Show what moved to and from an address, the mempool included."""
    code = blockchain_of(blockchain)
    transfers = [
        {
            "transaction_hash": view.txid,
            "direction": view.direction,
            "token": view.token,
            "amount": _amount(desk, code, view.token, view.units),
            "block": view.height,
            "confirmations": view.confirmations,
        }
        for view in _asked(lambda: desk.chains.address_transfers(code, address))
    ]
    return {"transfers": transfers}


def _amount(desk: Desk, blockchain: str, token: str, units: int) -> str:
    return shown(units, decimals_of(desk.env.catalogue, blockchain, token))


def _asked(ask: Callable[[], Answer]) -> Answer:
    with _refusals():
        return ask()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except UnknownTransactionError as error:
        raise NotFoundError(str(error.args[0])) from None
    except InvalidAddressError as error:
        raise InvalidRequestError("The address cannot be used.", details={"address": [str(error)]}) from None
    except ChainRequestError as error:
        raise InvalidRequestError(str(error)) from None


CONTROLS = [
    Control("POST", "/chains/{blockchain}/transfers", transfer, Transfer, status=201),
    Control("POST", "/chains/{blockchain}/blocks", blocks, Blocks),
    Control("POST", "/chains/{blockchain}/reorg", reorganise, Reorganisation),
    Control("POST", "/chains/{blockchain}/doublespend", double_spend, DoubleSpend),
    Control("POST", "/chains/{blockchain}/payouts", payouts, Payouts),
    Control("POST", "/chains/{blockchain}/hot-wallet", hot_wallet, HotWallet),
    Control("POST", "/chains/{blockchain}/outage", outage, Outage),
    Control("GET", "/chains/{blockchain}/transactions/{transaction_hash}", transaction),
    Control("GET", "/chains/{blockchain}/addresses/{address}", address),
]
