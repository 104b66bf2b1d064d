"""The providers of each blockchain's nodes, as ``CHAIN_NODES`` names them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

SIMULATED = "sim"
REAL = ("http", "https")
TAKES_KEY = "TRX"


class Nodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One blockchain's providers. URLs and keys are secrets: its ``repr`` has none.

    Attributes:
        urls: in the order in which they are asked; ``sim://host:port`` is the simulated node, alone.
        api_key: TRON only: what is sent as ``TRON-PRO-API-KEY``.
        max_lag_blocks: how far behind the best a provider may be; None is the blockchain's usual.
    """

    urls: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=8)]
    api_key: str | None = None
    max_lag_blocks: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.urls)} providers)"

    @property
    def simulated_at(self) -> tuple[str, int] | None:
        """Host and port of the simulated node; None for real ones."""
        parts = urlsplit(self.urls[0])
        return (parts.hostname or "", parts.port or 0) if parts.scheme == SIMULATED else None


def read_nodes(said: Any, wanted: Sequence[str]) -> dict[str, Nodes]:
    """Read the nodes of every blockchain.

    Args:
        said: blockchain to a URL, a list of URLs, or an object with the fields of ``Nodes``.
        wanted: the blockchains that must be there, and no other.

    Raises:
        ValueError: a blockchain is missing or unknown, or something of it cannot be used. No URL is repeated.
    """
    if not isinstance(said, Mapping):
        raise ValueError("an object from blockchains to nodes is wanted")  # noqa: TRY004 -- the setting's fault
    _check_names(said, wanted)
    return {blockchain: nodes_of(blockchain, said[blockchain]) for blockchain in wanted}


def nodes_of(blockchain: str, said: Any) -> Nodes:
    """Read the nodes of one blockchain.

    Raises:
        ValueError: something of it cannot be used. No URL is repeated.
    """
    fields = {"urls": [said]} if isinstance(said, str) else {"urls": said} if isinstance(said, list) else said
    try:
        nodes = msgspec.convert(fields, Nodes)
    except msgspec.ValidationError as error:
        raise ValueError(f"{blockchain}: {error}") from None
    if not all(_is_sound(url) for url in nodes.urls):
        raise ValueError(f"{blockchain}: each URL must be http(s)://host… or sim://host:port")
    if len(nodes.urls) > 1 and any(url.startswith(SIMULATED) for url in nodes.urls):
        raise ValueError(f"{blockchain}: the simulated node stands alone")
    if nodes.api_key is not None and blockchain != TAKES_KEY:
        raise ValueError(f"{blockchain}: api_key is TRON's; other providers' keys stand in their URLs")
    return nodes


def _check_names(said: Mapping[str, Any], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in said]
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")
    unknown = [name for name in said if name not in wanted]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no blockchain of ours")


def _is_sound(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and (parts.port is not None or parts.scheme != SIMULATED)
    except ValueError:
        return False
    is_plain = url.isascii() and not any(character <= " " for character in url)
    return is_plain and is_complete and parts.scheme in {SIMULATED, *REAL}
