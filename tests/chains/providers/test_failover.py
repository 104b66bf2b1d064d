"""Several providers as one node: who is asked, who is left alone, and that one answers what belongs together."""

import logging
import threading

import pytest

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers import breaker as breakers
from chalicelib.chains.providers import failover, http_exchange
from chalicelib.chains.providers.failover import Providers
from chalicelib.chains.providers.http_exchange import AnswerTooLargeError
from chalicelib.chains.providers.identity import inquiry_of
from chalicelib.chains.providers.json_rpc import JsonRpcNode
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.providers.provider import Provider
from tests.chains.providers.faulty_node import answers, breaks_off, drips, hangs, resets

PATIENCE_SECONDS = 5.0
LITTLE_PATIENCE_SECONDS = 0.3
MAX_LAG_BLOCKS = 5


@pytest.fixture
def providers(clock):
    """Makes one node of several; their connections end with the test."""
    made = []

    def make(*nodes, blockchain="ETH", identity="1", timeout_seconds=PATIENCE_SECONDS) -> Providers:
        asking = [JsonRpcNode(node.url, timeout_seconds=timeout_seconds) for node in nodes]
        made.extend(asking)
        parts = [
            Provider(f"node{n}", each, inquiry_of(blockchain), identity, clock) for n, each in enumerate(asking)
        ]
        return Providers(parts, MAX_LAG_BLOCKS, clock)

    yield make
    for each in made:
        each.close()


@pytest.fixture
def pair(start, providers):
    """A first and a second node, and both as one."""
    first, second = start(), start()
    return first, second, providers(first, second)


def asked(*nodes) -> list[int]:
    """How often each node has been asked what a caller wants to know."""
    return [node.count("echo") for node in nodes]


def test_the_first_answers_while_it_is_well(pair):
    first, second, node = pair
    for _ in range(5):
        assert node.ask("echo", 1) == [1]
    assert node.ask_many([("echo", (n,)) for n in range(3)]) == [[0], [1], [2]]
    assert asked(first, second) == [8, 0]


@pytest.mark.parametrize(
    "fault",
    [
        hangs,
        drips,
        resets,
        breaks_off,
        answers(429),
        answers(429, b"{}", Retry_After="60"),
        answers(401),
        answers(500),
        answers(503, b"overloaded"),
        answers(200, b"<html>"),
        answers(200, b'{"id": 1}'),
    ],
)
def test_the_second_stands_in_for_a_first_that_fails(start, providers, fault):
    first, second = start(), start()
    patience = LITTLE_PATIENCE_SECONDS if fault in {hangs, drips} else PATIENCE_SECONDS
    node = providers(first, second, timeout_seconds=patience)
    node.ask("echo")
    first.fault = fault
    for n in range(5):
        assert node.ask("echo", n) == [n]
        assert node.ask_many([("echo", (n,))]) == [[n]]
    assert second.count("echo") == 10


def test_after_failures_in_a_row_the_first_is_left_alone(pair):
    first, second, node = pair
    node.ask("echo")
    first.fault, before = answers(500), len(first.paths)
    for _ in range(10):
        node.ask("echo")
    assert len(first.paths) - before == breakers.FAILURES_TO_OPEN
    assert asked(first, second) == [1, 10]


def test_failures_that_are_not_in_a_row_leave_it_in_use(pair):
    first, second, node = pair
    node.ask("echo")
    for _ in range(4):
        for fault in (answers(500), answers(500), None):
            first.fault = fault
            node.ask("echo")
    assert asked(first, second) == [5, 8]


def test_it_is_tried_again_after_a_pause_and_used_once_it_answers(pair, clock):
    first, _second, node = pair
    node.ask("echo")
    first.fault = answers(500)
    for _ in range(3):
        node.ask("echo")
    first.fault, before = None, first.count("echo")
    clock.advance(breakers.FIRST_PAUSE_SECONDS - 1)
    node.ask("echo")
    assert first.count("echo") == before
    clock.advance(1)
    node.ask("echo")
    assert first.count("echo") == before + 1


def test_the_pause_doubles_with_every_failed_trial_up_to_a_bound(pair, clock):
    first, _, node = pair
    node.ask("echo")
    first.fault = answers(500)
    for _ in range(3):
        node.ask("echo")
    tried, trials = len(first.paths), []
    for second in range(1000):
        clock.advance(1)
        node.ask("echo")
        if len(first.paths) > tried:
            tried = len(first.paths)
            trials.append(second + 1)
    pauses = [later - sooner for sooner, later in zip([0, *trials], trials, strict=False)]
    assert pauses == [5, 10, 20, 40, 80, 120, 120, 120, 120, 120, 120, 120][: len(pauses)]
    assert len(pauses) >= 8


def test_retry_after_is_honoured_at_once(pair, clock):
    first, _second, node = pair
    node.ask("echo")
    first.fault, before = answers(429, b"", Retry_After="60"), len(first.paths)
    node.ask("echo")
    first.fault = None
    for _ in range(59):
        clock.advance(1)
        node.ask("echo")
    assert len(first.paths) == before + 1
    clock.advance(1)
    node.ask("echo")
    assert first.count("echo") == 2


def test_a_provider_cannot_ask_to_be_left_alone_for_ever(pair, clock):
    first, _, node = pair
    node.ask("echo")
    first.fault = answers(429, b"", Retry_After="99999999")
    node.ask("echo")
    first.fault = None
    clock.advance(breakers.LONGEST_REQUESTED_PAUSE_SECONDS)
    node.ask("echo")
    assert first.count("echo") == 2


def test_only_one_question_at_a_time_tries_a_provider_that_was_away(pair, clock):
    first, _second, node = pair
    node.ask("echo")
    first.fault = answers(500)
    for _ in range(3):
        node.ask("echo")
    clock.advance(breakers.FIRST_PAUSE_SECONDS)
    entered, leave = threading.Event(), threading.Event()

    def slow(handler):
        entered.set()
        leave.wait(5)
        answers(500)(handler)

    first.fault, before = slow, len(first.paths)
    trial = threading.Thread(target=node.ask, args=("echo",))
    trial.start()
    assert entered.wait(5)
    for _ in range(5):
        node.ask("echo")
    leave.set()
    trial.join()
    assert len(first.paths) == before + 1


def test_none_that_answers_is_the_one_error(pair):
    first, second, node = pair
    first.fault = second.fault = answers(500)
    for _ in range(8):
        with pytest.raises(ChainUnavailableError):
            node.ask("echo")
    assert len(first.paths) + len(second.paths) <= 2 * breakers.FAILURES_TO_OPEN + 2


def test_a_refusal_is_an_answer_and_nobody_else_is_asked(pair):
    first, second, node = pair
    node.ask("echo")
    first.refusal = {"code": -25, "message": "bad-txns-inputs-missingorspent"}
    for _ in range(10):
        with pytest.raises(NodeRefusalError, match="bad-txns"):
            node.ask("echo")
    assert isinstance(node.ask_many([("echo", ())])[0], NodeRefusalError)
    first.refusal = None
    node.ask("echo")
    assert asked(first, second) == [13, 0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-32005, "daily request count exceeded, request rate limited"),
        (429, "Your app has exceeded its compute units per second capacity."),
        (-32000, "rate limit exceeded"),
        (-32600, "eth_getLogs is not available on your plan, upgrade"),
        (-32097, "Too Many Requests"),
    ],
)
def test_a_refusal_that_is_about_us_is_answered_by_the_second(pair, code, message):
    first, second, node = pair
    first.refusal = {"code": code, "message": message}
    assert node.ask("echo", 1) == [1]
    assert node.ask_many([("echo", (2,)), ("echo", (3,))]) == [[2], [3]]
    assert second.count("echo") == 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-32005, "query returned more than 10000 results. Try with this block range [0x1, 0x2]."),
        (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),
        (-32614, "eth_getLogs is limited to a 10,000 range"),
        (-32000, "nonce too low"),
    ],
)
def test_a_limit_of_the_question_is_told_to_whoever_asked_it(pair, code, message):
    first, second, node = pair
    first.refusal = {"code": code, "message": message}
    with pytest.raises(NodeRefusalError):
        node.ask("echo")
    assert second.count("echo") == 0


def test_an_answer_that_is_too_large_is_nobodys_failure(pair, monkeypatch):
    """Any other provider would answer as much: who asked must ask for less."""
    first, second, node = pair
    node.ask("echo")
    questions = []

    def too_large(*_arguments):
        questions.append(1)
        raise AnswerTooLargeError("more than can be read")

    monkeypatch.setattr(http_exchange.HttpExchange, "post", too_large)
    for _ in range(breakers.FAILURES_TO_OPEN + 1):
        with pytest.raises(AnswerTooLargeError):
            node.ask("echo")
    monkeypatch.undo()
    node.ask("echo")
    assert asked(first, second) == [2, 0]
    assert len(questions) == breakers.FAILURES_TO_OPEN + 1


def test_failures_of_questions_under_way_do_not_make_the_pause_longer(clock):
    breaker = breakers.Breaker(clock)
    assert [breaker.failed() for _ in range(10)] == [False, False, True, *[False] * 7]
    clock.advance(breakers.FIRST_PAUSE_SECONDS)
    assert breaker.admit()
    assert not breaker.failed()
    clock.advance(2 * breakers.FIRST_PAUSE_SECONDS - 1)
    assert not breaker.admit()
    clock.advance(1)
    assert breaker.admit()


# Who it is


def test_a_provider_of_another_chain_is_never_used(start, providers, clock, caplog):
    wrong, right = start(chain_id="0x38"), start()
    node = providers(wrong, right)
    for _ in range(200):
        assert node.ask("name") == int(right.url.rsplit(":", 1)[1])
        clock.advance(30)
    assert wrong.count("name") == 0
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == ["provider node0 serves another chain than it should: it is not used"]


def test_it_is_used_once_it_serves_the_right_one(start, providers, clock):
    wrong, right = start(chain_id="0x38"), start()
    node = providers(wrong, right)
    node.ask("echo")
    wrong.chain_id = "0x1"
    clock.advance(breakers.LONGEST_REQUESTED_PAUSE_SECONDS)
    node.ask("echo")
    assert asked(wrong, right) == [1, 1]


def test_the_only_provider_is_not_used_either_when_it_serves_another_chain(start, providers):
    wrong = start(chain_id="0x38")
    node = providers(wrong)
    for _ in range(5):
        with pytest.raises(ChainUnavailableError):
            node.ask("echo")
        with pytest.raises(ChainUnavailableError), node.pinned():
            node.ask_many([("echo", ())])
    assert wrong.count("echo") == 0


@pytest.mark.parametrize("identity", [None, 7, "one", "0x", "", [], {"a": 1}, True])
def test_a_provider_that_does_not_say_is_not_used(start, providers, identity):
    odd, right = start(chain_id=identity), start()
    node = providers(odd, right)
    for _ in range(5):
        node.ask("echo")
    assert asked(odd, right) == [0, 5]


def test_after_it_was_away_it_is_asked_again_who_it_is(pair, clock, caplog):
    first, _second, node = pair
    node.ask("echo")
    first.fault = answers(500)
    for _ in range(3):
        node.ask("echo")
    first.fault, first.chain_id = None, "0x38"
    clock.advance(breakers.FIRST_PAUSE_SECONDS)
    for _ in range(5):
        node.ask("echo")
    assert first.count("echo") == 1
    assert [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("blockchain", ["BTC", "LTC"])
def test_coins_are_known_by_their_genesis_block(start, providers, blockchain):
    regtest, mainnet = start(chain_id="aa"), start(chain_id="BB")
    node = providers(regtest, mainnet, blockchain=blockchain, identity="bb")
    node.ask("echo")
    assert asked(regtest, mainnet) == [0, 1]


# How far it has come


def test_one_that_has_fallen_behind_is_passed_over_until_it_catches_up(pair, clock):
    first, second, node = pair
    second.height = first.height + MAX_LAG_BLOCKS
    node.ask("echo")
    second.height += 1
    clock.advance(failover.SURVEY_SECONDS)
    node.ask("echo")
    assert asked(first, second) == [1, 1]
    first.height += 1
    clock.advance(failover.SURVEY_SECONDS)
    node.ask("echo")
    assert asked(first, second) == [2, 1]


def test_between_surveys_nobody_is_asked_how_far_it_is(pair, clock):
    first, second, node = pair
    for _ in range(20):
        node.ask("echo")
    clock.advance(failover.SURVEY_SECONDS - 1)
    node.ask("echo")
    assert [first.count("eth_blockNumber"), second.count("eth_blockNumber")] == [1, 1]


def test_one_that_lags_does_not_become_the_best_when_the_best_fails(pair, clock):
    first, second, node = pair
    second.height = first.height - MAX_LAG_BLOCKS - 1
    node.ask("echo")
    first.fault = answers(500)
    with pytest.raises(ChainUnavailableError):
        node.ask("echo")
    for _ in range(3):
        clock.advance(failover.SURVEY_SECONDS)
        with pytest.raises(ChainUnavailableError):
            node.ask("echo")
    assert second.count("echo") == 0
    clock.advance(failover.HEAD_MEMORY_SECONDS)
    node.ask("echo")
    assert second.count("echo") == 1


def test_one_liar_of_three_cannot_make_the_others_look_late(start, providers):
    honest, also_honest, liar = start(), start(height=101), start(height=10**9)
    node = providers(honest, also_honest, liar)
    node.ask("echo")
    assert asked(honest, also_honest, liar) == [1, 0, 0]


@pytest.mark.parametrize("height", [None, "0x", -1, "ff"])
def test_one_that_does_not_say_how_far_it_is_has_failed(pair, height, monkeypatch):
    first, _, node = pair
    monkeypatch.setattr(first, "answer", lambda question: odd_height(question, height))
    assert node.ask("echo", 5) == [5]


def odd_height(question, height):
    result = {"eth_chainId": "0x1", "eth_blockNumber": height}.get(question["method"], question["params"])
    return {"id": question["id"], "result": result}


def test_a_survey_that_finds_everyone_away_ends(pair, clock):
    first, second, node = pair
    first.fault = second.fault = answers(500)
    with pytest.raises(ChainUnavailableError):
        node.ask("echo")


# What belongs together


def test_one_provider_answers_all_that_is_pinned(pair, clock):
    first, _second, node = pair
    with node.pinned():
        name = node.ask("name")
        first.height -= 100  # it would be passed over
        clock.advance(failover.SURVEY_SECONDS)
        assert [node.ask("name"), *node.ask_many([("name", ())] * 3)] == [name] * 4
    assert node.ask("name") != name


def test_who_answers_first_inside_is_held_to(pair):
    first, second, node = pair
    node.ask("echo")
    first.fault = answers(500)
    with node.pinned():
        name = node.ask("name")
        first.fault = None
        assert node.ask("name") == name == int(second.url.rsplit(":", 1)[1])
    assert node.ask("name") != name


def test_when_it_fails_inside_nobody_stands_in(pair):
    first, second, node = pair
    with node.pinned():
        node.ask("echo")
        first.fault = answers(500)
        for _ in range(breakers.FAILURES_TO_OPEN + 2):
            with pytest.raises(ChainUnavailableError):
                node.ask("echo")
    assert second.count("echo") == 0
    assert node.ask("echo") == []
    assert second.count("echo") == 1


def test_a_refusal_pins_too(pair):
    first, _second, node = pair
    first.refusal = {"code": 3, "message": "no"}
    with node.pinned():
        with pytest.raises(NodeRefusalError):
            node.ask("echo")
        first.refusal, first.fault = None, answers(500)
        with pytest.raises(ChainUnavailableError):
            node.ask("echo")


def test_pins_inside_pins_end_with_the_outermost(pair):
    first, _second, node = pair
    with node.pinned():
        with node.pinned():
            node.ask("echo")
        first.fault = answers(500)
        with pytest.raises(ChainUnavailableError):
            node.ask("echo")
    node.ask("echo")


def test_another_thread_is_not_pinned(pair):
    first, _second, node = pair
    with node.pinned():
        node.ask("echo")
        first.fault = answers(500)
        elsewhere = []
        thread = threading.Thread(target=lambda: elsewhere.append(node.ask("echo", 7)))
        thread.start()
        thread.join()
    assert elsewhere == [[7]]


# Second opinions


def test_two_that_disagree_can_both_be_asked(pair):
    first, second, node = pair
    first.blocks[7], second.blocks[7] = "aaaa", "bbbb"
    with node.pinned():
        said = node.ask("block", 7)
        assert [said, *(other.ask("block", 7) for other in node.others())] == ["aaaa", "bbbb"]


def test_the_others_are_those_that_did_not_answer(start, providers):
    nodes = [start(), start(), start()]
    node = providers(*nodes)
    node.ask("echo")
    nodes[0].fault = answers(500)
    name = node.ask("name")
    nodes[0].fault = None
    told = sorted(other.ask("name") for other in node.others())
    assert name not in told
    assert len(told) == 2


def test_one_that_is_away_or_serves_another_chain_has_no_opinion(start, providers):
    first, away, wrong = start(), start(), start(chain_id="0x2")
    node = providers(first, away, wrong)
    away.fault = answers(500)
    for _ in range(breakers.FAILURES_TO_OPEN):
        node.ask("echo")
        list(node.others())
    assert list(node.others()) == []


def test_an_opinion_that_fails_is_the_one_error_until_it_is_left_alone(pair):
    _first, second, node = pair
    node.ask("echo")
    (other,) = node.others()
    second.fault = answers(500)
    for _ in range(breakers.FAILURES_TO_OPEN):
        with pytest.raises(ChainUnavailableError):
            other.ask("echo")
    before = len(second.paths)
    assert list(node.others()) == []
    assert len(second.paths) == before


def test_the_only_one_has_no_others(node, providers):
    assert list(providers(node).others()) == []


def test_who_answers_nothing_but_refusals_about_us_has_no_opinion(pair):
    _first, second, node = pair
    node.ask("echo")
    (other,) = node.others()
    second.refusal = {"code": 429, "message": "slow down"}
    with pytest.raises(ChainUnavailableError):
        other.ask("echo")
    with pytest.raises(ChainUnavailableError):
        other.ask_many([("echo", ())])


# What is told


def test_only_changes_are_logged_and_no_secret_is(start, clock, caplog):
    caplog.set_level(logging.DEBUG)
    node = start()
    asking = JsonRpcNode(
        node.url_with("user-of-ours:secret-word", "/KEY-OF-OURS"), timeout_seconds=PATIENCE_SECONDS
    )
    providers = Providers([Provider("127.0.0.1", asking, inquiry_of("ETH"), "1", clock)], MAX_LAG_BLOCKS, clock)
    for _ in range(2):
        node.fault = answers(500)
        for _ in range(10):
            with pytest.raises(ChainUnavailableError):
                providers.ask("echo")
        node.fault = None
        clock.advance(breakers.LONGEST_PAUSE_SECONDS)
        for _ in range(10):
            providers.ask("echo")
    asking.close()
    told = [record.getMessage() for record in caplog.records]
    away = "provider 127.0.0.1 is left alone: The node at 127.0.0.1 answers 500."
    assert told == [away, "provider 127.0.0.1 is back", away, "provider 127.0.0.1 is back"]


def test_the_time_for_one_question_is_bounded(start, providers, clock, monkeypatch):
    nodes = [start() for _ in range(4)]
    node = providers(*nodes)
    node.ask("echo")
    before = [len(each.paths) for each in nodes]

    def slow(handler):
        clock.advance(failover.BUDGET_SECONDS / 2)
        answers(500)(handler)

    for each in nodes:
        each.fault = slow
    with pytest.raises(ChainUnavailableError):
        node.ask("echo")
    assert [len(each.paths) - sooner for each, sooner in zip(nodes, before, strict=True)] == [1, 1, 0, 0]
