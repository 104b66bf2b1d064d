"""What a fee estimate says of a recipient that is new to its chain: asked of the fake TRON node."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib import environment
from chalicelib.currencies.workers import refresh_prices
from chalicelib.withdrawals.fees import refresh_fees
from tests.chains.tron_backend import TronBackend
from tests.support.world import World


@pytest.fixture
def tron() -> Iterator[TronBackend]:
    backend = TronBackend("TRX")
    yield backend
    backend.close()


@pytest.fixture
def asking(paying: World, tron: TronBackend) -> World:
    env = replace(paying.env, chains={**paying.env.chains, "TRX": tron.adapter})
    environment.provide(lambda: env)
    refresh_prices(env)
    refresh_fees(env)
    paying.env = env
    return paying


def estimated(world: World, address: str, currency: str = "TRX") -> tuple[bool, str]:
    asked = {"amount": "100", "currency": currency, "address": address}
    answer = world.client.post("/withdrawal/fee-estimate/", asked)
    assert answer.status == 200, answer.text
    assert answer.json["network_fee"] >= answer.json["address_activation_fee"]
    return answer.json["is_new_address"], answer.json["address_activation_fee"]


def test_a_new_address_costs_its_activation_within_the_network_fee(asking: World, tron: TronBackend) -> None:
    address = tron.new_address()
    assert estimated(asking, address) == (True, "1.10000000")
    tron.hand.fund(address, "TRX", 1)
    assert estimated(asking, address) == (False, "0.00000000")


def test_a_token_sent_to_a_new_address_activates_nothing(asking: World, tron: TronBackend) -> None:
    assert estimated(asking, tron.new_address(), "USDTTRC20") == (True, "0.00000000")


def test_a_chain_that_does_not_answer_tells_of_no_new_address(asking: World, tron: TronBackend) -> None:
    tron.break_for(60)
    assert estimated(asking, tron.new_address()) == (False, "0.00000000")
