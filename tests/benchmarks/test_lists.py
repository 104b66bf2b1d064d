"""Pages at the far end of a million payments: counted, so the same on every machine."""

import pytest

from benchmarks.lists import listed

pytestmark = pytest.mark.slow
WITHOUT_FILTERS, WITH_FILTERS = (3, 20), (5, 40)
AIMS = {
    "payment_list_newest": WITHOUT_FILTERS,
    "payment_list_1000000": WITHOUT_FILTERS,
    "payment_list_filtered_1000000": WITH_FILTERS,
    "payment_list_filtered_offset_1000000": WITH_FILTERS,
    "payment_list_two_filters": WITH_FILTERS,
}


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return {figure.name: float(figure.value) for figure in listed()}


@pytest.mark.parametrize(("page", "aims"), AIMS.items())
def test_a_page_costs_no_more_than_it_may(figures: dict[str, float], page: str, aims: tuple[int, int]) -> None:
    calls, units = aims
    assert 0 < figures[f"{page}.calls"] <= calls
    assert 0 < figures[f"{page}.read_units"] <= units
