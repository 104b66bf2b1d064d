"""What this process may let through by itself: a part of a tenant's bucket, leased for a second.

A lease is as large as what the process was asked in the last second, so that few tokens die unused; a few of them
outlive the second, so that a caller who comes now and then does not cost a write each time. Refusals are
remembered too: a caller who is over its quota costs no write each time either.
"""

import random
import threading
from dataclasses import dataclass, field

from chalicelib.environment import Environment
from chalicelib.quotas import table
from chalicelib.quotas.bucket import MICROSECONDS, Quota
from chalicelib.quotas.table import Bucket, OtherwiseError
from chalicelib.storage.calls import StorageUnavailableError

LEASE_MICROSECONDS = MICROSECONDS
KEPT_MICROSECONDS = 60 * MICROSECONDS
HOLD_OFF_MICROSECONDS = MICROSECONDS // 2
ALONE_MICROSECONDS = 5 * MICROSECONDS
ALONE_PART = 20
ATTEMPTS = 3
REMEMBERED_TENANTS = 4096


@dataclass(frozen=True)
class Verdict:
    """Whether a request may go on, and how the tenant's bucket stands.

    Attributes:
        quota: the tenant's.
        is_admitted: whether it may.
        is_known: whether the bucket could be asked; else the process decided alone.
        remaining: how many more requests may come at once.
        wait: microseconds: for a request let through until the bucket is full, else until it holds one.
    """

    quota: Quota
    is_admitted: bool
    is_known: bool
    remaining: int
    wait: int


@dataclass
class _Lease:
    """What a process knows of one tenant's bucket. Times are microseconds."""

    bucket: Bucket = field(default_factory=Bucket)
    tokens: int = 0
    leased_at: int = 0
    closed_until: int = 0
    alone: Bucket | None = None
    alone_until: int = 0
    second: int = 0
    asked: int = 0
    asked_before: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Leases:
    """This process's leases, one for each tenant that called lately; safe to share between threads."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._leases: dict[str, _Lease] = {}

    def admit(self, tenant_id: str) -> Verdict:
        """Count one request of a tenant, and say whether it may go on."""
        lease = self._leases.get(tenant_id)
        if lease is None:
            if len(self._leases) >= REMEMBERED_TENANTS:
                self._leases.clear()  # tokens die; nothing is let through that was not leased
            lease = self._leases.setdefault(tenant_id, _Lease())
        with lease.lock:
            return self._admit(tenant_id, lease, int(self._env.clock.now() * MICROSECONDS))

    def _admit(self, tenant_id: str, lease: _Lease, now: int) -> Verdict:
        _count(lease, now)
        _age(lease, now)
        if not lease.tokens and lease.closed_until <= now:
            if now < lease.alone_until:
                return _decided_alone(lease, now)
            try:
                self._renew(tenant_id, lease, now)
            except StorageUnavailableError:
                # Asked again in a while only: a table that is away would cost each request its time-out.
                lease.alone_until = now + ALONE_MICROSECONDS
                return _decided_alone(lease, now)
        return _spent(lease, now)

    def _renew(self, tenant_id: str, lease: _Lease, now: int) -> None:
        """Lease what the process needs for a second, or what the bucket holds; note when that is nothing."""
        for _ in range(ATTEMPTS):
            quota = lease.bucket.quota
            wanted = max(1, quota.kept, min(quota.part, max(lease.asked, lease.asked_before)))
            requests = min(wanted, lease.bucket.available(now))
            if not requests:
                break
            try:
                lease.bucket = table.take(self._env, tenant_id, lease.bucket, requests, now)
            except OtherwiseError as otherwise:
                lease.bucket = otherwise.bucket
            else:
                lease.tokens, lease.leased_at = requests, now
                return
        wait = lease.bucket.quota.wait(lease.bucket.full_at, now)
        lease.closed_until = now + wait + random.randrange(HOLD_OFF_MICROSECONDS)  # noqa: S311 -- jitter


def _count(lease: _Lease, now: int) -> None:
    """Count what is asked of this process, second by second."""
    second = now // MICROSECONDS
    if second != lease.second:
        lease.asked_before = lease.asked if second == lease.second + 1 else 0
        lease.second, lease.asked = second, 0
    lease.asked += 1


def _age(lease: _Lease, now: int) -> None:
    """Let die what a lease may not keep."""
    age = now - lease.leased_at
    if age >= KEPT_MICROSECONDS:
        lease.tokens = 0
    elif age >= LEASE_MICROSECONDS:
        lease.tokens = min(lease.tokens, lease.bucket.quota.kept)


def _spent(lease: _Lease, now: int) -> Verdict:
    bucket = lease.bucket
    if not lease.tokens:
        wait = max(bucket.quota.wait(bucket.full_at, now), lease.closed_until - now, 1)
        return Verdict(bucket.quota, is_admitted=False, is_known=True, remaining=0, wait=wait)
    lease.tokens -= 1
    remaining = min(bucket.quota.burst, bucket.available(now) + lease.tokens)
    until_full = max(0, bucket.full_at - now)
    return Verdict(bucket.quota, is_admitted=True, is_known=True, remaining=remaining, wait=until_full)


def _decided_alone(lease: _Lease, now: int) -> Verdict:
    """Decide without the table: of twenty processes each lets through a twentieth of the quota, and no burst."""
    quota = lease.bucket.quota
    own = Quota(max(1, quota.per_minute // ALONE_PART), quota.part)
    full_at = max(lease.alone.full_at if lease.alone else 0, now)
    is_admitted = own.available(full_at, now) > 0
    lease.alone = Bucket(own, full_at + own.cost(1) if is_admitted else full_at)
    wait = own.wait(lease.alone.full_at, now)
    remaining = lease.alone.available(now)
    return Verdict(quota, is_admitted=is_admitted, is_known=False, remaining=remaining, wait=max(wait, 1))
