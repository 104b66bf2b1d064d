"""A merchant's list of addresses that it may withdraw to; a new one waits before it counts."""

from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import AddressNotAllowedError
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Raw, Record
from chalicelib.storage.unit_of_work import Write, check


class AllowedAddress(Record):
    """An entry; the sort key is the address' family and its canonical spelling. Times are Unix seconds."""

    added_at = IntegerAttribute(attr_name="at")
    usable_at = IntegerAttribute(attr_name="x")

    @property
    def family(self) -> str:
        """The address' family."""
        return self.sk.partition("#")[0]

    @property
    def address(self) -> str:
        """The address."""
        return self.sk.partition("#")[2]


def entries(env: Environment, tenant_id: str) -> list[AllowedAddress]:
    """Return a merchant's whole list."""
    return list(env.store.query_all(AllowedAddress, keys.allowed_addresses(tenant_id)))


def allowed_check(tenant_id: str, family: str, address: str, now: float) -> Write:
    """Return the write by which a withdrawal's transaction demands that its address is on the list and in force.

    Its refusal is :class:`AddressNotAllowedError`.
    """
    key = keys.allowed_address(tenant_id, family, address)
    return check(key, AllowedAddress.usable_at <= int(now), _refusal)


def _refusal(item: Raw | None) -> AddressNotAllowedError:
    if item is None:
        problem = "is not on the list of addresses that may be withdrawn to"
        return AddressNotAllowedError(
            "This address is not on your allow-list: have the operator add it.", details={"address": [problem]}
        )
    since = iso(AllowedAddress.of_raw(item).usable_at)
    return AddressNotAllowedError(
        f"This address is new on your allow-list: it can be withdrawn to from {since} on.",
        details={"address": [f"can be withdrawn to from {since} on"]},
    )
