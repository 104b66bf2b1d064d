"""Which coins are chosen: sums to the unit, fees to the byte, and no answer only where there is none."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.adapter import Coin, Payout
from chalicelib.chains.addresses import InvalidAddressError
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.coin_selection import CHEAP_RATE, MOST_INPUTS, PLENTY_OF_COINS, SMALL_COINS_ALONG
from chalicelib.chains.utxo.script import address_of, script_of
from chalicelib.chains.utxo.sizes import dust_limit, fee_units, vbytes
from chalicelib.chains.utxo.transaction import Draft, Output
from tests.chains.utxo.account import AccountSigner
from tests.chains.utxo.patience import PATIENT
from tests.chains.utxo.test_script import SCRIPTS

ACCOUNT = {family: AccountSigner(bytes(32), family) for family in ("BTC", "LTC")}
ADAPTER = {family: UtxoAdapter(family, None) for family in ("BTC", "LTC")}
DUST = {"p2pkh": 546, "p2sh": 540, "p2wpkh": 294, "p2wsh": 330, "p2tr": 330}  # as Bitcoin Core's comments have it

families = st.sampled_from(["BTC", "LTC"])
rates = st.integers(1_000, 300_000)
amounts = st.integers(6_000, 10**9)
wealth = st.lists(st.integers(1, 10**9) | st.integers(1, 10**5), max_size=140)


@st.composite
def solvent(draw):
    """Coins, payments that they can pay, and a rate: the payments take up to six tenths of the largest hundred."""
    units = draw(st.lists(st.integers(2 * 10**5, 10**7), min_size=1, max_size=140))
    share, parts = draw(st.integers(1, 60)), draw(st.integers(1, 5))
    total = sum(sorted(units)[-MOST_INPUTS:]) * share // 100
    return units, [max(6_000, total // parts)] * parts, draw(st.integers(1_000, 50_000))


def coins_of(units):
    numbers = count()
    return [
        Coin(f"{next(numbers):064x}:{number % 3}", each, f"0/{number}", 6) for number, each in enumerate(units)
    ]


def test_a_fee_is_rounded_up():
    assert [fee_units(rate, 110) for rate in (1_000, 1_001, 999, 0)] == [110, 111, 110, 0]


def test_a_hundred_coins_are_taken_where_it_needs_them_and_never_one_more():
    adapter, coins = ADAPTER["BTC"], coins_of([10_000] * 101)
    payouts = payouts_to("BTC", [500_000])
    most = 1_000_000 - needed("BTC", payouts, 100, 1_000) + 500_000
    assert len(adapter.select(payouts_to("BTC", [most]), coins, 1_000).coins) == 100
    assert adapter.select(payouts_to("BTC", [most + 1]), coins, 1_000) is None


def test_a_signature_at_its_longest_is_reckoned_with():
    script = b"\0\x14" + bytes(20)
    for inputs in (1, 4, 100):
        draft = Draft(tuple((bytes(36), 0) for _ in range(inputs)), (Output(1, script),))
        raw = draft.encode_signed([(bytes(72), bytes(33))] * inputs)
        assert ADAPTER["BTC"].size(raw) == vbytes(inputs, 31, 1)


def payouts_to(family, units, kinds=tuple(SCRIPTS)):
    sender = ACCOUNT[family].address("1/0")
    return [
        Payout(sender, address_of(SCRIPTS[kinds[place % len(kinds)]], family), family, each)
        for place, each in enumerate(units)
    ]


def worst_size(family, payouts, inputs):
    scripts = [script_of(each.to, family) for each in payouts]
    return vbytes(inputs, sum(9 + len(script) for script in scripts) + 31, len(payouts) + 1)


def needed(family, payouts, inputs, rate):
    size = worst_size(family, payouts, inputs)
    again = fee_units(rate, size + 110)
    return (
        sum(each.units for each in payouts)
        + fee_units(rate, size)
        + again
        + dust_limit(b"\0\x14" + bytes(20), family)
    )


@PATIENT
@given(families, solvent())
def test_what_is_chosen_adds_up_to_the_unit(family, case):
    units, paid, rate = case
    coins, payouts = coins_of(units), payouts_to(family, paid)
    spending = ADAPTER[family].select(payouts, coins, rate)
    assert len({coin.outpoint for coin in spending.coins}) == len(spending.coins) <= MOST_INPUTS
    assert set(spending.coins) <= set(coins)
    assert sum(coin.units for coin in spending.coins) == sum(paid) + spending.fee_units + spending.change_units
    assert spending.fee_units == fee_units(rate, worst_size(family, payouts, len(spending.coins)))
    child_and_parent = fee_units(rate, worst_size(family, payouts, len(spending.coins)) + 110)
    assert spending.change_units >= child_and_parent + dust_limit(b"\0\x14" + bytes(20), family)


@PATIENT
@given(families, wealth, st.lists(amounts, min_size=1, max_size=5), rates)
def test_there_is_no_answer_exactly_where_no_hundred_coins_suffice(family, units, paid, rate):
    payouts, largest = payouts_to(family, paid), sorted(units, reverse=True)
    suffices = any(
        sum(largest[:inputs]) >= needed(family, payouts, inputs, rate)
        for inputs in range(1, min(MOST_INPUTS, len(largest)) + 1)
    )
    assert (ADAPTER[family].select(payouts, coins_of(units), rate) is not None) == suffices


@PATIENT
@given(families, wealth, st.lists(amounts, min_size=1, max_size=5), rates, st.randoms())
def test_the_same_question_has_the_same_answer_in_whatever_order_it_is_put(family, units, paid, rate, random):
    coins, payouts = coins_of(units), payouts_to(family, paid)
    before = ADAPTER[family].select(payouts, coins, rate)
    random.shuffle(coins)
    assert ADAPTER[family].select(payouts, coins, rate) == before


@PATIENT
@given(families, solvent())
def test_no_fewer_coins_would_do(family, case):
    units, paid, rate = case
    payouts, largest = payouts_to(family, paid), sorted(units, reverse=True)
    spending = ADAPTER[family].select(payouts, coins_of(units), rate)
    along = SMALL_COINS_ALONG if len(units) > PLENTY_OF_COINS and rate <= CHEAP_RATE else 0
    for fewer in range(1, len(spending.coins) - along):
        assert sum(largest[:fewer]) < needed(family, payouts, fewer, rate)


@PATIENT
@given(families, st.lists(st.integers(10**7, 2 * 10**7), min_size=1, max_size=12), st.integers(1, 4), rates)
def test_the_fee_is_the_rate_and_at_most_one_percent_more_once_it_is_signed(family, units, parts, rate):
    adapter, account = ADAPTER[family], ACCOUNT[family]
    payouts = payouts_to(family, [sum(units) * 9 // (10 * parts)] * parts)
    spending = adapter.select(payouts, coins_of(units), rate)
    signed = adapter.sign(adapter.assemble(payouts, spending, account.address("1/0")), account)
    least = fee_units(rate, adapter.size(signed.raw))
    assert least <= spending.fee_units <= least * 1.01 + 1


@PATIENT
@given(families, st.lists(st.integers(1, 10**7), min_size=1, max_size=20), rates)
def test_without_payouts_all_the_coins_come_back_less_the_fee(family, units, rate):
    spending = ADAPTER[family].select([], coins_of(units), rate)
    fee = fee_units(rate, worst_size(family, [], len(units)))
    if spending is None:
        assert sum(units) - fee < dust_limit(b"\0\x14" + bytes(20), family)
    else:
        assert sorted(coin.units for coin in spending.coins) == sorted(units)
        assert (spending.fee_units, spending.change_units) == (fee, sum(units) - fee)
        assert spending.change_units >= dust_limit(b"\0\x14" + bytes(20), family)


def test_the_last_coin_taken_is_the_smallest_that_does():
    payouts = payouts_to("BTC", [50_000])
    assert [
        coin.units for coin in ADAPTER["BTC"].select(payouts, coins_of([10**9, 60_000, 70_000]), 1_000).coins
    ] == [60_000]


def test_where_coins_abound_and_room_is_cheap_some_small_ones_are_spent_along():
    units = [10**6] + [2_000 + each for each in range(PLENTY_OF_COINS)]
    payouts, coins = payouts_to("BTC", [50_000]), coins_of(units)
    along = ADAPTER["BTC"].select(payouts, coins, CHEAP_RATE).coins
    assert [coin.units for coin in along] == [10**6, 2_000, 2_001, 2_002, 2_003, 2_004]
    assert len(ADAPTER["BTC"].select(payouts, coins, CHEAP_RATE + 1).coins) == 1
    assert len(ADAPTER["BTC"].select(payouts, coins[:-1], CHEAP_RATE).coins) == 1


def test_small_coins_that_cost_more_than_they_are_worth_are_left_alone():
    units = [10**6] + [200] * PLENTY_OF_COINS
    assert len(ADAPTER["BTC"].select(payouts_to("BTC", [50_000]), coins_of(units), 1_000).coins) == 1


@pytest.mark.parametrize("kind", DUST)
def test_less_than_nodes_relay_is_refused_with_a_sentence(kind):
    for family, times in (("BTC", 1), ("LTC", 10)):
        limit = dust_limit(SCRIPTS[kind], family)
        assert limit == DUST[kind] * times
        assert ADAPTER[family].select(payouts_to(family, [limit], [kind]), coins_of([10**6]), 1_000)
        with pytest.raises(ValueError, match=f"do not relay less than {limit} units"):
            ADAPTER[family].select(payouts_to(family, [limit - 1], [kind]), coins_of([10**6]), 1_000)


def test_what_cannot_be_one_transaction_is_refused():
    adapter, coins = ADAPTER["BTC"], coins_of([10**9] * 2)
    with pytest.raises(ValueError, match="100 payouts"):
        adapter.select(payouts_to("BTC", [10_000] * 101), coins, 1_000)
    with pytest.raises(ValueError, match="nothing else"):
        adapter.select([Payout("", payouts_to("BTC", [1])[0].to, "USDT", 10_000)], coins, 1_000)
    with pytest.raises(InvalidAddressError):
        adapter.select([Payout("", payouts_to("LTC", [1], ["p2wpkh"])[0].to, "BTC", 10_000)], coins, 1_000)
    with pytest.raises(ValueError, match="twice"):
        adapter.select(payouts_to("BTC", [10_000]), [coins[0], coins[0]], 1_000)
    for wrong in ([], coins_of([10**6] * 101)):
        with pytest.raises(ValueError, match="1 to 100 coins"):
            adapter.select([], wrong, 1_000)


@PATIENT
@given(families, rates, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_raised_fee_is_one_that_nodes_take_and_comes_out_of_the_change(family, rate, fee, more):
    adapter, payouts = ADAPTER[family], payouts_to(family, [20_000])
    spending = adapter.select(payouts, coins_of([needed(family, payouts, 1, rate) + more]), rate)
    raised = adapter.raised(payouts, spending, fee)
    least = max(-(-spending.fee_units * 9 // 8), spending.fee_units + worst_size(family, payouts, 1))
    dust = dust_limit(b"\0\x14" + bytes(20), family)
    if raised is None:
        assert spending.change_units + spending.fee_units - max(fee, least) < dust
    else:
        assert raised.coins == spending.coins
        assert raised.fee_units == max(fee, least)
        assert raised.change_units == spending.change_units + spending.fee_units - raised.fee_units >= dust


@PATIENT
@given(families, rates)
def test_the_change_pays_the_whole_fee_once_more_at_the_least(family, rate):
    adapter, payouts = ADAPTER[family], payouts_to(family, [20_000])
    spending = adapter.select(payouts, coins_of([needed(family, payouts, 1, rate)]), rate)
    assert adapter.raised(payouts, spending, 2 * spending.fee_units) is not None
