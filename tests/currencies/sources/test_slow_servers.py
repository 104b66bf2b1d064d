"""Servers that hang, drip, break off or talk without end."""

import json
import socket
import threading
import time

import pytest

from chalicelib.currencies.prices import PriceSourceError
from chalicelib.currencies.sources import site
from chalicelib.currencies.sources.kraken import Kraken
from tests.currencies.sources.market import SOURCES, good


@pytest.mark.parametrize("name", SOURCES)
def test_a_server_that_hangs_is_given_up_on(clock, servers, name):
    servers[name].hangs = True
    began = time.monotonic()
    with pytest.raises(PriceSourceError, match="did not answer in time"):
        SOURCES[name](clock, base_url=servers[name].url, fetch_seconds=0.5).fetch()
    assert time.monotonic() - began < 1.5, "ten questions to one server have one time together"


@pytest.mark.parametrize("name", SOURCES)
def test_a_server_that_is_not_there_is_an_error(clock, name):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(PriceSourceError, match="did not answer"):
        SOURCES[name](clock, base_url=url).fetch()


def raw_server(send):
    """A server for one connection, byte by byte."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with listener, listener.accept()[0] as connection:
            connection.recv(65_536)
            try:
                send(connection)
            except OSError:
                return  # hung up on

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


GOOD_BYTES = json.dumps(good("kraken")("", {}).says).encode()


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"]
)
def test_a_server_that_drips_cannot_outlast_the_time(clock, head):
    def drip(connection):
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    with pytest.raises(PriceSourceError, match="did not answer in time"):
        Kraken(clock, raw_server(drip), fetch_seconds=0.3).fetch()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", GOOD_BYTES),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % 99_999 + GOOD_BYTES),
        (b"HTTP/1.1 200 OK\r\n\r\n", GOOD_BYTES[:-1]),
        (b"HTTP/1.1 200 OK\r\n\r\n", GOOD_BYTES + b" " * site.ANSWER_BYTES),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40), GOOD_BYTES + b" " * site.ANSWER_BYTES),
        (b"SSH-2.0-OpenSSH_9.2\r\n", b""),
        (b"", b""),
    ],
)
def test_an_answer_that_is_cut_off_or_endless_is_an_error(clock, head, body):
    with pytest.raises(PriceSourceError, match=r"answered|did not answer"):
        Kraken(clock, raw_server(lambda connection: connection.sendall(head + body))).fetch()


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
def test_an_answer_may_end_with_its_connection(clock, head):
    def send(connection):
        connection.sendall(head)
        time.sleep(0.05)
        connection.sendall(GOOD_BYTES)

    assert Kraken(clock, raw_server(send)).fetch()


def test_a_server_without_our_trust_is_not_spoken_to(servers, clock):
    with pytest.raises(PriceSourceError, match="did not answer"):
        Kraken(clock, servers["kraken"].url.replace("http:", "https:")).fetch()
    assert servers["kraken"].asked == []
