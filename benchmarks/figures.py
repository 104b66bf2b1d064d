"""A figure: a name, a value, a unit; one a line."""

from dataclasses import dataclass
from fractions import Fraction

from benchmarks.meter import Cost

CALLS, UNITS, MILLISECONDS, MEGABYTES = "calls", "units", "ms", "MB"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. The name says what of: ``operation.measure``."""

    name: str
    value: Fraction | float
    unit: str

    @property
    def line(self) -> str:
        """The figure as it is printed."""
        return f"{self.name} {_shown(self.value)} {self.unit}"


def calls(operation: str, cost: Cost) -> Figure:
    """Return how many AWS calls an operation makes."""
    return Figure(f"{operation}.calls", Fraction(cost.calls), CALLS)


def written(operation: str, cost: Cost) -> Figure:
    """Return how many write units an operation consumes."""
    return Figure(f"{operation}.write_units", Fraction(cost.write_units), UNITS)


def read(operation: str, cost: Cost) -> Figure:
    """Return how many read units an operation consumes."""
    return Figure(f"{operation}.read_units", cost.read_units, UNITS)


def _shown(value: Fraction | float) -> str:
    """Return at most two decimals, none for a whole number."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")
