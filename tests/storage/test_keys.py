"""Keys: no two things share an address, and each partition starts with its room, then its tenant."""

import inspect
import re
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from chalicelib.storage import keys
from chalicelib.storage.records import Key

BUILDERS = {
    name: function
    for name, function in vars(keys).items()
    if inspect.isfunction(function) and get_type_hints(function)["return"] is Key
}
EXAMPLES: dict[str, Any] = {
    "tenant_id": "t_one",
    "height": 7,
    "due_at": 7200,
    "minute": 3,
    "application_id": 5,
    "number": 2,
    "first_sequence": 4,
    "first": 6,
    "place": 1,
    "index": 0,
    "part": 0,
    "made_at": 11,
    "slot": 8,
}


def example(function: Callable[..., Key], **changed: Any) -> Key:
    named = {name: EXAMPLES.get(name, f"<{name}>") for name in inspect.signature(function).parameters}
    return function(**{**named, **changed})


def test_no_two_things_share_an_address() -> None:
    built = [example(function) for function in BUILDERS.values()]
    assert len(set(built)) == len(built) > 20


@pytest.mark.parametrize("name", BUILDERS)
def test_every_argument_tells_things_apart(name: str) -> None:
    function = BUILDERS[name]
    for parameter in inspect.signature(function).parameters:
        other = 7205 if parameter == "due_at" else 9 if isinstance(EXAMPLES.get(parameter), int) else "<other>"
        assert example(function) != example(function, **{parameter: other}), parameter


@pytest.mark.parametrize("name", BUILDERS)
def test_a_partition_starts_with_its_room_then_its_tenant(name: str) -> None:
    function = BUILDERS[name]
    pk = example(function).pk
    assert re.match(r"[A-Z]+(#|$)", pk)
    is_found_without_tenant = name in {"tenant_entry", "outbox", "retry", "busy_lane"}
    if "tenant_id" in inspect.signature(function).parameters and not is_found_without_tenant:
        assert re.match(r"[A-Z]+#t_one(#|$)", pk), "so that a function's rights can be cut by leading keys"


@pytest.mark.parametrize(
    ("function", "smaller", "larger"),
    [
        (lambda n: keys.log_page("t", n, 0), 9, 10),
        (lambda n: keys.log_page("t", 1, n), 9, 10),
        (lambda n: keys.history_row("t", "master", n), 99, 100),
        (lambda n: keys.block("TRX", n, "hash"), 999, 1000),
        (lambda n: keys.application("t", n), 9, 10),
        (lambda n: keys.retry(n, "t", "evt"), 7201, 7210),
    ],
)
def test_numbers_sort_as_numbers(function: Callable[[int], Key], smaller: int, larger: int) -> None:
    assert function(smaller).pk == function(larger).pk
    assert function(smaller).sk < function(larger).sk


def test_an_idempotency_key_is_stored_as_a_hash() -> None:
    assert "secret" not in str(keys.guard("t", "POST /payments", "secret"))
