"""The variables that ``make run`` takes, each read once and refused with a sentence when wrong."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from chalicelib.money import FIAT_DECIMALS, InvalidAmountError, parse_units
from sandbox.engine.engine import ENGINES

T = TypeVar("T")

HIGHEST_PORT = 65_535
LONGEST_BLOCK_SECONDS = 86_400
SIMULATED, REAL = "simulated", "real"


class VariableError(Exception):
    """A variable is wrong; the message is one sentence that says what to set instead."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What the person who starts the sandbox may choose.

    Attributes:
        port: of the public API.
        control_port: of the sandbox's own controls.
        directory: all state lies here.
        engine: ``ministack`` or ``dynamodb-local``.
        local_callbacks: webhooks may go to http and loopback.
        rate_limits: whether token requests are limited.
        block_seconds: a block on every chain this often; 0 is never by itself.
        seed: what keys, prices and the chains' hashes are made from.
        chains: ``simulated`` or ``real``: what the blockchains are.
        sweep_above_cents: deposits are swept to the hot wallets from this worth on, in US cents; None: never.
    """

    port: int
    control_port: int
    directory: Path
    engine: str
    local_callbacks: bool
    rate_limits: bool
    block_seconds: float
    seed: int
    chains: str = SIMULATED
    sweep_above_cents: int | None = None

    @property
    def base_url(self) -> str:
        """Where the public API answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def control_url(self) -> str:
        """Where the controls answer."""
        return f"http://127.0.0.1:{self.control_port}"


def read(environment: Mapping[str, str]) -> Variables:
    """Read the variables; one that is empty counts as not set.

    Raises:
        VariableError: one of them cannot be used.
    """
    variables = Variables(
        port=_read(environment, "PORT", "8000", _port),
        control_port=_read(environment, "CONTROL_PORT", "8001", _port),
        directory=_read(environment, "SANDBOX_DIR", ".sandbox", _directory),
        engine=_read(environment, "ENGINE", ENGINES[0], _engine),
        local_callbacks=_read(environment, "LOCAL_CALLBACKS", "1", _flag),
        rate_limits=_read(environment, "RATE_LIMITS", "1", _flag),
        block_seconds=_read(environment, "BLOCK_SECONDS", "2", _block_seconds),
        seed=_read(environment, "SANDBOX_SEED", "1", _seed),
        chains=_read(environment, "CHAINS", SIMULATED, _chains),
        sweep_above_cents=_read(environment, "SWEEP_ABOVE_USD", "", _cents),
    )
    if variables.port == variables.control_port:
        raise VariableError(f"PORT and CONTROL_PORT are both {variables.port}: give each its own.")
    return variables


def _read(environment: Mapping[str, str], name: str, default: str, parse: Callable[[str], T]) -> T:
    text = environment.get(name, "").strip() or default
    try:
        return parse(text)
    except ValueError as error:
        raise VariableError(f"{name} is {text!r}, but {error}.") from None


def _port(text: str) -> int:
    if not _is_whole(text) or not 1 <= int(text) <= HIGHEST_PORT:
        raise ValueError(f"it must be a port number from 1 to {HIGHEST_PORT}")
    return int(text)


def _directory(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("it must name a directory, and that is a file")
    return path


def _engine(text: str) -> str:
    if text not in ENGINES:
        raise ValueError(f"it must be {' or '.join(ENGINES)}")
    return text


def _chains(text: str) -> str:
    if text not in {SIMULATED, REAL}:
        raise ValueError(f"it must be {SIMULATED} or {REAL}")
    return text


def _cents(text: str) -> int | None:
    try:
        cents = parse_units(text, FIAT_DECIMALS) if text else None
    except InvalidAmountError:
        cents = 0
    if cents == 0:
        raise ValueError("it must be an amount in US dollars, such as 100, or left out")
    return cents


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("it must be 0 or 1")
    return text == "1"


def _block_seconds(text: str) -> float:
    sentence = f"it must be a number of seconds from 0 (no blocks by themselves) to {LONGEST_BLOCK_SECONDS}"
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError(sentence) from None
    if not math.isfinite(seconds) or not 0 <= seconds <= LONGEST_BLOCK_SECONDS:
        raise ValueError(sentence)
    return seconds


def _seed(text: str) -> int:
    if not _is_whole(text):
        raise ValueError("it must be a whole number of at most 18 digits, 0 or more")
    return int(text)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18  # noqa: PLR2004 -- fits everywhere
