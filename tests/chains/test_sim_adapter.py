"""What the adapter makes of a node that misbehaves: one error, and never a wrong answer."""

import socket
import threading

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Payout
from chalicelib.chains.addresses import InvalidAddressError
from chalicelib.chains.sim.adapter import SimAdapter
from chalicelib.chains.sim.client import SimClient
from sandbox.chain.server import NodeServer
from sandbox.loopback_server import LOOPBACK
from tests.chains.sim_backend import SimBackend


def everyone(addresses):
    return set(addresses)


class OddNode:
    """Accepts connections and answers each with the same bytes, or with none at all."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        self._held = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._held.append(connection)
            if self._answer is not None:
                connection.recv(65536)
                connection.sendall(self._answer)
                connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._held:
            connection.close()


def http(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


ODD_ANSWERS = {
    "closes": b"",
    "no http": b"hello\r\n\r\n",
    "no json": http(b"<html>"),
    "no object": http(b"[1]"),
    "no result": http(b"{}"),
    "error": http(b'{"error": "x"}', b"500 Internal Server Error"),
    "conflict": http(b'{"error": "x"}', b"409 Conflict"),
    "wrong shape": http(b'{"result": {"height": "high"}}'),
    "wrong type": http(b'{"result": 7}'),
    "cut short": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
}


@pytest.fixture(params=ODD_ANSWERS.values(), ids=ODD_ANSWERS.keys())
def odd_adapter(request):
    node = OddNode(request.param)
    client = SimClient(LOOPBACK, node.port, "TRX")
    yield SimAdapter("TRX", client)
    client.close()
    node.close()


def test_nonsense_is_unavailable(odd_adapter):
    with pytest.raises(ChainUnavailableError):
        odd_adapter.head()
    with pytest.raises(ChainUnavailableError):
        odd_adapter.scan(0, 1, everyone)


def test_silence_is_unavailable_after_the_timeout():
    node = OddNode(None)
    client = SimClient(LOOPBACK, node.port, "TRX", timeout_seconds=0.1)
    with pytest.raises(ChainUnavailableError):
        SimAdapter("TRX", client).head()
    node.close()


def test_a_port_where_nobody_listens_is_unavailable():
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ChainUnavailableError):
        SimAdapter("TRX", SimClient(LOOPBACK, port, "TRX")).head()


@pytest.fixture
def backend(tmp_path):
    backend = SimBackend(tmp_path / "chains.sqlite", "TRX")
    yield backend
    backend.close()


def test_a_kept_connection_that_died_is_replaced_unseen(backend):
    head = backend.adapter.head()
    backend.client._idle[0].sock.shutdown(socket.SHUT_RDWR)
    assert backend.adapter.head() == head
    assert len(backend.client._idle) == 1


def test_another_node_behind_the_same_state_answers_the_same(backend):
    head = backend.adapter.head()
    second = NodeServer(backend.node)
    second.start()
    client = SimClient(LOOPBACK, second.port, "TRX")
    assert SimAdapter("TRX", client).head() == head
    client.close()
    second.stop()


def test_an_unknown_blockchain_is_unavailable(backend):
    client = SimClient(LOOPBACK, backend.server.port, "DOGE")
    with pytest.raises(ChainUnavailableError):
        SimAdapter("TRX", client).head()
    client.close()


def test_addresses_are_judged_without_the_node():
    adapter = SimAdapter("ETH", SimClient(LOOPBACK, 1, "ETH"))
    assert adapter.validate("0x" + "0" * 40).family == "EVM"
    with pytest.raises(InvalidAddressError):
        adapter.validate("TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH")


def test_an_unknown_token_passes_through_as_it_is(backend):
    address = backend.new_address()
    backend.node.transfer("TRX", address, "shib", 3)
    assert [transfer.token for transfer in backend.adapter.mempool(everyone)] == ["SHIB"]


def test_the_fee_is_in_the_native_coin_and_a_payout_costs_it(backend):
    payout = Payout(backend.hot_wallet, backend.new_address(), "USDT", 5)
    fee = backend.adapter.estimate(payout)
    before = backend.adapter.balance(backend.hot_wallet, "TRX")
    signed = backend.adapter.sign(backend.adapter.build(payout, "0", fee), backend.signer)
    backend.adapter.broadcast(signed.raw)
    backend.mine()
    assert fee.token == "TRX"
    assert backend.adapter.balance(backend.hot_wallet, "TRX") == before - fee.units
    assert backend.adapter.balance(payout.to, "USDT") == 5
