"""One JSON-RPC provider: what it says, what it refuses, and every way in which it can fail."""

import json
import threading
from decimal import Decimal

import pytest

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.http_exchange import AnswerTooLargeError, HttpExchange, NodeDownError
from chalicelib.chains.providers.json_rpc import JsonRpcNode
from chalicelib.chains.providers.node import NodeRefusalError
from tests.chains.providers.faulty_node import FaultyNode, answers, breaks_off, drips, hangs, resets, send

PATIENCE_SECONDS = 5.0
LITTLE_PATIENCE_SECONDS = 0.3


def patience_for(fault) -> float:
    return LITTLE_PATIENCE_SECONDS if fault in {hangs, drips} else PATIENCE_SECONDS


@pytest.fixture
def node_at():
    """Makes what asks; its connections end with the test."""
    made = []

    def make(url: str, timeout_seconds: float = PATIENCE_SECONDS, **options) -> JsonRpcNode:
        made.append(JsonRpcNode(url, timeout_seconds=timeout_seconds, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_an_answer_is_its_result(node, node_at):
    assert node_at(node.url).ask("echo", 1, "two", None) == [1, "two", None]


def test_connections_are_kept(node, node_at):
    asking = node_at(node.url)
    for _ in range(5):
        asking.ask("echo")
    asking.ask_many([("echo", ())] * 3)
    assert node.connections == 1


def test_each_thread_has_a_connection_of_its_own_while_it_asks(node, node_at):
    asking, told = node_at(node.url), []
    threads = [threading.Thread(target=lambda n=n: told.append((n, asking.ask("echo", n)))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [(n, [n]) for n in range(20)]


def test_numbers_with_a_point_are_exact(node, node_at):
    node.fault = lambda handler: send(
        handler,
        200,
        b'{"id": 1, "result": [0.1, 21000000.00000001, 1e2, 5]}',
        {"Content-Type": "application/json"},
    )
    told = node_at(node.url).ask("echo")
    assert told == [Decimal("0.1"), Decimal("21000000.00000001"), Decimal("1e2"), 5]
    assert [type(each) for each in told] == [Decimal, Decimal, Decimal, int]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_answer(node, constant, node_at):
    node.fault = answers(200, f'{{"id": 1, "result": {constant}}}'.encode())
    with pytest.raises(ChainUnavailableError):
        node_at(node.url).ask("echo")


def test_many_are_asked_in_batches_and_come_back_in_order(node, node_at):
    told = node_at(node.url, batch_calls=7).ask_many([("echo", (n,)) for n in range(30)])
    assert told == [[n] for n in range(30)]
    assert len(node.paths) == 5


def test_no_question_is_no_request(node, node_at):
    assert node_at(node.url).ask_many([]) == []
    assert node.paths == []


def test_a_refused_one_of_many_stands_in_its_place(node, node_at):
    def refuse_odd(handler):
        said = [
            {"id": 2, "error": {"code": 3, "message": "odd"}},
            {"id": 1, "result": "fine"},
            {"id": 3, "result": None},
        ]
        send(handler, 200, json.dumps(said).encode())

    node.fault = refuse_odd
    first, second, third = node_at(node.url).ask_many([("echo", ())] * 3)
    assert (first, third) == ("fine", None)
    assert isinstance(second, NodeRefusalError)
    assert (second.code, second.message) == (3, "odd")


@pytest.mark.parametrize(
    "said",
    [
        [{"id": 1, "result": 1}],
        [{"id": 1, "result": 1}, {"id": 1, "result": 2}],
        [{"id": 1, "result": 1}, {"id": 3, "result": 2}],
        [{"id": 1, "result": 1}, {"id": 2, "result": 2}, {"id": 2, "result": 3}],
        [{"id": 1, "result": 1}, {"id": True, "result": 2}],
        [{"id": 1, "result": 1}, {"id": 2}],
        [{"id": 1, "result": 1}, 7],
        [{"id": 1, "result": 1}, {"id": [], "result": 7}],
        {"id": 1, "result": [1, 2]},
        [],
        None,
    ],
)
def test_a_batch_that_does_not_fit_its_questions_is_no_answer(node, said, node_at):
    node.fault = answers(200, json.dumps(said).encode())
    with pytest.raises(ChainUnavailableError):
        node_at(node.url).ask_many([("echo", ()), ("echo", ())])


def test_a_node_that_takes_no_large_batches_is_asked_in_smaller_ones(node, node_at):
    def at_most_two(handler):
        asked = json.loads(handler.body)
        said = (
            {"id": None, "error": {"code": -32600, "message": "batch too large"}}
            if len(asked) > 2
            else [node.answer(each) for each in asked]
        )
        send(handler, 200, json.dumps(said).encode())

    node.fault = at_most_two
    assert node_at(node.url).ask_many([("echo", (n,)) for n in range(7)]) == [[n] for n in range(7)]


def test_a_batch_whose_answer_is_too_large_is_asked_in_halves(node, monkeypatch, node_at):
    asking = node_at(node.url)
    monkeypatch.setattr(asking._exchange, "_max_answer_bytes", 1500)
    calls = [("echo", ("x" * 300,))] * 9
    assert asking.ask_many(calls) == [["x" * 300]] * 9
    assert len(node.paths) > 3
    with pytest.raises(AnswerTooLargeError):
        asking.ask_many([("echo", ("x" * 3000,))])


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_a_refusal_is_known_by_its_body(node, status, node_at):
    node.refusal, node.refusal_status = {"code": -25, "message": "bad-txns-inputs-missingorspent"}, status
    with pytest.raises(NodeRefusalError) as refused:
        node_at(node.url).ask("echo")
    assert (refused.value.code, refused.value.message) == (-25, "bad-txns-inputs-missingorspent")


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_what_is_about_us_is_no_refusal(node, status, node_at):
    node.refusal, node.refusal_status = {"code": -32005, "message": "slow down"}, status
    with pytest.raises(NodeDownError):
        node_at(node.url).ask("echo")


def test_a_node_that_is_starting_is_not_there(node, node_at):
    node.refusal, node.refusal_status = {"code": -28, "message": "Loading block index…"}, 500
    with pytest.raises(NodeDownError, match="starting"):
        node_at(node.url).ask("echo")


@pytest.mark.parametrize(
    "error", [{"code": "x"}, {"code": True, "message": 3}, {}, {"code": None, "message": None}]
)
def test_an_odd_error_is_a_refusal_all_the_same(node, error, node_at):
    node.refusal = error
    with pytest.raises(NodeRefusalError):
        node_at(node.url).ask("echo")


@pytest.mark.parametrize(
    "fault",
    [
        answers(500),
        answers(502, b"<html>Bad gateway</html>"),
        answers(503, b"Work queue depth exceeded"),
        answers(401),
        answers(403, b"{}"),
        answers(200, b""),
        answers(200, b"<html>"),
        answers(200, b"\xff\xfe"),
        answers(200, b"[]"),
        answers(200, b"null"),
        answers(200, b"{}"),
        answers(200, b'{"id": 1}'),
        answers(200, b'{"result": 1}'),
        answers(200, b'{"id": 2, "result": 1}'),
        answers(200, b'{"id": true, "result": 1}'),
        answers(200, b'{"id": "1", "result": 1}'),
        answers(200, b'{"id": 1, "result": 1, "error": "no"}'),
        answers(200, b"[" * 100_000),
        answers(200, b'{"id": 1, "result": ' + b"9" * 5000 + b"}"),
        answers(301, b"", Location="http://example.com"),
        hangs,
        drips,
        resets,
        breaks_off,
        lambda handler: handler.wfile.write(b"what?\r\n\r\n"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"),
    ],
)
def test_every_other_oddity_is_the_one_error(node, fault, node_at):
    node.fault = fault
    with pytest.raises(ChainUnavailableError):
        node_at(node.url, patience_for(fault)).ask("echo")
    node.fault = None
    assert node_at(node.url).ask("echo") == []


def test_nobody_there_is_the_one_error(start, node_at):
    gone = start()
    gone.close()
    with pytest.raises(ChainUnavailableError):
        node_at(gone.url).ask("echo")


def test_a_huge_answer_is_not_read_to_its_end(node):
    node.fault = answers(200, b" " * 5000)
    exchange = HttpExchange(node.url, timeout_seconds=PATIENCE_SECONDS, max_answer_bytes=1000)
    with pytest.raises(AnswerTooLargeError):
        exchange.post(b"{}")


def test_a_kept_connection_that_died_unseen_is_no_failure(node, node_at):
    asking = node_at(node.url)
    asking.ask("echo")
    once = [True]

    def dies_once(handler):
        if once:
            once.clear()
            resets(handler)
        else:
            node.fault = None
            send(handler, 200, b'{"id": 2, "result": "again"}')

    node.fault = dies_once
    assert asking.ask("echo") == "again"


def test_a_new_connection_that_dies_is_a_failure(node, node_at):
    node.fault = resets
    with pytest.raises(ChainUnavailableError):
        node_at(node.url).ask("echo")
    assert len(node.paths) == 1


def test_credentials_path_and_query_go_where_they_belong(node, node_at):
    asking = node_at(node.url_with("us%40er:pa%3Ass", "/v3/KEY-OF-OURS?network=main"), headers={"X-Key": "k"})
    asking.ask("echo")
    assert node.paths == ["/v3/KEY-OF-OURS?network=main"]
    assert node.headers[0]["Authorization"] == "Basic dXNAZXI6cGE6c3M="
    assert node.headers[0]["X-Key"] == "k"


SECRET_URL = ("user-of-ours:pass%3Aword", "/v3/KEY-OF-OURS?token=TOKEN-OF-OURS")
SECRETS = ("user-of-ours", "pass:word", "pass%3Aword", "KEY-OF-OURS", "TOKEN-OF-OURS", "HEADER-OF-OURS")


@pytest.mark.parametrize("fault", [answers(500), answers(200, b"?"), answers(429), hangs, resets, None])
def test_no_error_tells_the_url_or_a_credential(node: FaultyNode, fault, node_at):
    node.fault = fault
    node.refusal = {"code": 1, "message": f"invalid: {SECRETS}"}
    asking = node_at(node.url_with(*SECRET_URL), patience_for(fault), headers={"X-Key": "HEADER-OF-OURS"})
    with pytest.raises((ChainUnavailableError, NodeRefusalError)) as failed:
        asking.ask("echo")
    told = f"{failed.value!r} {failed.value} {failed.value.__cause__!r} {asking!r}"
    assert not [secret for secret in SECRETS if secret in told]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8545",
        "ftp://host/KEY-OF-OURS",
        "http://",
        "http://host:99999/KEY-OF-OURS",
        "http://host:0/KEY-OF-OURS",
        "http://host/KEY OF OURS",
        "http://host/KEY-OF-OURS\r\nX: y",
        "http://[::1/KEY-OF-OURS",
        "http://höst/KEY-OF-OURS",
    ],
)
def test_a_url_that_cannot_be_used_is_not_repeated(url):
    with pytest.raises(ValueError, match="URL must be") as refused:
        JsonRpcNode(url)
    assert "OURS" not in str(refused.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry_After": "Mon, 23 Nov 2026 10:00:30 GMT"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "9" * 4000}, 999_999_999.0),
        ({}, None),
    ],
)
def test_what_the_provider_asks_for_itself_is_passed_on(node, headers, seconds, node_at):
    node.fault = answers(429, b"", **headers)
    with pytest.raises(NodeDownError) as failed:
        node_at(node.url).ask("echo")
    assert failed.value.retry_after_seconds == seconds


def test_an_answer_that_breaks_off_is_none_even_if_it_makes_sense(node, node_at):
    def breaks_off_in_time(handler):
        handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id": 1, "result": 1}')
        handler.wfile.flush()
        handler.close_connection = True

    node.fault = breaks_off_in_time
    with pytest.raises(ChainUnavailableError):
        node_at(node.url).ask("echo")
