"""Leases of an endpoint's places, and its breaker: one small item for each endpoint of a tenant.

A process leases places for a while and makes many attempts in them, so that a busy endpoint costs a write now and
then. An endpoint that did not answer is *suspect*: one probe at a time. After ``BREAKER_AFTER`` of them in a row
that were not answered, attempts are held back, and only a probe is let through now and then.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Raw, Record
from chalicelib.storage.unit_of_work import ConflictError, update
from chalicelib.webhooks.places import ATTEMPT_SECONDS, LEASED

LEASE_SECONDS = 40
KEPT_SECONDS = 7 * 24 * 3600  # an endpoint's item, after its last lease
LOOK_SECONDS = 1.0  # a process that found no place looks again
BREAKER_AFTER = 5  # attempts in a row that were not answered
HOLD_SECONDS, HOLD_MAX_SECONDS = 60, 900  # until the next probe: twice as long each time
SUSPECT_SECONDS = 60  # what a process knows of an endpoint's silence grows old
REMEMBERED = 10_000  # endpoints in one process
ACQUIRING = 3  # attempts to lease, when others lease at the same time
_TOKEN = 1_000_000  # a lease is its end in microseconds, made unique by its last digits


class EndpointRecord(Record):
    """An endpoint of a tenant.

    Attributes:
        failures: how many attempts in a row were not answered.
        open_until: Unix seconds until which attempts are held back.
        probe: the lease of the one probe of a suspect.
        place_0, place_1, place_2: the leases of its places.
    """

    failures = IntegerAttribute(attr_name="f", null=True)
    open_until = IntegerAttribute(attr_name="o", null=True)
    probe = IntegerAttribute(attr_name="p", null=True)
    place_0 = IntegerAttribute(attr_name="l0", null=True)
    place_1 = IntegerAttribute(attr_name="l1", null=True)
    place_2 = IntegerAttribute(attr_name="l2", null=True)


_PLACES = (EndpointRecord.place_0, EndpointRecord.place_1, EndpointRecord.place_2)
assert len(_PLACES) == LEASED


def hold_seconds(failures: int) -> int | None:
    """Return how long attempts are held back after that many unanswered ones in a row; None: they are not."""
    if failures < BREAKER_AFTER:
        return None
    return int(min(HOLD_SECONDS * 2 ** min(failures - BREAKER_AFTER, 10), HOLD_MAX_SECONDS))


@dataclass(slots=True)
class Lease:
    """The right to make one attempt at a time at an endpoint.

    Attributes:
        place: which of the leased places.
        token: what the endpoint's item says while the lease is this one's.
        begin_by: Unix seconds; an attempt begins before.
        failures: of a suspect, as known when its probe was leased; else 0.
        in_use: an attempt is under way.
    """

    place: int
    token: int
    begin_by: float
    failures: int = 0
    in_use: bool = False


class HeldBackError(Exception):
    """The endpoint did not answer for long: nothing but a probe goes there, and not before ``until``."""

    def __init__(self, until: int) -> None:
        super().__init__(f"held back until {until}")
        self.until = until


class _RefusedError(Exception):
    def __init__(self, item: Raw | None) -> None:
        super().__init__("the endpoint's item is not as expected")
        self.record = EndpointRecord.of_raw(item) if item else None


@dataclass(slots=True)
class _Held:
    """What this process has of one endpoint, and what it learnt when it was last refused a place."""

    leases: list[Lease]
    refused_at: float = 0.0
    open_until: int = 0
    suspect_until: float = 0.0
    is_contended: bool = False


class Leases:
    """This process's leases, shared by all its batches; safe to share between threads."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._held: dict[tuple[str, str], _Held] = {}
        self._lock = threading.Lock()

    def enter(self, tenant_id: str, endpoint: str, wanted: int) -> Lease | None:
        """Take a place for one attempt; None when all are taken.

        Args:
            tenant_id: whose endpoint.
            endpoint: scheme, host and port.
            wanted: how many attempts wait for this endpoint, this one included.

        Raises:
            HeldBackError: the endpoint does not answer.
            StorageUnavailableError: nobody knows.
        """
        with self._lock:
            now = self._env.clock.now()
            held = self._of(tenant_id, endpoint)
            held.leases = [one for one in held.leases if one.in_use or one.begin_by > now]
            free = next((one for one in held.leases if not one.in_use), None)
            if free is None and len(held.leases) < LEASED:
                free = self._look(tenant_id, endpoint, held, wanted, now)
            if free is not None:
                free.in_use = True
            return free

    def is_suspect(self, tenant_id: str, endpoint: str) -> bool:
        """Whether this process learnt lately that an endpoint does not answer: only a probe goes there."""
        with self._lock:
            held = self._held.get((tenant_id, endpoint))
            return held is not None and held.suspect_until > self._env.clock.now()

    def suspect(self, tenant_id: str, endpoint: str) -> None:
        """Take note that an endpoint does not answer: places leased before are of no use."""
        with self._lock:
            held = self._of(tenant_id, endpoint)
            held.suspect_until = self._env.clock.now() + SUSPECT_SECONDS
            idle = [one for one in held.leases if not one.in_use and not one.failures]
            for lease in idle:
                held.leases.remove(lease)
        self._release(tenant_id, endpoint, idle)

    def leave(self, tenant_id: str, endpoint: str, lease: Lease | None, *, answered: bool | None) -> None:
        """End an attempt.

        Args:
            tenant_id: whose endpoint.
            endpoint: scheme, host and port.
            lease: what the attempt was made under; None for a place that the log gave.
            answered: whether the receiver answered, well or badly; None when it was not called.
        """
        with self._lock:
            if lease is not None:
                lease.in_use = False
                if answered is False or lease.failures:
                    self._drop(tenant_id, endpoint, lease)
        if answered is False:
            self._note_failure(tenant_id, endpoint, lease)
            self.suspect(tenant_id, endpoint)
        elif lease is not None and lease.failures:
            self._end_probe(tenant_id, endpoint, lease, answered=bool(answered))

    def give_back(self, tenant_id: str, endpoint: str) -> None:
        """Give back what this process need not keep: all but one place, and that too when others want some."""
        with self._lock:
            held = self._held.get((tenant_id, endpoint))
            if held is None:
                return
            idle = [one for one in held.leases if not one.in_use][0 if held.is_contended else 1 :]
            for lease in idle:
                held.leases.remove(lease)
            now = self._env.clock.now()
            if not held.leases and max(held.suspect_until, held.open_until) <= now:
                del self._held[tenant_id, endpoint]
        self._release(tenant_id, endpoint, idle)

    def _of(self, tenant_id: str, endpoint: str) -> _Held:
        if len(self._held) >= REMEMBERED:
            del self._held[next(iter(self._held))]  # its leases, if any, run out by themselves
        return self._held.setdefault((tenant_id, endpoint), _Held([]))

    def _look(self, tenant_id: str, endpoint: str, held: _Held, wanted: int, now: float) -> Lease | None:
        """Lease more places, unless there were none a moment ago."""
        if now - held.refused_at < LOOK_SECONDS:
            if held.open_until > now:
                raise HeldBackError(held.open_until)
            return None
        leased = self._acquire(tenant_id, endpoint, held, max(1, wanted))
        held.leases += leased
        return leased[0] if leased else None

    def _release(self, tenant_id: str, endpoint: str, idle: Sequence[Lease]) -> None:
        if idle:
            removed = [_PLACES[one.place].remove() for one in idle]
            self._change(tenant_id, endpoint, removed, _are([(one.place, one.token) for one in idle]))

    def _drop(self, tenant_id: str, endpoint: str, lease: Lease) -> None:
        held = self._held.get((tenant_id, endpoint))
        if held is not None and lease in held.leases:
            held.leases.remove(lease)

    def _acquire(self, tenant_id: str, endpoint: str, held: _Held, wanted: int) -> list[Lease]:
        mine = {one.place for one in held.leases}
        free = [place for place in range(LEASED) if place not in mine]
        failures = 0
        for _ in range(ACQUIRING):
            leases = self._leases(free[:wanted], failures)
            try:
                self._lease(tenant_id, endpoint, leases)
            except _RefusedError as refused:
                record = refused.record or EndpointRecord()
                failures = record.failures or 0
                held.is_contended = True
                free = self._free(record, mine)
                now = self._env.clock.now()
                held.refused_at, held.open_until = now, record.open_until or 0
                held.suspect_until = now + SUSPECT_SECONDS if failures else 0.0
                if held.open_until > now:
                    raise HeldBackError(held.open_until) from None
                if not free or (failures and not self._is_over(record.probe)):
                    return []
                wanted = 1 if failures else wanted
                continue
            held.refused_at = 0.0
            return leases
        return []

    def _leases(self, places: Sequence[int], failures: int) -> list[Lease]:
        now = self._env.clock.now()
        token = int((now + LEASE_SECONDS) * 1000) * 1000 + random.randrange(1000)  # noqa: S311 -- no secret
        begin_by = now + LEASE_SECONDS - ATTEMPT_SECONDS
        return [Lease(place, token + number, begin_by, failures) for number, place in enumerate(places)]

    def _lease(self, tenant_id: str, endpoint: str, leases: Sequence[Lease]) -> None:
        now = self._env.clock.now()
        failures = leases[0].failures
        fields = [_PLACES[one.place] for one in leases] + ([EndpointRecord.probe] if failures else [])
        over = int(now * _TOKEN)
        conditions: list[Condition] = [field.does_not_exist() | (field < over) for field in fields]
        known = EndpointRecord.failures
        conditions.append((known == failures) if failures else known.does_not_exist())
        actions: list[Action] = [_PLACES[one.place].set(one.token) for one in leases]
        actions += [EndpointRecord.probe.set(leases[0].token)] if failures else []
        actions.append(EndpointRecord.ttl.set(int(now) + KEPT_SECONDS))
        key = keys.endpoint(tenant_id, endpoint)
        self._env.store.commit(update(key, actions, reduce(and_, conditions), _RefusedError))

    def _free(self, record: EndpointRecord, mine: set[int]) -> list[int]:
        ends = (record.place_0, record.place_1, record.place_2)
        return [place for place, end in enumerate(ends) if place not in mine and self._is_over(end)]

    def _is_over(self, token: int | None) -> bool:
        return token is None or token < int(self._env.clock.now() * _TOKEN)

    def _note_failure(self, tenant_id: str, endpoint: str, lease: Lease | None) -> None:
        """Count an attempt that was not answered; hold others back once there were too many in a row."""
        now = int(self._env.clock.now())
        actions: list[Action] = [EndpointRecord.failures.add(1), EndpointRecord.ttl.set(now + KEPT_SECONDS)]
        hold = hold_seconds(lease.failures + 1) if lease and lease.failures else None
        if hold is not None:
            actions.append(EndpointRecord.open_until.set(now + hold))
        released = [_PLACES[lease.place].remove(), *_probe_ended(lease)] if lease else []
        unchanged = _are([(lease.place, lease.token)]) if lease else None
        if not self._change(tenant_id, endpoint, [*actions, *released], unchanged):
            self._change(tenant_id, endpoint, actions, None)  # the lease had run out; the failure counts

    def _end_probe(self, tenant_id: str, endpoint: str, lease: Lease, *, answered: bool) -> None:
        """Give a probe's place back; an answer ends the suspicion."""
        cleared = [EndpointRecord.failures.remove(), EndpointRecord.open_until.remove()] if answered else []
        actions = [_PLACES[lease.place].remove(), *_probe_ended(lease), *cleared]
        if answered:
            self._trust(tenant_id, endpoint)
        self._change(tenant_id, endpoint, actions, _are([(lease.place, lease.token)]))

    def _trust(self, tenant_id: str, endpoint: str) -> None:
        with self._lock:
            held = self._of(tenant_id, endpoint)
            held.suspect_until, held.refused_at = 0.0, 0.0

    def _change(self, tenant_id: str, endpoint: str, actions: Sequence[Any], condition: Condition | None) -> bool:
        try:
            self._env.store.commit(update(keys.endpoint(tenant_id, endpoint), list(actions), condition))
        except ConflictError:
            return False
        return True


def _probe_ended(lease: Lease) -> list[Action]:
    return [EndpointRecord.probe.remove()] if lease.failures else []


def _are(tokens: Sequence[tuple[int, int]]) -> Condition:
    conditions: list[Condition] = [_PLACES[place] == token for place, token in tokens]
    return reduce(and_, conditions)
