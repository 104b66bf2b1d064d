"""Where deposit addresses come from, and how the money that lies there comes home to the hot wallet. Pure.

Today each address is an account with a key of its own; contracts that forward, or accounts that delegate, could
take their place behind the same interface.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from chalicelib.chains.hdkeys import EXTERNAL_CHAIN, deposit_address

TOP_UP, SWEEP = "top-up", "sweep"
GAS_MARGIN = 2  # an account is given, and keeps of its own coin, so many times the fee: so that it can be raised


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies on a deposit account.

    Attributes:
        address: the account.
        key_path: its key below the account of all deposits, such as ``0/17``.
        token: what is to be brought home, by its upper-case symbol.
        units: how much of it lies there.
        gas_units: how much of the chain's native coin lies there.
    """

    address: str
    key_path: str
    token: str
    units: int
    gas_units: int


@dataclass(frozen=True, slots=True)
class Move:
    """A payment from one address of ours to another.

    Attributes:
        purpose: ``top-up`` or ``sweep``.
        source: the key that it leaves, as a path; None for the hot wallet.
        to: the address that it goes to.
        token: what is moved, by its upper-case symbol.
        units: how much.
        rest_units: how much of the token is meant to stay at most: what was kept for the fee.
    """

    purpose: str
    source: str | None
    to: str
    token: str
    units: int
    rest_units: int = 0


class AddressSource(Protocol):
    """Makes deposit addresses, and knows what it takes to bring home what was paid to one."""

    def address(self, family: str, index: int) -> str:
        """Return the deposit address number ``index`` (0, 1, 2 …) of an address family."""
        ...

    def key_path(self, index: int) -> str:
        """Return which key spends what lies at it, below the account of all deposits."""
        ...

    def moves(self, lying: Lying, hot_wallet: str, native_token: str, fee_units: int) -> tuple[Move, ...]:
        """Return what must happen, one after the other, to bring all of it home; empty when nothing can be.

        Args:
            lying: what lies on the account.
            hot_wallet: the hot wallet's address.
            native_token: the coin that the chain's fees are paid in.
            fee_units: what the payment home takes at most, in that coin.
        """
        ...


class DerivedAccounts:
    """Deposit addresses below an extended public key, where a payment home pays its own gas.

    Args:
        xpubs: address family to its account's extended public key: it makes addresses and spends nothing.
    """

    def __init__(self, xpubs: Mapping[str, str]) -> None:
        self._xpubs = xpubs

    def address(self, family: str, index: int) -> str:
        """Return the address of the child ``0/index`` (BIP-44, BIP-84)."""
        return deposit_address(family, self._xpubs[family], index)

    def key_path(self, index: int) -> str:
        """Return ``0/index``."""
        return f"{EXTERNAL_CHAIN}/{index}"

    def moves(self, lying: Lying, hot_wallet: str, native_token: str, fee_units: int) -> tuple[Move, ...]:
        """Return a top-up from the hot wallet where the account cannot pay its gas, and the payment home."""
        kept_units = GAS_MARGIN * fee_units
        if lying.token == native_token:
            units = lying.units - kept_units
            home = Move(SWEEP, lying.key_path, hot_wallet, lying.token, units, kept_units)
            return (home,) if units > 0 else ()
        if lying.units <= 0:
            return ()
        home = Move(SWEEP, lying.key_path, hot_wallet, lying.token, lying.units)
        if lying.gas_units >= fee_units:
            return (home,)
        return Move(TOP_UP, None, lying.address, native_token, kept_units - lying.gas_units), home
