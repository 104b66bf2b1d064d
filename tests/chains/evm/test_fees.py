"""The arithmetic of fees: never more than was allowed, and a replacement that nodes take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.evm import fees
from chalicelib.chains.evm.chain_parameters import GWEI, PARAMETERS_OF
from chalicelib.chains.evm.transaction import EvmTransaction

ETH, BSC, MATIC = PARAMETERS_OF["ETH"], PARAMETERS_OF["BSC"], PARAMETERS_OF["MATIC"]

gases, prices = st.integers(21_000, 3_000_000), st.integers(1, 10**13)


def quote(price: int, priority: int | None) -> fees.Quote:
    return fees.Quote(price, None if priority is None else min(price, priority))


def sent(gas: int, price: int, priority: int | None) -> EvmTransaction:
    return EvmTransaction(1, 7, gas, price, priority, b"\x35" * 20, 5, b"data")


@pytest.mark.parametrize(
    ("rewards", "priority"),
    [
        ([], GWEI // 20),  # the floor
        ([0, 0, 0], GWEI // 20),
        ([GWEI, 0, 3 * GWEI, 2 * GWEI, 0], 2 * GWEI),  # the median of the blocks that had any
        ([5 * GWEI, 4 * GWEI, GWEI, 2 * GWEI, 3 * GWEI], 3 * GWEI),
        ([10**15], 50 * GWEI),  # the cap
    ],
)
def test_the_priority_is_the_usual_one_within_bounds(rewards, priority):
    assert fees.dynamic_quote(ETH, 10 * GWEI, rewards) == fees.Quote(20 * GWEI + priority, priority)


@pytest.mark.parametrize(("advised", "price"), [(0, GWEI // 20), (3 * GWEI, 3 * GWEI), (10**15, 50 * GWEI)])
def test_a_gas_price_is_the_advised_one_within_bounds(advised, price):
    assert fees.legacy_quote(BSC, advised) == fees.Quote(price, None)


def test_where_a_priority_buys_nothing_none_is_offered():
    assert fees.dynamic_quote(PARAMETERS_OF["ARB"], GWEI, [0]) == fees.Quote(2 * GWEI, 0)


def test_a_fee_that_pays_for_the_slack_alone_pays_for_nothing():
    with pytest.raises(fees.FeeTooSmallError):
        fees.affordable(21_000, 21_000 * (fees.SLACK_UNITS + 1) - 1, fees.Quote(1, None))
    assert fees.affordable(21_000, 21_000 * (fees.SLACK_UNITS + 1), fees.Quote(1, None)).price_units == 1


def test_polygon_wants_twenty_five_gwei_of_priority():
    assert fees.dynamic_quote(MATIC, 1, [1]).priority_units == 25 * GWEI


def test_a_plain_payment_takes_what_it_takes_and_a_contract_a_fifth_more():
    assert fees.with_margin(21_000) == 21_000
    assert fees.with_margin(50_001) == 60_002


@given(gases, prices, st.none() | prices)
def test_what_is_estimated_affords_what_was_quoted(gas, price, priority):
    going = quote(price, priority)
    assert fees.affordable(gas, fees.fee_units(gas, going), going) == going


@given(gases, st.integers(0, 10**20), prices, st.none() | prices)
def test_a_price_never_takes_more_than_the_fee(gas, units, price, priority):
    try:
        found = fees.affordable(gas, units, quote(price, priority))
    except fees.FeeTooSmallError:
        assert units < gas * (fees.SLACK_UNITS + 1)
        return
    assert 0 < found.price_units * gas <= units
    assert (found.priority_units or 0) <= found.price_units


@pytest.mark.parametrize(
    ("price", "priority"),
    [(10, 2), (20, 2), (22, 2), (32, 2), (33, 2 + 11), (44, 2 + 22), (1, 1)],
)
def test_what_is_far_above_the_going_price_outbids_in_both_parts(price, priority):
    units = 21_000 * (price * GWEI + fees.SLACK_UNITS)
    found = fees.affordable(21_000, units, fees.Quote(22 * GWEI, 2 * GWEI))
    assert found == fees.Quote(price * GWEI, priority * GWEI)


@given(gases, prices, prices, prices, prices)
def test_twice_the_dearest_fee_outbids_what_waits_even_if_the_chain_changed(gas, base, tip, base_now, tip_now):
    """As a slot is filled with nothing, for at most as much gas: each part of the price is above what waits."""
    waits = quote(2 * base + tip, tip)
    going = quote(2 * base_now + tip_now, tip_now)
    dearest_units = fees.fee_units(gas, waits)
    units = 2 * max(dearest_units, fees.fee_units(21_000, going))
    found = fees.affordable(21_000, units, going)
    assert 10 * found.price_units >= 11 * waits.price_units
    assert found.priority_units > waits.priority_units


@given(gases, prices, st.none() | prices, st.lists(st.integers(0, 10**12), max_size=12))
def test_every_fee_an_eighth_higher_pays_for_a_replacement(gas, price, priority, estimates):
    """As the payouts raise fees, again and again: an eighth more of the whole, rounded up, or the estimate."""
    units = fees.fee_units(gas, quote(price, priority))
    first = fees.affordable(gas, units, quote(price, priority))
    newest = sent(gas, first.price_units, first.priority_units)
    for estimate in estimates:
        raised_units = max(-(-units * 9 // 8), estimate)
        raised = fees.raised(newest, raised_units, priority)
        assert raised.price_units * gas <= raised_units
        assert 8 * raised.price_units >= 9 * newest.price_units
        assert raised.price_units > newest.price_units
        if priority is not None:
            assert 8 * raised.priority_units >= 9 * newest.priority_units
            assert newest.priority_units < raised.priority_units <= raised.price_units
        same = ("chain_id", "nonce", "gas", "to", "value_units", "data")
        assert all(getattr(raised, name) == getattr(newest, name) for name in same)
        newest, units = raised, raised_units


@pytest.mark.parametrize("percent", [0, 100, 101, 110, 112])
def test_less_than_an_eighth_more_is_refused(percent):
    newest = sent(65_000, 30 * GWEI, 2 * GWEI)
    units = 65_000 * (30 * GWEI * percent // 100 + fees.SLACK_UNITS)
    with pytest.raises(fees.FeeTooSmallError, match="eighth"):
        fees.raised(newest, units, 2 * GWEI)


def test_an_eighth_more_to_the_unit_is_enough_and_one_unit_less_is_not():
    newest = sent(65_000, 8 * GWEI, 8)
    enough = 65_000 * (9 * GWEI + fees.SLACK_UNITS)
    assert fees.raised(newest, enough, None).price_units == 9 * GWEI
    with pytest.raises(fees.FeeTooSmallError):
        fees.raised(newest, enough - 1, None)


def test_all_that_the_fee_affords_goes_into_the_price():
    newest = sent(65_000, 8 * GWEI, None)
    assert fees.raised(newest, 65_000 * 100 * GWEI, None).price_units == 100 * GWEI - fees.SLACK_UNITS


@pytest.mark.parametrize(
    ("before", "going", "after"),
    [
        (0, 0, 1),  # nodes want every part to rise
        (8, 0, 9),
        (9, 0, 11),  # rounded up
        (2 * GWEI, 5 * GWEI, 5 * GWEI),  # by now the chain wants more
        (2 * GWEI, 10**15, 20 * GWEI - fees.SLACK_UNITS),  # but never above the price
    ],
)
def test_the_priority_rises_too(before, going, after):
    newest = sent(21_000, 10 * GWEI, before)
    assert fees.raised(newest, 21_000 * 20 * GWEI, going).priority_units == after
