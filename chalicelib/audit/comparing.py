"""What was stored of a block against what the chain has in it. Pure: nothing is stored here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from chalicelib.chains.records import Sighted

Kind = Literal["missed", "amount", "vanished", "coin", "replaced"]

_SENTENCES: dict[Kind, str] = {
    "missed": "was never seen",
    "amount": "was stored with another amount",
    "vanished": "is stored, and the chain does not show it",
    "coin": "lies unspent, and was not kept",
    "replaced": "is not the block that was read there, and nothing gave that one up",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a block that we have otherwise than the chain.

    Attributes:
        kind: ``missed``, ``amount``, ``vanished`` (a deposit), ``coin``, or ``replaced`` (the block as a whole:
            what follows its hash is empty then).
        blockchain: the short code.
        height: the block's height.
        block_hash: its hash.
        txid: the transaction.
        index: the output (or log) within it.
        currency: the catalogue's code.
        units: what the chain has; of a vanished one, what is stored.
        stored_units: what was stored, None for nothing.
    """

    kind: Kind
    blockchain: str
    height: int
    block_hash: str
    txid: str = ""
    index: int = 0
    currency: str = ""
    units: int = 0
    stored_units: int | None = None

    @property
    def is_repaired(self) -> bool:
        """Whether the audit stores it: what the chain does not show is taken away by nobody but the scanner."""
        return self.kind not in ("vanished", "replaced")

    def __str__(self) -> str:
        was = f" (stored: {self.stored_units})" if self.kind == "amount" else ""
        place = f"block {self.height} of {self.blockchain}, {self.block_hash}"
        if self.kind == "replaced":
            return f"{place}: {_SENTENCES[self.kind]}"
        what = f"{self.units} units{was} of {self.currency} in {self.txid}:{self.index}"
        return f"{place}: {what}: {_SENTENCES[self.kind]}"


def identity(sighted: Sighted) -> tuple[str, int]:
    """Return what tells a sighting from every other one of its block."""
    return sighted["txid"], sighted["index"]


def compare(stored: Iterable[Sighted], there: Iterable[Sighted]) -> list[Finding]:
    """Compare one block's sightings: what is stored of it, and what the chain has in it now."""
    kept, seen = _by_identity(stored), _by_identity(there)
    found = [_finding("vanished", sighted) for name, sighted in kept.items() if name not in seen]
    for name, sighted in seen.items():
        before = kept.get(name)
        if before is None:
            found.append(_finding("missed", sighted))
        elif _worth(before) != _worth(sighted):
            found.append(_finding("amount", sighted, int(before["units"])))
    return found


def together(stored: Iterable[Sighted], there: Iterable[Sighted]) -> list[Sighted]:
    """Return what is to be stored of a block: all that is stored, with what the chain has otherwise put in."""
    kept, seen = _by_identity(stored), _by_identity(there)
    fresh = {name: one for name, one in seen.items() if name not in kept or _worth(kept[name]) != _worth(one)}
    return list({**kept, **fresh}.values())


def _by_identity(sightings: Iterable[Sighted]) -> Mapping[tuple[str, int], Sighted]:
    return {identity(sighted): sighted for sighted in sightings}


def _worth(sighted: Sighted) -> tuple[str, int]:
    return sighted["currency"], int(sighted["units"])


def _finding(kind: Kind, sighted: Sighted, stored_units: int | None = None) -> Finding:
    return Finding(
        kind,
        sighted["blockchain"],
        sighted["height"],
        sighted["block_hash"],
        sighted["txid"],
        sighted["index"],
        sighted["currency"],
        int(sighted["units"]),
        stored_units,
    )
