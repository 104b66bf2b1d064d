"""What operations may cost at the most: counted, so the same on every machine. Nothing here looks at a clock."""

import pytest

from benchmarks.counted import counted
from benchmarks.figures import Figure

AIMS = {
    "token.calls": 2,
    "rate_limit.write_units": 0.2,
    "payment_create.calls": 1,
    "payment_create.write_units": 6,
    "payment_create_idempotent.write_units": 8,
    "payment_status.calls": 1,
    "payment_list.calls": 3,
    "payment_list.read_units": 20,
    "payment_life.write_units": 20,
    "payment_life_alone.write_units": 21,
    "scanner.tick_write_units": 4,
    "transfer.write_units": 4.1,
}


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return {figure.name: figure for figure in counted()}


@pytest.mark.parametrize(("name", "aim"), AIMS.items())
def test_it_costs_no_more_than_it_may(figures: dict[str, Figure], name: str, aim: float) -> None:
    assert 0 < figures[name].value <= aim


def test_the_parts_of_a_life_add_up(figures: dict[str, Figure]) -> None:
    for life in ("payment_life", "payment_life_alone"):
        parts = [figure.value for name, figure in figures.items() if name.startswith(f"{life}.")]
        total = figures[f"{life}.write_units"].value
        assert sum(parts) - total - figures[f"{life}.read_units"].value == total


def test_a_figure_is_one_line_of_name_value_unit(figures: dict[str, Figure]) -> None:
    for figure in figures.values():
        name, value, unit = figure.line.split(" ")
        assert (name, unit) == (figure.name, figure.unit)
        assert float(value) == pytest.approx(float(figure.value), abs=0.005)
