"""The control port: who gets in, what it finds, and the receivers behind it."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.currencies.catalogue import load_catalogue
from chalicelib.errors import InvalidRequestError
from sandbox.clock import SandboxClock
from sandbox.controls.amounts import decimals_of, shown, units_of
from sandbox.inbox import Inbox, Manners
from sandbox.names import LocalNames
from sandbox.prices import PriceDesk
from sandbox.state_file import StateFile
from sandbox.web import control_server


class Client:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.request(method, path, sent, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        assert response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(content)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(
        StateFile(tmp_path / "state"), SandboxClock(StateFile(tmp_path / "clock"), lambda: 1_800_000_000.0)
    )


@pytest.fixture
def client(tmp_path: Path, inbox: Inbox) -> Iterator[Client]:
    file = StateFile(tmp_path / "others")
    desk: Any = SimpleNamespace(
        inbox=inbox, names=LocalNames(file, lambda host: ["9.9.9.9"]), prices=PriceDesk(file)
    )
    server = control_server.make_server(desk, 0)
    server.start()
    yield Client(server.port)
    server.stop()


def test_unknown_paths_and_wrong_methods_are_answered_in_the_envelope(client: Client) -> None:
    assert client.ask("POST", "/nothing")[1]["error"]["code"] == "not_found"
    assert client.ask("GET", "/inbox/")[0] == 404
    status, answer = client.ask("DELETE", "/inbox/a")
    assert (status, answer["error"]["code"]) == (405, "method_not_allowed")
    assert client.ask("GET", "/chains/TRX/blocks")[0] == 405
    assert client.ask("POST", "/chains/DOGE/blocks", {})[0] == 404
    assert client.ask("POST", "/chains/TRX/blocks", {"count": 0})[0] == 400
    assert client.ask("POST", "/chains/TRX/blocks", b"{")[0] == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost", "localhost:1", "[::1]:8001", "127.9.9.9"])
def test_a_loopback_host_gets_in(client: Client, host: str) -> None:
    assert client.ask("GET", "/inbox/a", Host=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "10.0.0.1:8001", "localhost.evil.example", "", "[::1", "0.0.0.0"]
)
def test_any_other_host_is_refused(client: Client, host: str) -> None:
    assert client.ask("GET", "/inbox/a", Host=host)[1]["error"]["code"] == "permission_denied"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://10.0.0.1", ""])
def test_a_page_of_another_origin_is_refused(client: Client, origin: str) -> None:
    assert client.ask("POST", "/inbox/a", b"{}", Origin=origin)[0] == 403


def test_a_page_of_this_machine_gets_in(client: Client) -> None:
    assert client.ask("GET", "/inbox/a", Origin="http://localhost:3000")[0] == 200


def test_a_receiver_keeps_what_came_and_how_it_answered(client: Client) -> None:
    assert client.ask("POST", "/inbox/shop", '{"n": "ü"}'.encode(), **{"Webhook-Id": "evt_1"})[0] == 200
    answered = {"status": 503, "headers": {"Retry-After": "7"}}
    assert client.ask("PUT", "/inbox/shop", answered)[0] == 200
    assert client.ask("POST", "/inbox/shop", b"two")[0] == 503
    first, second = client.ask("GET", "/inbox/shop")[1]["messages"]
    assert first["headers"]["webhook-id"] == "evt_1"
    assert first["body"] == '{"n": "ü"}'
    assert first["received_at"] == "2027-01-15T08:00:00Z"
    assert (first["answered"], second["answered"]) == (200, 503)
    assert client.ask("GET", "/inbox/other")[1] == {"messages": []}


def test_a_sender_that_goes_away_got_no_answer(client: Client) -> None:
    client.ask("PUT", "/inbox/slow", {"delay_seconds": 0.5})
    with socket.create_connection(("127.0.0.1", client.port)) as sender:
        sender.sendall(b"POST /inbox/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        time.sleep(0.1)
    time.sleep(0.7)
    [message] = client.ask("GET", "/inbox/slow")[1]["messages"]
    assert message["answered"] is None


def test_a_slow_receiver_answers_after_its_delay(client: Client) -> None:
    client.ask("PUT", "/inbox/slow", {"status": 204, "delay_seconds": 0.3})
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    connection.request("POST", "/inbox/slow", b"{}")
    assert connection.getresponse().status == 204
    assert time.monotonic() - started >= 0.3
    connection.close()


@pytest.mark.parametrize(
    "manners",
    [{"status": 99}, {"status": "200"}, {"delay_seconds": -1}, {"headers": {"X": "a\r\nY: b"}}, {"colour": 1}],
)
def test_manners_that_cannot_be_are_refused(client: Client, manners: Any) -> None:
    assert client.ask("PUT", "/inbox/shop", manners)[0] == 400


def test_messages_and_manners_outlive_the_process(tmp_path: Path, inbox: Inbox) -> None:
    inbox.receive("shop", {"a": "b"}, b"body")
    inbox.set_manners("shop", Manners(410, 1.5, {"X": "y"}))
    again = Inbox(StateFile(tmp_path / "state"), SandboxClock(StateFile(tmp_path / "clock2")))
    assert len(again.messages("shop")) == 1
    assert again.manners("shop") == Manners(410, 1.5, {"X": "y"})


def test_a_name_gives_its_answers_in_turn_and_then_the_last_again(tmp_path: Path) -> None:
    names = LocalNames(StateFile(tmp_path / "names"), lambda host: [f"others:{host}"])
    names.put("Shop.Example", [["1.1.1.1"], [], ["127.0.0.1", "::1"]])
    assert names.resolve("shop.example.") == ["1.1.1.1"]
    with pytest.raises(OSError, match="does not resolve"):
        names.resolve("shop.example")
    assert names.resolve("shop.example") == ["127.0.0.1", "::1"]
    assert names.resolve("SHOP.example") == ["127.0.0.1", "::1"]
    assert names.resolve("else.example") == ["others:else.example"]


def test_amounts_are_exact_to_the_last_unit() -> None:
    assert units_of("0.000000000000000001", 18) == 1
    assert units_of("100", 6) == 100_000_000
    assert shown(1, 18) == "0.000000000000000001"
    assert shown(1_500_000, 6) == "1.50000000"
    assert shown(-99 * 10**18, 18) == "-99.00000000"
    for amount in ("-1", "1e3", "", "1.0000001", "NaN"):
        with pytest.raises(InvalidRequestError):
            units_of(amount, 6)


def test_a_token_that_nobody_knows_has_18_decimals() -> None:
    catalogue = load_catalogue()
    assert decimals_of(catalogue, "TRX", "usdt") == 6
    assert decimals_of(catalogue, "BSC", "BNB") == 18
    assert decimals_of(catalogue, "TRX", "SCAM") == 18
