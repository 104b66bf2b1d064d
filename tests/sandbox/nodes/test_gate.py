import http.client
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sandbox.nodes.gate import Gate
from sandbox.nodes.json_rpc import JsonRpc, NodeSaysNoError
from tests.support.clock import FakeClock


class _Node(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((body, self.headers.get("Authorization")))
        answer = (
            b'{"id": 1, "error": {"message": "no such thing"}}' if b"refuse" in body else b'{"id": 1, "result": 7}'
        )
        self.send_response(500 if b"refuse" in body else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def node():
    server = HTTPServer(("127.0.0.1", 0), _Node)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def gate(node, clock):
    opened = Gate(f"http://me:secret@127.0.0.1:{node.server_address[1]}", clock)
    yield opened
    opened.stop()


@pytest.fixture
def client(gate):
    rpc = JsonRpc("127.0.0.1", int(gate.url.rpartition(":")[2]), login="me:secret")
    yield rpc
    rpc.close()


def test_a_question_and_its_login_are_passed_on_and_the_answer_back(node, gate, client):
    assert client.ask("height") == 7
    assert b'"height"' in node.asked[0][0]
    assert node.asked[0][1] == "Basic bWU6c2VjcmV0"
    assert gate.url.startswith("http://me:secret@127.0.0.1:")


def test_what_the_node_refuses_stays_refused(client):
    with pytest.raises(NodeSaysNoError, match="no such thing"):
        client.ask("refuse")


def test_in_an_outage_nobody_is_answered_until_its_time_is_over(node, gate, client, clock):
    gate.break_for(60)
    with pytest.raises(OSError, match="does not answer"):
        client.ask("height")
    assert node.asked == []
    clock.advance(60)
    assert client.ask("height") == 7


def test_while_a_hand_is_at_work_questions_wait(node, gate, client):
    answers = []
    asking = threading.Thread(target=lambda: answers.append(client.ask("height")))
    with gate.held():
        asking.start()
        asking.join(0.2)
        assert (answers, node.asked) == ([], [])
    asking.join(5)
    assert answers == [7]


def test_the_hand_hears_of_broadcasts_alone(gate, client):
    heard = []
    gate.after_broadcast = lambda: heard.append(1)
    client.ask("eth_getBalance", "0x")
    assert heard == []
    client.ask("eth_sendRawTransaction", "0x")
    client.ask("sendrawtransaction", "00")
    assert heard == [1, 1]


def test_a_node_that_is_gone_answers_nobody(node, gate, clock):
    gone = Gate("http://127.0.0.1:9", clock)
    connection = http.client.HTTPConnection("127.0.0.1", int(gone.url.rpartition(":")[2]), timeout=5)
    connection.request("POST", "/", b"{}")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()
    gone.stop()
