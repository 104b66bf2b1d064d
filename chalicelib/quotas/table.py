"""The bucket's item: taking requests out of it is one conditional write, which needs no read before it.

A tenant whose quota is not the default one has it on the same item, so that no request reads settings for it.
"""

from dataclasses import dataclass

from chalicelib.environment import Environment
from chalicelib.errors import NotFoundError
from chalicelib.quotas.bucket import DEFAULT, Quota
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Raw, Record
from chalicelib.storage.unit_of_work import Write, check

FULL_AT, PER_MINUTE, BURST = "f", "q", "b"
_NAMES = {"#f": FULL_AT, "#q": PER_MINUTE}
_OF_DEFAULT = "attribute_not_exists(#q)"
_OF_ITS_OWN = "#q = :q AND #b = :b"


@dataclass(frozen=True)
class Bucket:
    """A bucket as it stood when the table was asked last.

    Attributes:
        quota: what fills it.
        full_at: when it will be full again, in microseconds.
    """

    quota: Quota = DEFAULT
    full_at: int = 0

    def available(self, now: int) -> int:
        """Return how many requests it holds; ``now`` in microseconds."""
        return self.quota.available(self.full_at, now)


class OtherwiseError(Exception):
    """The bucket is not as it was thought to be: nothing was taken."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(bucket)
        self.bucket = bucket


def take(env: Environment, tenant_id: str, thought: Bucket, requests: int, now: int) -> Bucket:
    """Take requests out of a tenant's bucket, if it holds so many.

    Args:
        env: the environment.
        tenant_id: whose bucket.
        thought: the bucket as it is thought to be; its quota and whether it is full must be right.
        requests: how many.
        now: in microseconds.

    Returns:
        The bucket after that.

    Raises:
        OtherwiseError: nothing was taken; the error has the bucket as it is.
        StorageUnavailableError: the table did not answer.
    """
    return _read(env.store.change(_taking(keys.token_bucket(tenant_id), thought, requests, now)))


def bucket(env: Environment, tenant_id: str) -> Bucket:
    """Read a tenant's bucket."""
    item = env.store.get_raw([keys.token_bucket(tenant_id)])
    return _read(item.get(keys.token_bucket(tenant_id)))


def set_quota(env: Environment, tenant_id: str, quota: Quota) -> None:
    """Give a tenant another quota; a process follows when its lease is used up.

    Raises:
        NotFoundError: there is no such tenant.
    """
    missing = NotFoundError(f"There is no tenant {tenant_id}.")
    parameters = {
        "UpdateExpression": "SET #q = :q, #b = :b",
        "ExpressionAttributeNames": {"#q": PER_MINUTE, "#b": BURST},
        "ExpressionAttributeValues": {":q": _number(quota.per_minute), ":b": _number(quota.burst)},
    }
    env.store.commit(
        check(keys.tenant(tenant_id), Record.pk.exists(), missing),
        Write("Update", keys.token_bucket(tenant_id), parameters, missing),
    )


def _taking(key: Key, thought: Bucket, requests: int, now: int) -> Write:
    """Return the write: a full bucket's moment is set, another's is moved on, whoever moves it meanwhile."""
    quota = thought.quota
    names, values = dict(_NAMES), {":now": _number(now)}
    if thought.full_at < now:
        change = "SET #f = :full"
        is_so = "(attribute_not_exists(#f) OR #f < :now)"
        values[":full"] = _number(now + quota.cost(requests))
    else:
        change = "ADD #f :cost"
        is_so = "#f BETWEEN :now AND :latest"
        values |= {":cost": _number(quota.cost(requests)), ":latest": _number(quota.latest(requests, now))}
    if quota != DEFAULT:
        names["#b"] = BURST
        values |= {":q": _number(quota.per_minute), ":b": _number(quota.burst)}
    parameters = {
        "UpdateExpression": change,
        "ConditionExpression": f"{is_so} AND {_OF_DEFAULT if quota == DEFAULT else _OF_ITS_OWN}",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return Write("Update", key, parameters, lambda item: OtherwiseError(_read(item)))


def _read(item: Raw | None) -> Bucket:
    found = {name: int(value["N"]) for name, value in (item or {}).items() if "N" in value}
    quota = Quota(found[PER_MINUTE], found[BURST]) if PER_MINUTE in found else DEFAULT
    return Bucket(quota, found.get(FULL_AT, 0))


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}
