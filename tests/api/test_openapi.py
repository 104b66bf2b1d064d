"""The OpenAPI document: valid, complete, and what the application does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from chalicelib.api import openapi
from chalicelib.api.openapi_errors import possible
from chalicelib.errors import ApiError
from chalicelib.oauth.credentials import OAuthError
from tests.support.application import application
from tests.support.client import ApiClient
from tests.support.probe import probe_application

DOCUMENT = openapi.document(application())
COMPONENTS = DOCUMENT["components"]
ENDPOINTS = [endpoint for _, endpoint in application().endpoints]
OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]


def described(endpoint) -> dict:
    return DOCUMENT["paths"][openapi.documented_path(endpoint.path)][endpoint.method.lower()]


def resolved(part: dict) -> dict:
    while "$ref" in part:
        _, *steps = part["$ref"].split("/")
        part = DOCUMENT
        for step in steps:
            part = part[step]
    return part


def test_it_is_valid_openapi():
    validate(DOCUMENT)
    validate(openapi.document(probe_application()))


def test_it_holds_every_route_and_nothing_else():
    routes = {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    assert {(method, path.removesuffix("/")) for method, path, _ in OPERATIONS} == routes
    assert len(OPERATIONS) == len(ENDPOINTS)


def test_paths_are_printed_with_a_slash_unless_they_name_a_file():
    without = [path for path in DOCUMENT["paths"] if not path.endswith("/")]
    assert without == ["/openapi.json", "/.well-known/jwks.json"]


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in OPERATIONS])
def test_every_documented_path_is_served_both_ways(anyone: ApiClient, method, path):
    for form in {path, path.removesuffix("/"), path.removesuffix("/") + "/"}:
        assert anyone.send(method, re.sub(r"[{}]", "", form)).status not in {404, 405}


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
class TestEachOperation:
    def test_scopes(self, endpoint):
        expected = [] if endpoint.scopes is None else [{"oauth2": list(endpoint.scopes)}]
        assert described(endpoint)["security"] == expected

    def test_every_error_it_can_give_is_there_and_no_other(self, endpoint):
        told = set()
        for status, response in described(endpoint)["responses"].items():
            if status == str(endpoint.status):
                continue
            for code, example in resolved(response)["content"]["application/json"]["examples"].items():
                told.add((int(status), code))
                assert code in json.dumps(example)
        wanted = {(error.status, error.code) for error in possible(endpoint)}
        if OAuthError in endpoint.errors:
            wanted |= {(400, "invalid_request"), (400, "unsupported_grant_type"), (400, "invalid_scope")}
            wanted |= {(401, "invalid_client"), (429, "rate_limit_exceeded")}
        assert told == wanted

    def test_what_authentication_and_bodies_bring_with_them(self, endpoint):
        statuses = set(described(endpoint)["responses"])
        assert {"500"} <= statuses
        assert ({"401", "403", "503"} <= statuses) or endpoint.scopes is None
        assert ({"413"} <= statuses) or endpoint.body is None
        assert ({"400", "415"} <= statuses) or endpoint.body is None or endpoint.reads_any_body
        assert ({"422"} <= statuses) == (endpoint.replay is not None)
        assert ("404" in statuses) or "{" not in endpoint.path

    def test_every_answer_has_its_headers(self, endpoint):
        for status, response in described(endpoint)["responses"].items():
            headers = resolved(response)["headers"]
            assert "X-Request-Id" in headers
            assert ("Retry-After" in headers) == (status in {"429", "503"})
            assert ("WWW-Authenticate" in headers) == (status in {"401", "403"})
            if OAuthError in endpoint.errors or (endpoint.scopes is not None and status != "401"):
                assert {"RateLimit", "RateLimit-Policy"} <= set(headers)

    def test_parameters(self, endpoint):
        names = [resolved(parameter)["name"] for parameter in described(endpoint).get("parameters", [])]
        assert ("Idempotency-Key" in names) == (endpoint.replay is not None)
        assert set(re.findall(r"\{(\w+)\}", endpoint.path)) <= set(names)
        assert set(endpoint.query.__struct_fields__ if endpoint.query else ()) <= set(names)
        for parameter in described(endpoint).get("parameters", []):
            Draft202012Validator.check_schema(resolved(parameter)["schema"])

    def test_examples_are_what_the_schemas_allow(self, endpoint):
        operation = described(endpoint)
        answers = [resolved(response) for response in operation["responses"].values()]
        for body in [operation.get("requestBody", {}), *answers]:
            for content in body.get("content", {}).values():
                schema = {**content["schema"], "components": COMPONENTS}
                values = [example["value"] for example in content.get("examples", {}).values()]
                for value in values or [content["example"]]:
                    Draft202012Validator(schema).validate(value)


def objects(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object within a document, with where it stands; examples aside."""
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from objects(part, f"{path}/{number}")
    elif isinstance(schema, dict):
        kind = schema.get("type")
        if kind == "object" or (isinstance(kind, list) and "object" in kind) or "patternProperties" in schema:
            yield path, schema
        for name, part in schema.items():
            if name not in {"example", "examples", "default", "const", "enum"}:
                yield from objects(part, f"{path}/{name}")


def test_every_object_says_which_fields_it_has_and_needs():
    found = dict(objects(DOCUMENT, ""))
    assert len(found) > len(COMPONENTS["schemas"])
    for path, schema in found.items():
        assert schema["additionalProperties"] is False, path
        assert set(schema["required"]) <= set(schema.get("properties", {})), path
        assert ("properties" in schema) != ("patternProperties" in schema), path
    for name, schema in COMPONENTS["schemas"].items():
        assert schema.get("description"), name


def test_a_map_names_the_pattern_of_its_keys():
    maps = {path: set(one["patternProperties"]) for path, one in objects(DOCUMENT, "") if "properties" not in one}
    free = {path for path, patterns in maps.items() if patterns == {".*"}}
    assert free == {"/components/schemas/Error/properties/error/properties/details"}
    assert {"^[A-Z0-9]{1,20}$"} in maps.values()


def test_it_says_that_api_gateway_renames_a_header_and_that_both_slash_forms_work():
    assert "x-amzn-remapped-www-authenticate" in DOCUMENT["info"]["description"]
    assert "without the slash" in DOCUMENT["info"]["description"]


def test_an_answer_fits_its_schema(client: ApiClient):
    for path in ("/user/me/", "/currencies/", "/o/apps/", "/status/"):
        content = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": COMPONENTS}
        Draft202012Validator(schema).validate(client.get(path).json)


def test_it_is_served(anyone: ApiClient, aws_calls):
    answer = anyone.get("/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == DOCUMENT
    assert aws_calls.made == []
    assert anyone.get("/openapi.json/").text == answer.text


def test_drift_is_noticed(tmp_path: Path, capsys):
    file = tmp_path / "openapi.json"
    assert openapi.keep(application(), file, check=True) == openapi.DRIFTED
    assert openapi.keep(application(), file, check=False) == 0
    assert openapi.keep(application(), file, check=True) == 0
    file.write_text(file.read_text().replace("Check if", "See whether"))
    assert openapi.keep(application(), file, check=True) == openapi.DRIFTED
    assert "make openapi" in capsys.readouterr().err


def documented_errors() -> dict[str, int]:
    text = Path(__file__).parents[2].joinpath("docs", "errors.md").read_text()
    return {code: int(status) for status, code in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", text, re.MULTILINE)}


def test_every_error_code_is_documented_with_its_status_and_no_other():
    wanted = {error.code: error.status for error in ApiError.__subclasses__() if error is not OAuthError}
    oauth = {"unsupported_grant_type": 400, "invalid_scope": 400, "invalid_client": 401}
    assert documented_errors() == wanted | oauth
    assert set(COMPONENTS["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["enum"]) == set(wanted)
