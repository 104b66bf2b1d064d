"""Query strings: booleans and numbers are text there; unknown and repeated parameters are refused."""

import pytest

from tests.support.client import Answer, ApiClient


def refused(answer: Answer) -> list[str]:
    assert (answer.status, answer.code) == (400, "invalid_request"), answer.text
    return list(answer.json["error"]["details"])


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("1", True),
        ("false", False),
        ("fALSE", False),
        ("0", False),
    ],
)
def test_a_boolean_is_true_false_1_or_0_in_any_case(probe: ApiClient, sent, read):
    assert probe.get("/probe", query={"flag": sent}).json["flag"] is read


@pytest.mark.parametrize("sent", ["yes", "no", "", "2", " true", "on", "truе", "null"])
def test_no_other_word_is_a_boolean(probe: ApiClient, sent):
    assert refused(probe.get("/probe", query={"flag": sent})) == ["flag"]


@pytest.mark.parametrize("sent", ["1.5", "x", "", "1e3", "٣", "0x10", "2.0", "+1", " 1"])
def test_a_whole_number_is_one(probe: ApiClient, sent):
    assert refused(probe.get("/probe", query={"limit": sent})) == ["limit"]


def test_text_stays_text(probe: ApiClient):
    assert probe.get("/probe", query={"word": "1"}).json == {"flag": False, "limit": 20, "word": "1"}


def test_unknown_and_repeated_parameters_are_refused(probe: ApiClient):
    assert refused(probe.get("/probe", query={"flga": "1", "word": "a"})) == ["flga"]
    assert refused(probe.get("/probe", query={"word": ["a", "a"]})) == ["word"]


@pytest.mark.parametrize("sent", ["null", "NULL"])
def test_null_is_a_word_like_any_other(client: ApiClient, sent):
    assert refused(client.get("/user/balances/history/", query={"type": sent})) == ["type"]
    assert refused(client.get("/payments/", query={"status": sent})) == ["status"]
