"""Whom a node of Bitcoin's kind serves: chains that began as Bitcoin are told from it."""

from typing import Any

import pytest

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.identity import (
    BITCOINS_OWN_BLOCK,
    BITCOINS_OWN_HEIGHT,
    IDENTITY_OF,
    inquiry_of,
)
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.providers.provider import Provider
from tests.support.clock import FakeClock

REGTEST = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"


class Blocks:
    """A node that tells the hashes of some blocks."""

    def __init__(self, hashes: dict[int, str]) -> None:
        self.hashes = hashes

    def ask(self, method: str, *params: Any) -> Any:
        if method != "getblockhash":
            return len(self.hashes)
        if params[0] not in self.hashes:
            raise NodeRefusalError(-8, "Block height out of range")
        return self.hashes[params[0]]


def known(hashes: dict[int, str], identity: str, clock: FakeClock) -> None:
    Provider("somewhere", Blocks(hashes), inquiry_of("BTC"), identity, clock).make_known()  # type: ignore[arg-type]


def test_bitcoin_is_known_by_its_first_block_and_a_later_one(clock: FakeClock) -> None:
    known({0: IDENTITY_OF["BTC"], BITCOINS_OWN_HEIGHT: BITCOINS_OWN_BLOCK}, IDENTITY_OF["BTC"], clock)


def test_a_chain_that_began_as_bitcoin_and_left_it_is_another(clock: FakeClock) -> None:
    with pytest.raises(ChainUnavailableError, match="serves another chain"):
        known({0: IDENTITY_OF["BTC"], BITCOINS_OWN_HEIGHT: "00" * 32}, IDENTITY_OF["BTC"], clock)


def test_a_node_that_has_not_come_so_far_does_not_say(clock: FakeClock) -> None:
    with pytest.raises(ChainUnavailableError, match="does not say"):
        known({0: IDENTITY_OF["BTC"]}, IDENTITY_OF["BTC"], clock)


def test_a_test_network_has_a_first_block_of_its_own(clock: FakeClock) -> None:
    known({0: REGTEST}, REGTEST, clock)
