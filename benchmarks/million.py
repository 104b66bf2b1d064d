"""A merchant with a million payments: every count made by the code that keeps counts, few rows ever stored.

The table is one in memory behind the store's interface. Rows are put as light items (key, class, time of
creation), sealed by the real steps, and taken out again; then one in a hundred changes its status, told on real
pages of the log, and the real upkeep does what is due. What a reader needs (blocks, root, tail, log) is then
copied to the engine that is measured, with whole payments where a measured page has its rows.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from chalicelib.environment import Environment
from chalicelib.lists import upkeep
from chalicelib.lists.sealing import STEP_ROWS, seal
from chalicelib.lists.spec import RowList
from chalicelib.payments.rows import payment_rows
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Raw
from chalicelib.webhooks import pages
from chalicelib.webhooks.events import ClassChange, PendingEvent, Telling
from chalicelib.webhooks.pages import LogPage
from tests.support.memory_store import MemoryStore

PAYMENTS = 1_000_100
CHANGED = PAYMENTS // 100
RARE = 20
RARE_STATUS = "failed"
EVERY_SECONDS = 30
TELLINGS = 100
CURRENCIES = ("USDTTRC20", "USDTARB", "USDTBSC", "USDTERC20", "USDTPOLYGON")
ENDED = ("completed", "expired", "partially_completed")
SHARES = (60, 38, 2)


@dataclass
class Million:
    """The merchant: its payments' ids, oldest first, the class of each, and the table that counted them."""

    tenant_id: str
    env: Environment
    store: MemoryStore
    ids: list[str] = field(default_factory=list)
    classes: list[tuple[str, str]] = field(default_factory=list)

    def matching(self, status: str | None, currency: str | None) -> list[str]:
        """Return the ids that filters leave, newest first, by going through all."""
        pairs = zip(reversed(self.ids), reversed(self.classes), strict=True)
        return [one for one, (s, c) in pairs if status in {None, s} and currency in {None, c}]

    @property
    def newest_sealed(self) -> str:
        """The newest payment that blocks know of; before the first, no id at all."""
        key = keys.list_block(self.tenant_id, "payment", "top")
        top = self.store.get_raw([key])
        return str(top[key]["l"]["S"]) if top else ""

    def counted(self) -> Iterator[Raw]:
        """Return all that was stored, save rows."""
        rows = keys.payments(self.tenant_id)
        for item in self.store.all():
            if item["pk"]["S"] != rows or "list_root" in item:
                yield item


@dataclass(frozen=True, slots=True)
class _LightPayment:
    """What sealing looks at of a payment; PynamoDB would take minutes to read a million."""

    pk: str
    sk: str
    status: str
    currency: str
    created_at: int
    untold: None = None

    @classmethod
    def of_raw(cls, item: Raw) -> "_LightPayment":
        return cls(item["pk"]["S"], item["sk"]["S"], item["s"]["S"], item["c"]["S"], int(item["ca"]["N"]))


class _Woken:
    """Stands in for the queues: remembers that the numbering writer is to be woken."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    def wake_numbering(self, _tenant_id: str, *subjects: str) -> None:
        self.subjects += subjects


def million(env: Environment, tenant_id: str) -> Million:
    """Make the payments of a merchant that ``env`` knows."""
    store, woken = MemoryStore(), _Woken()
    own = replace(env, store=cast("Any", store), queues=cast("Any", woken), _kept={})
    for item in env.store.get_raw([keys.tenant(tenant_id)]).values():
        store.put_raw(item)
    made = Million(tenant_id, own, store)
    chance = random.Random(1)  # noqa: S311 -- the same merchant each time, not a secret
    _create(made, chance)
    _change(made, chance, woken)
    return made


def _create(made: Million, chance: random.Random) -> None:
    rows: RowList[Any] = replace(payment_rows(made.tenant_id), record_type=cast("Any", _LightPayment))
    begun = made.env.clock.now() - PAYMENTS * EVERY_SECONDS - EVERY_SECONDS
    waiting: list[str] = []
    for number in range(PAYMENTS):
        at = int((begun + number * EVERY_SECONDS) * 1000)
        made.ids.append(_id(at, chance))
        made.classes.append((chance.choices(ENDED, SHARES)[0], chance.choice(CURRENCIES)))
        made.store.put_raw(_light(made, number, at))
        waiting.append(made.ids[-1])
        if len(waiting) == STEP_ROWS:
            seal(made.env, rows)
            waiting = _without_sealed(made, waiting)
    while seal(made.env, rows):
        waiting = _without_sealed(made, waiting)


def _without_sealed(made: Million, waiting: list[str]) -> list[str]:
    last = made.newest_sealed
    for one in waiting:
        if one <= last:
            made.store.remove(keys.payment(made.tenant_id, one))
    return [one for one in waiting if one > last]


def _change(made: Million, chance: random.Random, woken: _Woken) -> None:
    """Have one in a hundred change, spread evenly, and among them those that become the rare ones."""
    places = [number * PAYMENTS // CHANGED for number in range(CHANGED)]
    rare = {number * PAYMENTS // RARE + PAYMENTS // RARE // 2 for number in range(RARE)}
    chance.shuffle(places)
    changes = [(place, "completed") for place in places if place not in rare]
    changes[: len(rare)] = [(place, RARE_STATUS) for place in sorted(rare)]
    page: LogPage | None = None
    for start in range(0, len(changes), TELLINGS):
        page = _told(made, page, changes[start : start + TELLINGS])
        upkeep.after_numbering(made.env, made.tenant_id, [], [page], page)
        while woken.subjects:
            subjects, woken.subjects = woken.subjects, []
            upkeep.after_numbering(made.env, made.tenant_id, subjects, [], page)


def _told(made: Million, before: LogPage | None, changes: Sequence[tuple[int, str]]) -> LogPage:
    tellings = []
    for place, status in changes:
        was, payment_id = made.classes[place], made.ids[place]
        made.classes[place] = (status, was[1])
        change = ClassChange("payment", payment_id, was, made.classes[place])
        event = PendingEvent(f"evt_{place:028x}", "payment_status_update", payment_id, status, 0, None, None)
        tellings.append((f"payment:{payment_id}", Telling(event.event_id, event, (), change)))
        key = keys.payment(made.tenant_id, payment_id)
        if key in made.store.get_raw([key]):
            made.store.put_raw(_light(made, place, 0))
    page = pages.following(made.env, made.tenant_id, before, tellings)
    made.store.put_raw(page.to_raw())
    return page


def _light(made: Million, number: int, at: int) -> Raw:
    key: Key = keys.payment(made.tenant_id, made.ids[number])
    status, currency = made.classes[number]
    return {**key.raw, "s": {"S": status}, "c": {"S": currency}, "ca": {"N": str(at)}}


def _id(milliseconds: int, chance: random.Random) -> str:
    """Return a UUID of version 7; the product's own would not go back in time."""
    digits = f"{milliseconds:012x}7000{0x8000 | chance.getrandbits(14):04x}{chance.getrandbits(48):012x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
