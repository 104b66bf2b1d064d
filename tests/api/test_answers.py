"""What every answer has, whatever happens inside."""

import logging

import pytest

from chalicelib.api.endpoint import BODY_LIMIT_BYTES
from tests.support.application import application
from tests.support.client import ApiClient


def test_the_service_is_operational(anyone: ApiClient):
    answer = anyone.get("/status/")
    assert (answer.status, answer.text) == (200, '{"status":"ok"}')
    assert answer.headers["content-type"] == "application/json"


def test_the_status_is_answered_without_a_single_call(anyone: ApiClient, aws_calls):
    anyone.get("/status/")
    assert aws_calls.made == []


def test_a_bug_is_a_500_that_tells_nothing(probe: ApiClient, caplog):
    with caplog.at_level(logging.ERROR, logger="chalicelib.api.endpoint"):
        answer = probe.get("/probe/broken/")
    assert (answer.status, answer.code) == (500, "server_error")
    assert "42" not in answer.text
    assert "Traceback" not in answer.text
    assert "the secret is 42" in caplog.text, "but our log has it"


def test_a_table_that_is_away_is_a_503_with_retry_after(probe: ApiClient):
    answer = probe.get("/probe/busy/")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "service_unavailable", "5")


def test_a_request_without_an_id_is_given_one():
    event = {
        "path": "/status/",
        "httpMethod": "GET",
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "requestContext": {"resourcePath": "/status", "httpMethod": "GET"},
    }
    first, second = (application()(dict(event), None)["headers"]["X-Request-Id"] for _ in range(2))
    assert first
    assert second
    assert first != second


@pytest.mark.parametrize("path", ["/probe", "/probe/public"])
def test_a_body_over_64_kb_is_refused(probe: ApiClient, path):
    largest = '{"amount": "1.00"}'.ljust(BODY_LIMIT_BYTES)
    assert probe.post(path, raw=largest).status == 200
    answer = probe.post(path, raw=largest + " ")
    assert (answer.status, answer.code) == (413, "payload_too_large")


def test_the_limit_counts_bytes_and_not_characters(probe: ApiClient):
    assert probe.post("/probe", raw='{"amount": "' + "€" * 30_000 + '"}').status == 413
    assert probe.post("/probe", raw=b'{"amount": "' + b"1" * BODY_LIMIT_BYTES + b'"}').status == 413


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "json", "application/xml", "*/*"]
)
def test_a_body_that_is_no_json_is_refused(probe: ApiClient, content_type):
    answer = probe.post("/probe", raw='{"amount": "1"}', headers={"Content-Type": content_type})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"]
)
def test_json_may_be_called_json_in_any_case(probe: ApiClient, content_type):
    answer = probe.post("/probe", raw='{"amount": "1"}', headers={"content-TYPE": content_type})
    assert answer.status == 200


def test_a_get_may_have_any_content_type(probe: ApiClient):
    assert probe.get("/probe", headers={"Content-Type": "text/plain"}).status == 200


def test_who_calls_is_checked_before_what_is_sent(anyone: ApiClient, probe: ApiClient):
    assert probe.with_token(None).post("/probe", raw="{" * 99_999).code == "authentication_failed"
