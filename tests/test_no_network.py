"""The tests themselves: none of them reaches beyond this machine."""

import socket

import pytest


@pytest.mark.parametrize("address", [("93.184.216.34", 443), ("example.com", 80), ("10.0.0.1", 80)])
def test_nothing_connects_beyond_this_machine(address):
    with socket.socket() as outward, pytest.raises(AssertionError, match="give it a fake"):
        outward.connect(address)


def test_the_machine_itself_may_be_connected_to():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
