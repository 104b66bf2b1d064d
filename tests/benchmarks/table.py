"""A table like the product's, with a metered and an unmetered client on it."""

from dataclasses import dataclass
from typing import Any

from botocore.session import Session

from benchmarks.meter import Meter
from sandbox.engine.provision import provision_table

NAME = "metered"
KB = 1024


@dataclass(frozen=True)
class Table:
    client: Any
    meter: Meter


def make_table(endpoint_url: str | None = None) -> Table:
    """Make the product's table on an engine; without an endpoint on whatever moto mocks."""
    session = Session()
    session.set_credentials("metered", "metered")
    metered, unmetered = (
        session.create_client("dynamodb", "eu-central-1", endpoint_url=endpoint_url) for _ in range(2)
    )
    provision_table(unmetered, NAME)
    return Table(metered, Meter(metered, unmetered, NAME))


def key(sk: str = "s") -> dict[str, Any]:
    return {"pk": {"S": "ROOM#t"}, "sk": {"S": sk}}


def item(size_bytes: int, sk: str = "s", **attributes: dict[str, Any]) -> dict[str, Any]:
    """An item of exactly that size; its other attributes are strings and one-digit numbers, of two bytes each."""
    named = {**key(sk), **attributes}
    known = sum(len(name) + (len(value["S"]) if "S" in value else 2) for name, value in named.items())
    return {**named, "x": {"S": "x" * (size_bytes - known - 1)}}
