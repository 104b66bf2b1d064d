"""A merchant's own names for its withdrawals: each names one, for ever."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.errors import DuplicateCustomIdError
from chalicelib.storage import keys
from chalicelib.storage.records import Raw, Record
from chalicelib.storage.unit_of_work import Write, create


class CustomIdPointer(Record):
    """Which withdrawal a custom id names."""

    withdrawal_id = UnicodeAttribute(attr_name="w")


def claim(tenant_id: str, custom_id: str, withdrawal_id: str) -> Write:
    """Return the write that gives a name to a withdrawal.

    Its refusal is :class:`DuplicateCustomIdError`, which names the withdrawal that has it.
    """
    pk, sk = keys.custom_id(tenant_id, custom_id)
    return create(CustomIdPointer(pk=pk, sk=sk, withdrawal_id=withdrawal_id), _taken)


def find(env: Environment, tenant_id: str, custom_id: str) -> str | None:
    """Return the id of the withdrawal that a name means; None when there is none."""
    pointer = env.store.get(CustomIdPointer, keys.custom_id(tenant_id, custom_id))
    return pointer.withdrawal_id if pointer else None


def _taken(item: Raw | None) -> DuplicateCustomIdError:
    assert item is not None, "the pointer exists, or its condition would not have failed"
    first = CustomIdPointer.of_raw(item).withdrawal_id
    return DuplicateCustomIdError(
        "There is a withdrawal with this custom_id: look at that one.", details={"withdrawal_id": [first]}
    )
