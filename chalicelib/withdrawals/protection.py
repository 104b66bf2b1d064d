"""What guards a merchant's withdrawals: freeze switch, allow-list and limits, in one item of the merchant's.

Every withdrawal's own transaction demands of that item what was decided on: the rules as seen, and room in what
is used; or, of a merchant without protection, that there is still no such item. So no process passes a freeze or a
new limit on what it remembers, and withdrawals side by side cannot pass a limit together.
"""

from collections.abc import Sequence
from typing import Any

from pynamodb.attributes import BooleanAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import LimitExceededError, WithdrawalsFrozenError
from chalicelib.money import format_fiat
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute, OptionalIntegerAttribute
from chalicelib.storage.records import Raw, Record
from chalicelib.storage.unit_of_work import Write, check, update
from chalicelib.withdrawals import limits
from chalicelib.withdrawals.limits import Excess, Limits, Used
from chalicelib.withdrawals.records import WithdrawalRecord

DEFAULT_WAITING_HOURS = 24
KEPT = 10_000


class ProtectionRecord(Record):
    """What guards one merchant's withdrawals; there is none before the operator first sets anything.

    Attributes:
        rules: counts the changes of the rules, which are all up to ``hour_count``.
        is_frozen: nothing may leave.
        has_allow_list: only addresses on the allow-list may be withdrawn to.
        waiting_hours: how long a new address on that list waits.
        each_cents, day_cents, month_cents, hour_count: the limits, in US cents and times.
        day: the UTC day that ``today_cents`` is of.
        today_cents: what was withdrawn on it.
        earlier: ``[day, cents]`` of days before it.
        ring: counts the changes of ``day`` and ``earlier``.
        hour: the clock hour that ``hour_used`` is of.
        hour_used: withdrawals in it.
    """

    rules = IntegerAttribute(attr_name="v", default=0)
    is_frozen = BooleanAttribute(attr_name="z", default=False)
    has_allow_list = BooleanAttribute(attr_name="al", default=False)
    waiting_hours = IntegerAttribute(attr_name="w", default=DEFAULT_WAITING_HOURS)
    each_cents = OptionalIntegerAttribute(attr_name="le")
    day_cents = OptionalIntegerAttribute(attr_name="ld")
    month_cents = OptionalIntegerAttribute(attr_name="lm")
    hour_count = OptionalIntegerAttribute(attr_name="lh")
    day = IntegerAttribute(attr_name="d", default=0)
    today_cents = IntegerAttribute(attr_name="u", default=0)
    earlier = CompactJsonAttribute(attr_name="e", null=True)
    ring = IntegerAttribute(attr_name="g", default=0)
    hour = IntegerAttribute(attr_name="h", default=0)
    hour_used = IntegerAttribute(attr_name="n", default=0)

    @property
    def limits(self) -> Limits:
        """The limits as their rules know them."""
        return Limits(self.each_cents, self.day_cents, self.month_cents, self.hour_count)

    @property
    def used(self) -> Used:
        """What is used, as stored."""
        return Used(self.day, self.today_cents, dict(self.earlier or []), self.hour, self.hour_used)


class StaleProtectionError(Exception):
    """What guards the merchant is not as it was seen; ``record`` is what it is now (None: nothing)."""

    def __init__(self, item: Raw | None) -> None:
        super().__init__("the protection changed since it was read")
        self.record = ProtectionRecord.of_raw(item) if item else None


class Protections:
    """What this process has last seen of each merchant's protection. It may be old: every commit demands it."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._seen: dict[str, ProtectionRecord] = {}

    def seen(self, tenant_id: str) -> ProtectionRecord | None:
        """Return what was seen last; None when nothing was."""
        return self._seen.get(tenant_id)

    def saw(self, tenant_id: str, record: ProtectionRecord | None) -> None:
        """Remember what was seen just now."""
        self._seen.pop(tenant_id, None)
        if record is not None:
            if len(self._seen) >= KEPT:
                self._seen.clear()
            self._seen[tenant_id] = record


def read(env: Environment, tenant_id: str) -> ProtectionRecord | None:
    """Return what guards a merchant's withdrawals now; None when nothing does."""
    record = env.store.get(ProtectionRecord, keys.protection(tenant_id))
    env.keep(Protections).saw(tenant_id, record)
    return record


def is_frozen(env: Environment, tenant_id: str) -> bool:
    """Tell whether nothing may leave a merchant's accounts: asked before a payout is signed."""
    record = read(env, tenant_id)
    return record is not None and record.is_frozen


def not_frozen_check(tenant_id: str) -> Write:
    """Return the write by which a transaction demands that a merchant is not frozen.

    Its refusal is :class:`WithdrawalsFrozenError`.
    """
    frozen = ProtectionRecord.is_frozen
    thawed = frozen.does_not_exist() | (frozen == False)  # noqa: E712 -- an expression of DynamoDB's
    return check(keys.protection(tenant_id), thawed, _frozen())


def require_room(record: ProtectionRecord | None, cents: int, now: float) -> None:
    """Demand that a withdrawal passes the freeze switch and the limits as they were seen.

    Args:
        record: what guards the merchant; None when nothing does.
        cents: what the withdrawal is worth in US cents; 0 where nothing is limited in dollars.
        now: Unix seconds.

    Raises:
        WithdrawalsFrozenError, LimitExceededError: it does not.
    """
    if record is None:
        return
    if record.is_frozen:
        raise _frozen()
    broken = limits.excess(record.limits, record.used.at(now), cents)
    if broken is not None:
        raise _exceeded(broken)


def use_write(tenant_id: str, record: ProtectionRecord | None, cents: int, now: float) -> Write:
    """Return the write of a withdrawal that passed :func:`require_room`: it takes its part, if all is as seen.

    Its refusal is :class:`StaleProtectionError`: decide again with what that brings.
    """
    key = keys.protection(tenant_id)
    if record is None:
        return check(key, Record.pk.does_not_exist(), StaleProtectionError)
    condition: Condition = ProtectionRecord.rules == record.rules
    actions: list[Action] = []
    for part_actions, part_condition in (_day_part(record, cents, now), _hour_part(record, now)):
        actions += part_actions
        condition = condition if part_condition is None else condition & part_condition
    if not actions:
        return check(key, condition, StaleProtectionError)
    return update(key, actions, condition, StaleProtectionError)


def after_use(record: ProtectionRecord | None, cents: int, now: float) -> ProtectionRecord | None:
    """Return what :func:`use_write` has left, as far as this process knows: the next withdrawal begins with it."""
    if record is None:
        return None
    left = ProtectionRecord.of_raw(record.to_raw())
    used = record.used.at(now)
    if record.limits.in_dollars:
        left.ring = record.ring + (used.day != record.day)
        left.day, left.today_cents, left.earlier = used.day, used.today_cents + cents, _stored(used)
    if record.limits.any:
        left.hour, left.hour_used = used.hour, used.count + 1
    return left


def used_day(record: ProtectionRecord | None, now: float) -> int | None:
    """Return the day whose sum a withdrawal goes to, where sums are kept."""
    return record.used.at(now).day if record is not None and record.limits.in_dollars else None


def release_write(
    env: Environment, record: WithdrawalRecord, guard: ProtectionRecord | None = None
) -> list[Write]:
    """Return the write that gives back what a withdrawal used of its merchant's limits, to its own day.

    It belongs in the transaction that ends the withdrawal as failed, rejected or cancelled. None is needed for one
    that used nothing, or whose day counts no more.

    Args:
        env: the environment.
        record: the withdrawal.
        guard: what guards the merchant, as just read; read here when it is left out.

    Returns:
        The write, if one is needed. Its refusal is a :class:`ConflictError`: the sums changed meanwhile, so read
        again.
    """
    if not record.usd_cents or record.limit_day is None:
        return []
    guard = guard or read(env, record.tenant_id)
    if guard is None or guard.used.without(record.limit_day, record.usd_cents) == guard.used:
        return []
    key = keys.protection(record.tenant_id)
    if guard.day == record.limit_day:
        today = ProtectionRecord.today_cents.add(-record.usd_cents)
        return [update(key, [today], ProtectionRecord.day == guard.day)]
    left = guard.used.without(record.limit_day, record.usd_cents)
    actions = [ProtectionRecord.earlier.set(_stored(left)), ProtectionRecord.ring.add(1)]
    return [update(key, actions, _same(ProtectionRecord.ring, guard.ring))]


def change_write(tenant_id: str, *actions: Action) -> Write:
    """Return the write of new rules: whatever was decided on the old ones can no longer be committed."""
    return update(keys.protection(tenant_id), [*actions, ProtectionRecord.rules.add(1)])


def _day_part(record: ProtectionRecord, cents: int, now: float) -> tuple[Sequence[Action], Condition | None]:
    """Add to the day's sum where there is room; on a new day, close the old one, if all of it is as seen."""
    if not record.limits.in_dollars:
        return (), None
    as_seen = _same(ProtectionRecord.day, record.day) & _same(ProtectionRecord.ring, record.ring)
    used = record.used.at(now)
    if used.day == record.day:
        room = limits.room_cents(record.limits, used)
        if room is not None:
            as_seen &= ProtectionRecord.today_cents <= room - cents
        return (ProtectionRecord.today_cents.add(cents),), as_seen
    opened = (
        ProtectionRecord.day.set(used.day),
        ProtectionRecord.today_cents.set(cents),
        ProtectionRecord.earlier.set(_stored(used)),
        ProtectionRecord.ring.add(1),
    )
    return opened, as_seen & _same(ProtectionRecord.today_cents, record.today_cents)


def _hour_part(record: ProtectionRecord, now: float) -> tuple[Sequence[Action], Condition | None]:
    """Count it in its hour, also while only sums are limited: a bound that is set later finds what was used."""
    if not record.limits.any:
        return (), None
    as_seen = _same(ProtectionRecord.hour, record.hour)
    used = record.used.at(now)
    if used.hour == record.hour:
        if record.hour_count is not None:
            as_seen &= ProtectionRecord.hour_used <= record.hour_count - 1
        return (ProtectionRecord.hour_used.add(1),), as_seen
    return (ProtectionRecord.hour.set(used.hour), ProtectionRecord.hour_used.set(1)), as_seen


def _same(attribute: Any, seen: int) -> Condition:
    """Demand an attribute's value as seen; one that was never written reads as zero."""
    equal: Condition = attribute == seen
    return equal if seen else attribute.does_not_exist() | equal


def _stored(used: Used) -> list[list[int]]:
    return [[day, cents] for day, cents in sorted(used.earlier_cents.items())]


def _frozen() -> WithdrawalsFrozenError:
    return WithdrawalsFrozenError("Withdrawals are frozen for this account: ask the operator.")


def _exceeded(broken: Excess) -> LimitExceededError:
    def shown(amount: int) -> str | int:
        return format_fiat(amount) if broken.in_dollars else amount

    unit = " US dollars" if broken.in_dollars else ""
    return LimitExceededError(
        f"The limit for {broken.what} is {shown(broken.limit)}{unit}: ask for less, or later.",
        details={
            "limit": shown(broken.limit),
            "used": shown(broken.used),
            "resets_at": None if broken.resets_at is None else iso(broken.resets_at),
        },
    )
