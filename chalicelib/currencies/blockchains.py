"""The blockchains we serve: their short codes, the names people use for them, and their native coins."""

from dataclasses import dataclass
from typing import Literal

Family = Literal["EVM", "BTC", "LTC", "TRX"]


class UnknownBlockchainError(ValueError):
    """No blockchain of ours has that name; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Blockchain:
    """One network that money can arrive on.

    Attributes:
        code: the short code that the API answers, upper-case.
        name: what people call it.
        family: which address format it takes; one deposit address may serve every chain of a family.
        native_token: the coin that its fees are paid in.
        native_decimals: how many decimals that coin has.
        aliases: other names that callers may send, lower-case, without separators.
        chain_id: the number that EIP-155 gives an EVM network; none elsewhere.
    """

    code: str
    name: str
    family: Family
    native_token: str
    native_decimals: int
    aliases: tuple[str, ...]
    chain_id: int | None = None

    @property
    def lower_code(self) -> str:
        """The code as ``GET /currencies/?full=true`` shows it: ``trx``."""
        return self.code.lower()


BLOCKCHAINS = (
    Blockchain("TRX", "TRON", "TRX", "TRX", 6, ("tron", "trc20", "tronnetwork")),
    Blockchain("ETH", "Ethereum", "EVM", "ETH", 18, ("ethereum", "erc20", "ethereummainnet"), chain_id=1),
    Blockchain(
        "BSC", "BNB Smart Chain", "EVM", "BNB", 18, ("bnb", "bep20", "binance", "binancesmartchain"), chain_id=56
    ),
    Blockchain("ARB", "Arbitrum One", "EVM", "ETH", 18, ("arbitrum", "arb1"), chain_id=42161),
    Blockchain("MATIC", "Polygon", "EVM", "POL", 18, ("pol", "polygonpos"), chain_id=137),
    Blockchain("BTC", "Bitcoin", "BTC", "BTC", 8, ()),
    Blockchain("LTC", "Litecoin", "LTC", "LTC", 8, ()),
)


def blockchain_by_name(name: str) -> Blockchain:
    """Find a blockchain by its code, its name or a usual alias, in any case.

    Args:
        name: such as ``TRX``, ``tron``, ``Arbitrum One`` or ``polygon``; spaces, ``-`` and ``_`` do not count.

    Raises:
        UnknownBlockchainError: no blockchain of ours is called that.
    """
    found = _BY_NAME.get(_key(name))
    if found is None:
        codes = ", ".join(chain.code for chain in BLOCKCHAINS)
        raise UnknownBlockchainError(f"There is no such blockchain here: send one of {codes}.")
    return found


def _key(name: str) -> str:
    """Reduce a name to what is compared; an empty key never matches."""
    if not name.isascii():  # "K" has a Unicode look-alike that lower() would turn into "k"
        return ""
    return name.strip().lower().replace(" ", "").replace("-", "").replace("_", "")


_BY_NAME = {_key(name): chain for chain in BLOCKCHAINS for name in (chain.code, chain.name, *chain.aliases)}
