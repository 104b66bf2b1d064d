"""Controls of what is around the product: its clock, its queues, names, prices, webhook receivers."""

from fractions import Fraction
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Amount
from chalicelib.clock import iso
from chalicelib.currencies.catalogue import Catalogue
from chalicelib.errors import InvalidRequestError, NotFoundError, ServiceUnavailableError
from sandbox.controls.desk import Desk
from sandbox.controls.panel import Control
from sandbox.controls.seconds import seconds_of
from sandbox.inbox import Manners

LONGEST_JUMP_SECONDS = 315_360_000  # ten years
LONGEST_ANSWER_SECONDS = 3600
_FORBIDDEN = {"content-length", "transfer-encoding", "connection"}


class Jump(msgspec.Struct):
    """The clock moves on."""

    seconds: Amount


class Nothing(msgspec.Struct):
    """No fields."""


class Answers(msgspec.Struct):
    """What a name resolves to, one list for each look-up."""

    addresses: Annotated[list[list[str]], Meta(min_length=1)]


class ReceiverManners(msgspec.Struct):
    """How a receiver answers."""

    status: Annotated[int, Meta(ge=200, le=599)] = 200
    delay_seconds: Amount | None = None
    headers: dict[str, str] = {}


class MovedPrice(msgspec.Struct):
    """What one whole coin is worth."""

    usd: Amount


class SilencedPrices(msgspec.Struct):
    """Whether the price sources answer."""

    silent: bool


def advance(desk: Desk, body: Jump) -> dict[str, Any]:
    """Move the clock on; what falls due on the way runs in its order."""
    desk.conductor.advance(seconds_of(body.seconds, LONGEST_JUMP_SECONDS))
    return {"now": iso(desk.env.clock.now())}


def settle(desk: Desk, _: Nothing) -> dict[str, Any]:
    """Run all that is due now to its end."""
    if not desk.conductor.settle():
        raise ServiceUnavailableError("The queues did not come to rest within five minutes.")
    return {"now": iso(desk.env.clock.now())}


def drop_messages(desk: Desk, _: Nothing) -> dict[str, Any]:
    """Lose what is in the queues."""
    desk.conductor.drop_messages()
    return {"dropped": True}


def resolve(desk: Desk, body: Answers, name: str) -> dict[str, Any]:
    """Say what a name resolves to."""
    desk.names.put(name, body.addresses)
    return {"name": name, "addresses": body.addresses}


def messages(desk: Desk, name: str) -> dict[str, Any]:
    """Show what came to a receiver."""
    return {"messages": desk.inbox.messages(name)}


def set_manners(desk: Desk, body: ReceiverManners, name: str) -> dict[str, Any]:
    """Say how a receiver answers from now on."""
    delay_seconds = seconds_of(body.delay_seconds or "0", LONGEST_ANSWER_SECONDS, "delay_seconds")
    for header, value in body.headers.items():
        if header.lower() in _FORBIDDEN or not _is_header(header, value):
            problem = {"headers": [f"{header!r} cannot be sent as a header with that value"]}
            raise InvalidRequestError("Check these fields: headers.", details=problem)
    desk.inbox.set_manners(name, Manners(body.status, delay_seconds, body.headers))
    return {"status": body.status, "delay_seconds": delay_seconds, "headers": body.headers}


def move_price(desk: Desk, body: MovedPrice, symbol: str) -> dict[str, Any]:
    """Move the local price of a coin, or of a fiat, and have it taken up at once."""
    known = _known_symbols(desk.env.catalogue)
    if symbol.upper() not in known:
        raise NotFoundError(f"No price is asked for {symbol}; there are {', '.join(sorted(known))}.")
    try:
        usd = Fraction(body.usd)
    except ValueError:
        usd = Fraction(0)
    if usd <= 0:
        problem = {"usd": ["must be a number above zero"]}
        raise InvalidRequestError("Check these fields: usd.", details=problem)
    desk.prices.move(symbol.upper(), usd)
    desk.conductor.run_schedules()
    return {"symbol": symbol.upper(), "usd": str(body.usd)}


def silence_prices(desk: Desk, body: SilencedPrices) -> dict[str, Any]:
    """Let the price sources fall silent, or answer again."""
    desk.prices.silence(body.silent)
    desk.conductor.run_schedules()
    return {"silent": body.silent}


def _known_symbols(catalogue: Catalogue) -> set[str]:
    return {token.symbol for token in catalogue.tokens()} | {fiat.code for fiat in catalogue.fiats()}


def _is_header(name: str, value: str) -> bool:
    is_token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return is_token and value.isprintable() and all(ord(character) < 256 for character in value)  # noqa: PLR2004


CONTROLS = [
    Control("POST", "/clock/advance", advance, Jump),
    Control("POST", "/settle", settle, Nothing),
    Control("POST", "/queues/drop", drop_messages, Nothing),
    Control("PUT", "/dns/{name}", resolve, Answers),
    Control("GET", "/inbox/{name}", messages),
    Control("PUT", "/inbox/{name}", set_manners, ReceiverManners),
    Control("PUT", "/prices/{symbol}", move_price, MovedPrice),
    Control("PUT", "/prices", silence_prices, SilencedPrices),
]
