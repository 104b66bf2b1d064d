"""From what was sent to a typed request, naming every field that is wrong at once."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args

import msgspec

from chalicelib.api.fields import SentAmount, is_number_text, read_custom
from chalicelib.errors import InvalidRequestError

S = TypeVar("S", bound=msgspec.Struct)
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def read_body(kind: type[S], parsed: Any) -> S:
    """Read a JSON object as a request.

    Raises:
        InvalidRequestError: with every wrong, missing or unknown field in its details.
    """
    if not isinstance(parsed, dict):
        raise InvalidRequestError("The body must be one JSON object.")
    return _read(kind, parsed, strict=True)


def read_query(kind: type[S], parameters: Mapping[str, list[str]]) -> S:
    """Read a query string as a request; numbers and booleans are text there.

    Raises:
        InvalidRequestError: with every wrong, repeated or unknown parameter in its details.
    """
    repeated = {name: ["must be given once"] for name, values in parameters.items() if len(values) > 1}
    if repeated:
        raise InvalidRequestError("A query parameter is repeated; give each one once.", details=repeated)
    return _read(kind, {name: values[0] for name, values in parameters.items()}, strict=False)


def _read(kind: type[S], sent: Mapping[str, Any], *, strict: bool) -> S:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    problems: dict[str, list[str]] = {name: ["is not known here"] for name in sent if name not in fields}
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in sent:
            if field.required:
                problems[name] = ["is required"]
            continue
        try:
            values[name] = _convert(sent[name], field.type, strict=strict)
        except msgspec.ValidationError as error:
            problems[name] = [_sentence(error)]
    if problems:
        names = ", ".join(sorted(problems))
        raise InvalidRequestError(f"Check these fields and send the request again: {names}.", details=problems)
    return kind(**values)


def _convert(value: Any, kind: Any, *, strict: bool) -> Any:
    members = _members(kind)
    if is_number_text(value) and SentAmount not in members:
        raise msgspec.ValidationError("a number with a fraction cannot be used here")
    if not strict and int in members and not _WHOLE.fullmatch(value):  # msgspec would take 1e3 and 2.0
        raise msgspec.ValidationError("must be a whole number")
    converted = msgspec.convert(value, kind, strict=strict, dec_hook=read_custom)
    if not strict and converted is None:  # msgspec takes the word null for nothing, but in a query it is a word
        raise msgspec.ValidationError("is not one of the values that can be used here")
    return converted


def _members(kind: Any) -> set[Any]:
    """Return the types that an annotation is made of (``Amount | None`` and the like)."""
    return {kind}.union(*(_members(part) for part in get_args(kind) if isinstance(part, type) or get_args(part)))


def _sentence(error: msgspec.ValidationError) -> str:
    """Turn msgspec's message into ours: what was wrong, without its path syntax."""
    return str(error).split(" - at `$")[0].replace("Expected", "must be:").replace("`", "")
