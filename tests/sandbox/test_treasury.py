from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.currencies.catalogue import load_catalogue
from sandbox import treasury
from sandbox.chain.node import SimNode
from tests.support.clock import FakeClock


@pytest.fixture
def node(tmp_path: Path, clock: FakeClock) -> Iterator[SimNode]:
    made = SimNode(tmp_path / "chains.sqlite", 1, clock)
    yield made
    made.close()


def test_every_currency_can_be_paid_out_many_times_and_has_gas(node: SimNode) -> None:
    treasury.stock(node, load_catalogue())
    for currency in load_catalogue().all():
        fee_token, fee_units = node.fee(currency.blockchain, currency.token)
        assert (
            node.hot_wallet_balance(currency.blockchain, currency.token) >= 1_000 * currency.withdrawal_max_units
        )
        assert node.hot_wallet_balance(currency.blockchain, fee_token) >= 1_000 * fee_units


def test_another_start_fills_up_what_is_missing_and_adds_nothing_else(node: SimNode) -> None:
    treasury.stock(node, load_catalogue())
    full = node.hot_wallet_balance("TRX", "USDT")
    node.set_hot_wallet("TRX", "USDT", 5)
    more = node.hot_wallet_balance("BTC", "BTC") + 7
    node.set_hot_wallet("BTC", "BTC", more)
    treasury.stock(node, load_catalogue())
    assert node.hot_wallet_balance("TRX", "USDT") == full
    assert node.hot_wallet_balance("BTC", "BTC") == more
