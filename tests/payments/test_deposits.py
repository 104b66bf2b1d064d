from dataclasses import replace

import pytest

from chalicelib.payments.deposits import Deposit, DepositState, Sighting, split

SIGHTING = Sighting("ETH", "0xab", 3, "ETH", 18, 10**12, 10**18, 7, "0xb7", 50.0)
DEPOSIT = Deposit("ETH", "0xab", 3, "ETH", 18, 10**18 + 5, 10**18, DepositState.SEEN, 50.0, False, 7, "0xb7")


def test_units_below_what_the_api_shows_are_dust():
    assert split(10**18 + 12_345_678_901, 18) == (10**18 + 10_000_000_000, 2_345_678_901)
    assert split(1_234_567, 6) == (1_234_567, 0)
    assert DEPOSIT.whole_units == 10**18
    assert DEPOSIT.remainder_units == 5


def test_a_sighting_and_its_deposit_have_one_identity():
    assert SIGHTING.deposit_id == DEPOSIT.deposit_id == "ETH:0xab:3"


def test_the_ledger_knows_each_round_of_a_deposit_apart():
    assert DEPOSIT.movement_id != replace(DEPOSIT, round=2).movement_id


@pytest.mark.parametrize(
    ("units", "bound", "is_dust"),
    [(10**12, 10**12, False), (10**12 - 1, 10**12, True), (10**10, 0, False), (10**10 - 1, 0, True)],
)
def test_dust_is_below_its_bound_or_too_little_to_show(units, bound, is_dust):
    assert replace(SIGHTING, units=units, dust_bound_units=bound).is_dust is is_dust


@pytest.mark.parametrize(
    ("state", "is_open", "is_live", "is_lost"),
    [
        (DepositState.SEEN, True, True, False),
        (DepositState.DUST, True, False, False),
        (DepositState.CREDITED, False, True, False),
        (DepositState.REVERSED, False, False, True),
        (DepositState.ORPHANED, False, False, True),
        (DepositState.DOUBLE_SPENT, False, False, True),
    ],
)
def test_what_each_state_means_to_the_payment(state, is_open, is_live, is_lost):
    deposit = replace(DEPOSIT, state=state)
    assert (deposit.is_open, deposit.is_live, deposit.is_lost) == (is_open, is_live, is_lost)


def test_a_deposit_is_compared_by_height_and_block():
    assert DEPOSIT.is_in_block_of(SIGHTING)
    assert not DEPOSIT.is_in_block_of(replace(SIGHTING, block_hash="0xother"))
    assert not DEPOSIT.is_in_block_of(replace(SIGHTING, height=8))
