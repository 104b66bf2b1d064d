"""Bodies are read exactly, or refused with a sentence; nothing passes in silence."""

import pytest

from chalicelib.money import InvalidAmountError, parse_units
from tests.support.client import Answer, ApiClient


def refused(answer: Answer) -> dict:
    assert (answer.status, answer.code) == (400, "invalid_request"), answer.text
    return answer.json["error"]["details"]


@pytest.mark.parametrize(
    "written",
    [
        "0.1",
        "0.30000000000000004",
        "0.00000001",
        "100",
        "100.00",
        "123456789012345678901234567890.12345678",
        "9007199254740993",
        "0.10000000000000000555",
    ],
)
def test_a_number_and_a_string_reach_the_route_with_the_digits_that_were_sent(probe: ApiClient, written):
    assert probe.post("/probe", raw=f'{{"amount": {written}}}').json["amount"] == written
    assert probe.post("/probe", raw=f'{{"amount": "{written}"}}').json["amount"] == written


@pytest.mark.parametrize("written", ["1e-8", "1E+2", "1e400", "-1.5", "-1"])
def test_an_exponent_or_a_sign_still_shows_when_the_amount_is_read(probe: ApiClient, written):
    amount = probe.post("/probe", raw=f'{{"amount": {written}}}').json["amount"]
    with pytest.raises(InvalidAmountError):
        parse_units(amount, 8)


@pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(probe: ApiClient, written):
    refused(probe.post("/probe", raw=f'{{"amount": {written}}}'))


@pytest.mark.parametrize("written", ["true", "null", "[1]", '{"a": 1}'])
def test_an_amount_of_another_type_is_refused_by_name(probe: ApiClient, written):
    assert list(refused(probe.post("/probe", raw=f'{{"amount": {written}}}'))) == ["amount"]


@pytest.mark.parametrize("name", ["1.5", "1", "true", '""', '"' + "x" * 101 + '"'])
def test_a_number_never_becomes_text(probe: ApiClient, name):
    assert list(refused(probe.post("/probe", raw=f'{{"amount": 1, "name": {name}}}'))) == ["name"]


@pytest.mark.parametrize("flag", ['"true"', "1", "0", "1.0", "null"])
def test_a_boolean_of_a_body_is_true_or_false(probe: ApiClient, flag):
    assert list(refused(probe.post("/probe", raw=f'{{"amount": 1, "final": {flag}}}'))) == ["final"]


def test_every_wrong_field_is_named_at_once(probe: ApiClient):
    details = refused(probe.post("/probe", raw='{"amuont": 1, "name": 7, "count": 1.5}'))
    assert details["amuont"] == ["is not known here"]
    assert details["amount"] == ["is required"]
    assert set(details) == {"amuont", "amount", "name", "count"}


@pytest.mark.parametrize(
    ("body", "twice"),
    [
        ('{"amount": 1, "amount": 1}', "amount"),
        ('{"amount": 1, "\\u0061mount": 2}', "amount"),
        ('{"amount": 1, "name": {"a": 1, "a": 1}}', "a"),
    ],
)
def test_a_field_twice_is_refused_by_name(probe: ApiClient, body, twice):
    assert list(refused(probe.post("/probe", raw=body))) == [twice]


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "null",
        "[]",
        '"text"',
        "7",
        "{",
        '{"amount": 1,}',
        '{"amount": 01}',
        "{'amount': 1}",
        '{"amount": .5}',
        '{"amount": "\\ud800"}',
        '{"\\ud800": 1, "\\ud800": 2}',
        '{"\\ud800": 1}',
        "\ud800",
        b'{"amount": "\xff"}',
        b'\xef\xbb\xbf{"amount": 1}',
        b'{"amount": "\xed\xa0\x80"}',
        '{"amount": ' + "1" * 5_000 + "}",
        '{"amount": ' * 5_000,
        "[" * 60_000,
        '{"amount": "1"} {"amount": "1"}',
    ],
)
def test_what_is_no_json_object_is_refused(probe: ApiClient, body):
    refused(probe.post("/probe", raw=body))


def test_an_integer_of_a_thousand_digits_is_read_quickly_and_refused_as_an_amount(probe: ApiClient):
    amount = probe.post("/probe", raw='{"amount": ' + "9" * 1_000 + "}").json["amount"]
    with pytest.raises(InvalidAmountError):
        parse_units(amount, 8)


def test_text_of_any_script_comes_back_as_it_was_sent(probe: ApiClient):
    assert probe.post("/probe", {"amount": "1", "name": "Zażółć 😀 中"}).json["name"] == "Zażółć 😀 中"


def test_a_route_that_takes_no_body_or_query_refuses_what_is_sent(client: ApiClient) -> None:
    refused = client.post("/user/webhooks/rotate-secret/", {"now": True})
    assert (refused.status, refused.code) == (400, "invalid_request")
    assert "now" in refused.json["error"]["details"]
    assert client.post("/user/webhooks/rotate-secret/", raw="not json").status == 400
    assert (
        client.post("/user/webhooks/rotate-secret/", raw="{}", headers={"Content-Type": "text/plain"}).status
        == 415
    )
    assert client.post("/user/webhooks/rotate-secret/", {}).status == 200
    assert client.post("/user/webhooks/rotate-secret/").status == 200
    assert client.get("/user/me/", query={"zzz": "1"}).code == "invalid_request"


@pytest.mark.parametrize("sent", ["a\u0000b", "a\u0007", "line\nbreak"])
def test_names_of_the_merchants_own_have_no_control_characters(client: ApiClient, sent: str) -> None:
    refused = client.post("/wallets/", {"name": "My wallet", "external_id": sent})
    assert (refused.status, refused.code) == (400, "invalid_request")
    assert "external_id" in refused.json["error"]["details"]
    assert client.post("/wallets/", {"name": sent}).status == 400
