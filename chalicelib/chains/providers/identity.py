"""Which chain a node really serves, and how far it has come: asked before anything it says is believed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.chains.networks import BTC, EVM, EVM_CHAIN_ID_OF, FAMILY_OF, LTC, TRX
from chalicelib.chains.providers.node import Node

IDENTITY_OF = {
    **{blockchain: str(chain_id) for blockchain, chain_id in EVM_CHAIN_ID_OF.items()},
    "BTC": "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    "LTC": "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2",
    "TRX": "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc",
}
"""The main networks: chain ids (EIP-155), and the hash or id of the genesis block elsewhere."""

# Bitcoin Cash and others have Bitcoin's first blocks: a later one, that Bitcoin alone has, tells them apart.
# Height and hash stand in Bitcoin Core's chainparams.cpp, as those of its snapshot of 2024.
BITCOINS_OWN_HEIGHT = 840_000
BITCOINS_OWN_BLOCK = "0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5"

MAX_LAG_BLOCKS_OF = {"TRX": 20, "ETH": 5, "BSC": 40, "ARB": 240, "MATIC": 30, "BTC": 2, "LTC": 4}
"""About a minute's blocks, as they come when all is well; more where they come by chance."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How a kind of node is asked; both raise ValueError, TypeError, KeyError or the like at nonsense.

    Attributes:
        identity: returns what ``IDENTITY_OF`` holds for the right chain.
        height: returns the height of its newest block.
    """

    identity: Callable[[Node], str]
    height: Callable[[Node], int]


def inquiry_of(blockchain: str) -> Inquiry:
    """Return how the nodes of a blockchain are asked."""
    return _INQUIRIES[FAMILY_OF[blockchain]]


def _evm_identity(node: Node) -> str:
    return str(_quantity(node.ask("eth_chainId")))


def _evm_height(node: Node) -> int:
    return _quantity(node.ask("eth_blockNumber"))


def _utxo_identity(node: Node) -> str:
    """Return the genesis block; with a later one behind it where a chain has begun as Bitcoin, and left it."""
    genesis = _text(node.ask("getblockhash", 0))
    if genesis != IDENTITY_OF["BTC"]:
        return genesis
    own = _text(node.ask("getblockhash", BITCOINS_OWN_HEIGHT))
    return genesis if own == BITCOINS_OWN_BLOCK else f"{genesis} and {own}"


def _utxo_height(node: Node) -> int:
    return _height(node.ask("getblockcount"))


def _tron_identity(node: Node) -> str:
    return _text(node.ask("/wallet/getblockbynum", {"num": 0})["blockID"])


def _tron_height(node: Node) -> int:
    return _height(node.ask("/wallet/getnowblock", {})["block_header"]["raw_data"].get("number", 0))


def _quantity(answer: Any) -> int:
    text = _text(answer)
    if not text.startswith("0x"):
        raise ValueError("no quantity")
    return _height(int(text, 16))


def _text(answer: Any) -> str:
    if not isinstance(answer, str):
        raise TypeError("no text")
    return answer.lower()


def _height(answer: Any) -> int:
    if not isinstance(answer, int) or isinstance(answer, bool) or answer < 0:
        raise ValueError("no height")
    return answer


_UTXO = Inquiry(_utxo_identity, _utxo_height)
_INQUIRIES = {
    EVM: Inquiry(_evm_identity, _evm_height),
    BTC: _UTXO,
    LTC: _UTXO,
    TRX: Inquiry(_tron_identity, _tron_height),
}
