"""The schemas of the OpenAPI document: msgspec's, of every type that the endpoints name."""

from collections.abc import Sequence
from types import UnionType
from typing import Any, get_args

import msgspec

from chalicelib.api.endpoint import Endpoint
from chalicelib.api.fields import SentAmount

REFERENCE = "#/components/schemas/{name}"
Schema = dict[str, Any]
_ANY_NAME = ".*"


class Schemas:
    """The schemas of some endpoints' bodies and answers, and of the query parameters.

    Attributes:
        components: the named schemas, for ``components/schemas``.
    """

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        kinds = list(dict.fromkeys(kind for endpoint in endpoints for kind in _kinds(endpoint)))
        schemas, self.components = msgspec.json.schema_components(
            kinds, schema_hook=_schema_of_custom, ref_template=REFERENCE
        )
        self.components = {name: strict(schema) for name, schema in self.components.items()}
        self._by_kind: dict[Any, Schema] = dict(zip(kinds, map(strict, schemas), strict=True))

    def of(self, kind: Any) -> Schema:
        """Return the schema of a body's or an answer's type."""
        members = _members(kind)
        if len(members) == 1:
            return self._by_kind[members[0]]
        return {"anyOf": [self._by_kind[member] for member in members]}


def strict(schema: Any) -> Any:
    """Return a schema in which every object says what it may hold and what it must.

    A map, such as amounts by currency, names the pattern of its keys in place of fields, and needs none of them.
    """
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: strict(part) for name, part in schema.items()}
    if told.get("type") == "object" and "properties" not in told:
        pattern = told.pop("propertyNames", {}).get("pattern", _ANY_NAME)
        values = told.pop("additionalProperties", {})
        told |= {"patternProperties": {pattern: values}, "additionalProperties": False, "required": []}
    return told


def query_parameters(query: type[msgspec.Struct]) -> list[Schema]:
    """Return the parameters that a query's type describes."""
    [_], components = msgspec.json.schema_components(
        [query], schema_hook=_schema_of_custom, ref_template=REFERENCE
    )
    described = components[query.__name__]
    return [
        _parameter(name, schema, is_required=name in described["required"])
        for name, schema in described["properties"].items()
    ]


def _parameter(name: str, schema: Schema, *, is_required: bool) -> Schema:
    kept = _without_null(schema)
    parameter = {"name": name, "in": "query", "required": is_required}
    if "description" in kept:
        parameter["description"] = kept.pop("description")
    return {**parameter, "schema": kept}


def _without_null(schema: Schema) -> Schema:
    """Return a copy without the null of an optional field: what is left out of a query is not sent as null."""
    kept = dict(schema)
    if "anyOf" in kept:
        members = [member for member in kept.pop("anyOf") if member != {"type": "null"}]
        kept |= members[0] if len(members) == 1 else {"anyOf": members}
    if kept.get("default", ...) is None:
        del kept["default"]
    return kept


def _kinds(endpoint: Endpoint) -> list[Any]:
    named = [endpoint.body] if endpoint.body else []
    return named + (_members(endpoint.answer) if endpoint.answer else [])


def _members(kind: Any) -> list[Any]:
    """Return the alternatives of a union of answers; msgspec describes one at a time."""
    return list(get_args(kind)) if isinstance(kind, UnionType) else [kind]


def _schema_of_custom(kind: type) -> Schema:
    if kind is SentAmount:
        return {}  # its field says all
    raise NotImplementedError(f"no schema is known for {kind}")
