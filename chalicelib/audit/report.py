"""The report: what the books say is in custody against what lies on our addresses. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

FLIGHTS_SHOWN = 50  # of each blockchain


@dataclass(frozen=True, slots=True)
class Flight:
    """One reason why chain and books differ now.

    Attributes:
        kind: ``deposit``, ``payout`` or ``filler``.
        reference: the deposit's identity, or the withdrawal's id.
        code: the currency.
        units: what the chain has more than the books; negative for what it has less.
    """

    kind: str
    reference: str
    code: str
    units: int


@dataclass(frozen=True, slots=True)
class Row:
    """One token of one blockchain; everything in its smallest units.

    Attributes:
        blockchain: the short code.
        token: the upper-case symbol.
        currency: what the books call it.
        custody_units: in custody by the books; below zero where gas was paid that nobody's money was booked for.
        on_chain_units: what lies on our addresses.
        remembered_units: the part of that which was asked for in an earlier run.
        in_flight_in_units: what lies there and is not booked yet.
        in_flight_out_units: what has left and is not booked yet.
        capital_units: what the operator says lies there and is no merchant's.
        tolerance_units: how much less may lie there.
    """

    blockchain: str
    token: str
    currency: str
    custody_units: int
    on_chain_units: int
    remembered_units: int
    in_flight_in_units: int
    in_flight_out_units: int
    capital_units: int = 0
    tolerance_units: int = 0

    @property
    def surplus_units(self) -> int:
        """What lies there beyond the books and all that is in flight, whoever it belongs to."""
        expected = self.custody_units + self.in_flight_in_units - self.in_flight_out_units
        return self.on_chain_units - expected

    @property
    def difference_units(self) -> int:
        """What is there beyond all that is explained; below zero: what is missing."""
        return self.surplus_units - self.capital_units

    @property
    def is_missing(self) -> bool:
        """Whether less is there than should be."""
        return self.difference_units < -self.tolerance_units

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say of it."""
        return not any(
            (self.custody_units, self.on_chain_units, self.in_flight_in_units, self.in_flight_out_units)
        )

    def __str__(self) -> str:
        return (
            f"{-self.difference_units} units of {self.token} are missing on {self.blockchain}: the books have"
            f" {self.custody_units}, {self.in_flight_in_units} on their way in, {self.in_flight_out_units} out,"
            f" {self.capital_units} of capital; our addresses have {self.on_chain_units}"
        )


@dataclass(frozen=True, slots=True)
class ChainReport:
    """One blockchain's part.

    Attributes:
        blockchain: the short code.
        rows: its tokens.
        flights: what is in flight.
        asked: how many balances, or coins, the node was asked for.
        unchecked: why it was not compared; None when it was.
    """

    blockchain: str
    rows: Sequence[Row] = ()
    flights: Sequence[Flight] = ()
    asked: int = 0
    unchecked: str | None = None

    @property
    def missing(self) -> list[Row]:
        """The tokens of which something is missing."""
        return [row for row in self.rows if row.is_missing]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Attributes:
        made_at: Unix seconds.
        chains: each blockchain's part.
        read: how many rows of the table were read, by kind.
    """

    made_at: int
    chains: Sequence[ChainReport]
    read: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> list[Row]:
        """All that is missing."""
        return [row for chain in self.chains for row in chain.missing]

    def body(self) -> dict[str, Any]:
        """Return it as it is stored and shown; units are integers."""
        return {
            "missing": [str(row) for row in self.missing],
            "tokens": [shown(row) for chain in self.chains for row in chain.rows],
            "in_flight": [
                {"blockchain": chain.blockchain, **asdict(flight)}
                for chain in self.chains
                for flight in _largest(chain.flights)
            ],
            "not_checked": {chain.blockchain: chain.unchecked for chain in self.chains if chain.unchecked},
            "asked": {chain.blockchain: chain.asked for chain in self.chains if chain.asked},
            "read": dict(self.read),
        }


def shown(row: Row) -> dict[str, Any]:
    """Return a row as it is stored and shown."""
    return {**asdict(row), "difference_units": row.difference_units}


def rows_of(
    blockchain: str,
    tokens: Mapping[str, str],
    custody: Mapping[str, int],
    on_chain: Mapping[str, int],
    remembered: Mapping[str, int],
    flights: Iterable[Flight],
    vouched: Mapping[str, tuple[int, int]],
) -> list[Row]:
    """Put a blockchain's rows together.

    Args:
        blockchain: the short code.
        tokens: symbol to what the books call it.
        custody: currency code to units in custody.
        on_chain: symbol to units on our addresses, and
        remembered: the part that was asked for in an earlier run.
        flights: what is in flight.
        vouched: symbol to capital and tolerance.
    """
    flying = list(flights)
    rows = []
    for token, code in sorted(tokens.items()):
        of_it = [flight.units for flight in flying if flight.code == code]
        capital_units, tolerance_units = vouched.get(token, (0, 0))
        rows.append(
            Row(
                blockchain,
                token,
                code,
                custody.get(code, 0),
                on_chain.get(token, 0),
                remembered.get(token, 0),
                sum(units for units in of_it if units > 0),
                -sum(units for units in of_it if units < 0),
                capital_units,
                tolerance_units,
            )
        )
    return [row for row in rows if not row.is_empty or row.capital_units]


def _largest(flights: Iterable[Flight]) -> list[Flight]:
    return sorted(flights, key=lambda flight: -abs(flight.units))[:FLIGHTS_SHOWN]
