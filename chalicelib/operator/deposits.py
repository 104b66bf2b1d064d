"""The operator's commands about deposits."""

from argparse import Namespace
from typing import Any, Self

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Raw, Record

_STORAGE_OWN = {"pk", "ttl"}


class StoredItem(Record):
    """An item shown as it is stored, whatever it holds: the operator sees all of what came in."""

    shown: dict[str, str]

    @classmethod
    def of_raw(cls, item: Raw) -> Self:
        """Keep each attribute's text beside the key."""
        record = cls(pk=item["pk"]["S"], sk=item["sk"]["S"])
        record.shown = {name: str(next(iter(value.values()))) for name, value in sorted(item.items())}
        return record


def stray(env: Environment, asked: Namespace) -> dict[str, Any]:  # noqa: ARG001 -- commands are called alike
    """List what arrived at our addresses that no currency of the catalogue names."""
    items = env.store.query_all(StoredItem, keys.stray_deposits())
    return {"deposits": [_shown(item) for item in items]}


def _shown(item: StoredItem) -> dict[str, str]:
    kept = {name: text for name, text in item.shown.items() if name not in _STORAGE_OWN}
    return {"id": kept.pop("sk"), **kept}
