"""Which path is whose, and what all others are answered."""

import re

import pytest

from tests.support.application import application
from tests.support.client import ApiClient

ROUTES = [(endpoint.method, endpoint.path) for _, endpoint in application().endpoints]


def test_no_route_is_registered_with_a_slash_at_its_end():
    assert ROUTES
    assert [path for _, path in ROUTES if path.endswith("/")] == []


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_route_is_served_with_and_without_a_slash(anyone: ApiClient, method, path, slash):
    answer = anyone.send(method, path.replace("{", "").replace("}", "") + slash)
    # Without a token and a body every route refuses, or is public: only the router answers these two.
    assert answer.status not in {404, 405}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_route_that_api_gateway_matched_itself_is_served_too(anyone: ApiClient, method, path):
    names = re.findall(r"\{(\w+)\}", path)
    answer = anyone.send(method, path, resource=path, path_parameters=dict.fromkeys(names, "1"))
    assert answer.status not in {404, 405}


@pytest.mark.parametrize(
    "path", ["/", "//", "", "/nothing/here", "/o", "/o/token/x", "/O/token", "/o//apps", "/o/apps//", "/status//"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS"])
def test_an_unknown_path_is_not_found(client: ApiClient, method, path):
    answer = client.send(method, path)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/o/token/", "POST"),
        ("DELETE", "/o/apps", "GET, POST"),
        ("GET", "/o/apps/1/", "DELETE"),
        ("PATCH", "/status/", "GET"),
        ("HEAD", "/status", "GET"),
        ("OPTIONS", "/user/me/", "GET"),
        ("TRACE", "/user/webhooks/", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(anyone: ApiClient, method, path, allowed):
    answer = anyone.send(method, path)
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", allowed)


def test_a_wrong_method_on_a_path_that_api_gateway_matched_itself(anyone: ApiClient):
    answer = anyone.send("GET", "/o/token", resource="/o/token", path_parameters={})
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_a_fixed_word_comes_before_a_parameter(probe: ApiClient):
    assert probe.get("/probe/words/fixed/").json == {"word": "the fixed one"}
    assert probe.get("/probe/words/fixed2/").json == {"word": "fixed2"}


@pytest.mark.parametrize(
    ("sent", "read"), [("a%20b", "a b"), ("%E2%82%AC", "€"), ("a+b", "a+b"), ("%2F", "/"), ("%252F", "%2F")]
)
def test_a_path_parameter_is_decoded_once(probe: ApiClient, sent, read):
    assert probe.get(f"/probe/words/{sent}/").json == {"word": read}


@pytest.mark.parametrize("sent", ["%ff", "%ED%A0%80", "%C0%AF"])
def test_a_path_parameter_that_is_no_text_is_not_found(probe: ApiClient, sent):
    assert probe.get(f"/probe/words/{sent}").code == "not_found"


def test_an_empty_path_parameter_is_not_found_even_if_the_server_matched_it(probe: ApiClient):
    answer = probe.get("/probe/words//", resource="/probe/words/{word}", path_parameters={"word": ""})
    assert answer.code == "not_found"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_custom_domains_base_path_does_not_count(client: ApiClient, slash):
    below = f"/pay/v1/user/me{slash}"
    assert client.get(below, resource="/user/me", path_parameters={}).status == 200
    assert client.get(below, path_parameters={"proxy": f"user/me{slash}"}).status == 200
    answer = client.delete(below, path_parameters={"proxy": f"user/me{slash}"})
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
