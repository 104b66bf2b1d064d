"""One provider of TRON's HTTP API: asked by path, with its key in a header."""

import json
from decimal import Decimal

import pytest

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.identity import IDENTITY_OF, inquiry_of
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.providers.provider import Provider
from chalicelib.chains.providers.tron_http import TronHttpNode
from tests.chains.providers.faulty_node import answers, breaks_off, hangs, resets, send

GENESIS = {"blockID": IDENTITY_OF["TRX"].upper(), "block_header": {"raw_data": {}}}
NEWEST = {"blockID": "ab", "block_header": {"raw_data": {"number": 7}}}


@pytest.fixture
def tron(node):
    """A node that answers every path with the path and the body."""
    node.fault = lambda handler: send(handler, 200, json.dumps([handler.path, json.loads(handler.body)]).encode())
    asking = TronHttpNode(node.url + "/below/", api_key="KEY-OF-OURS", timeout_seconds=1.0)
    yield asking
    asking.close()


def test_a_path_and_a_mapping_are_asked(tron):
    assert tron.ask("/wallet/getblockbynum", {"num": 5}) == ["/below/wallet/getblockbynum", {"num": 5}]
    assert tron.ask("/wallet/getnowblock") == ["/below/wallet/getnowblock", {}]


def test_the_key_is_sent_in_the_header(node, tron):
    tron.ask("/wallet/getnowblock")
    assert {name.lower(): value for name, value in node.headers[0].items()}["tron-pro-api-key"] == "KEY-OF-OURS"


def test_many_are_asked_one_by_one(node, tron):
    def some(handler):
        said = {"Error": "no KEY-OF-OURS"} if json.loads(handler.body)["n"] == 1 else {"amount": 0.5}
        send(handler, 200, json.dumps(said).encode())

    node.fault = some
    first, second, third = tron.ask_many([("/x", ({"n": n},)) for n in range(3)])
    assert first == third == {"amount": Decimal("0.5")}
    assert isinstance(second, NodeRefusalError)
    assert second.message == "no …"
    assert node.connections == 1


@pytest.mark.parametrize("said", [{}, [], {"result": False, "code": "SIGERROR", "message": "00"}, {"txid": "aa"}])
def test_what_a_path_answers_is_an_answer(node, tron, said):
    node.fault = answers(200, json.dumps(said).encode())
    assert tron.ask("/wallet/broadcasthex", {"transaction": "00"}) == said


@pytest.mark.parametrize(
    "fault",
    [
        answers(403, b"{}"),
        answers(429),
        answers(500, b'{"Error": "x"}'),
        answers(200, b"x"),
        resets,
        breaks_off,
        hangs,
    ],
)
def test_every_oddity_is_the_one_error(node, tron, fault):
    node.fault = fault
    with pytest.raises(ChainUnavailableError) as failed:
        tron.ask("/wallet/getnowblock")
    assert "KEY-OF-OURS" not in f"{failed.value}"


@pytest.mark.parametrize(("genesis", "is_right"), [(GENESIS, True), (NEWEST, False), ({}, False), ([], False)])
def test_it_is_known_by_its_genesis_block(node, tron, clock, genesis, is_right):
    def blocks(handler):
        send(handler, 200, json.dumps(genesis if handler.path.endswith("getblockbynum") else NEWEST).encode())

    node.fault = blocks
    provider = Provider("tron", tron, inquiry_of("TRX"), IDENTITY_OF["TRX"], clock)
    if is_right:
        assert provider.look() == 7
    else:
        with pytest.raises(ChainUnavailableError):
            provider.look()
