"""Two token contracts for the tests' chains, compiled once: ``compile.mjs`` says how."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class TokenContract:
    """A compiled token: its code as it lies on a chain, and where in its storage two of its mappings lie."""

    source_sha256: str
    runtime_bytecode: str
    balances_slot: int
    reverting_slot: int


@cache
def plain_token() -> TokenContract:
    """Return OpenZeppelin's ERC-20: its ``transfer`` returns True."""
    return _compiled("PlainToken")


@cache
def usdt_like() -> TokenContract:
    """Return a token whose ``transfer`` returns nothing, as Tether's on Ethereum."""
    return _compiled("UsdtLike")


def _compiled(name: str) -> TokenContract:
    compiled: dict[str, Any] = json.loads(files(__package__).joinpath("compiled.json").read_text())
    return TokenContract(**compiled["contracts"][name])
