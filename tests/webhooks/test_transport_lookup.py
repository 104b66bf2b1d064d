import time

import pytest

from chalicelib.webhooks.lookup import ResolveError, addresses_within, system_resolver


def test_the_system_knows_this_machine():
    assert {"127.0.0.1", "::1"} & set(system_resolver("localhost"))


@pytest.mark.parametrize("host", ["a" * 64 + ".example.com", "bücher.example.com", "a..example.com"])
def test_what_is_no_name_does_not_resolve(host):
    with pytest.raises(ResolveError):
        system_resolver(host)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_is_its_own_answer(address):
    assert addresses_within(lambda _: ["10.0.0.1"], address, 1) == [address]


def test_a_look_up_is_not_waited_for_longer_than_allowed():
    started = time.monotonic()
    with pytest.raises(ResolveError, match="seconds"):
        addresses_within(lambda _: time.sleep(1) or ["1.1.1.1"], "example.com", 0.1)
    assert time.monotonic() - started < 0.9
