"""A list without a gateway around it: rows that change, a log that tells of it, compactions at any moment."""

import random
from typing import Any, cast

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.lists import reading
from chalicelib.lists.records import RootRecord, TopRecord, root_key, top_key
from chalicelib.lists.sealing import seal
from chalicelib.lists.spec import Asked, Class, ListPage, RowList, Shape, settled
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Key, Record
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pages import LogPage
from tests.support.clock import FakeClock
from tests.support.memory_store import MemoryStore

TENANT = "t_1"
STATUSES = ("waiting", "confirming", "completed", "expired")
CURRENCIES = ("BTC", "ETH")
SMALL = Shape(leaf_rows=5, node_leaves=3, step=4, most_changes=6)


class ThingRecord(Record):
    """A row: its class, and the steps of it that the log may not tell of yet."""

    status = UnicodeAttribute(attr_name="s")
    currency = UnicodeAttribute(attr_name="c")
    created_at = IntegerAttribute(attr_name="ca")
    steps = CompactJsonAttribute(attr_name="l")


def untold(record: ThingRecord) -> list[tuple[str, Class]]:
    return [(event_id, tuple(before)) for event_id, before, _ in record.steps]


def things(shape: Shape = SMALL) -> RowList[ThingRecord]:
    return RowList(
        tenant_id=TENANT,
        name="thing",
        record_type=ThingRecord,
        partition="THING#t_1",
        class_of=lambda record: (record.status, record.currency),
        sealable=settled,
        untold=untold,
        shape=shape,
    )


class ListWorld:
    """What happens to a list, and what its pages must be."""

    def __init__(self, rows: RowList[Any], seed: int = 1) -> None:
        self.rows = rows
        self.random = random.Random(seed)
        self.clock = FakeClock()
        self.store = MemoryStore()
        nothing = cast("Any", None)
        self.env = Environment(
            settings=nothing,
            clock=self.clock,
            store=cast("Any", self.store),
            queues=nothing,
            catalogue=nothing,
            price_sources=(),
            chains={},
            resolver=nothing,
            subjects={},
        )
        self.live: dict[str, Class] = {}
        self.logged: dict[str, Class] = {}
        self.log: list[LogPage] = []
        self.unwritten: list[str] = []  # events of the last page that its writer has not put yet
        self._events = 0

    def lag(self) -> None:
        """From now on, eventual reads find the blocks as they are at this moment."""
        blocks = [item for item in self.store.all() if item["pk"]["S"].startswith("LIST#")]
        self.store.replica = {Key(item["pk"]["S"], item["sk"]["S"]): item for item in blocks}

    def catch_up(self) -> None:
        """Eventual reads find what is there."""
        self.store.replica = {}

    def create(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(self.random.choice((0.001, 0.7, 4)))
            row, one = row_id(self.clock.now(), self.random), ("waiting", self.random.choice(CURRENCIES))
            self.live[row] = self.logged[row] = one
            self._put(row, [])

    def change(self, row: str, status: str) -> None:
        """The row moves to another class, in one commit with the step that is to be told."""
        before, steps = self.live[row], self.record(row).steps
        if before[0] == status:
            return
        self._events += 1
        told = {event_id for event_id, _, _ in steps if self._has_event(event_id)}
        kept = [step for step in steps if step[0] not in told or self.random.random() < 0.5]
        self.live[row] = (status, before[1])
        self._put(row, [*kept, [f"evt_{self._events}", before, self.live[row]]])

    def number(self, most: int = 3, *, is_written_out: bool = True) -> None:
        """The numbering writer puts a page of some of what is untold, in the order of each row's steps."""
        self.write_out()
        numbered = {event_id for page in self.log for _, event_id, _ in page.told}
        told, changed = [], []
        rows = [row for row in self.live if any(step[0] not in numbered for step in self.record(row).steps)]
        self.random.shuffle(rows)
        for row in rows:
            for event_id, before, after in self.record(row).steps:
                if event_id not in numbered and len(told) < most:
                    told.append([f"thing:{row}", event_id, self.sequence + 1 + len(told)])
                    changed.append([self.rows.name, row, before, after])
                    self.logged[row] = tuple(after)
        if not told:
            return
        pk, sk = keys.log_page(TENANT, self.sequence + 1, 0)
        page = LogPage(pk=pk, sk=sk, first=self.sequence + 1, events=len(told), told=told, changed=changed)
        self.store.put_raw(page.to_raw())
        self.log.append(page)
        self.unwritten = [event_id for _, event_id, _ in told]
        if is_written_out:
            self.write_out()

    def write_out(self) -> None:
        """The events of the last page are put."""
        for event_id in self.unwritten:
            sequence = next(number for page in self.log for _, one, number in page.told if one == event_id)
            pk, sk = keys.event(TENANT, event_id)
            event = EventRecord(
                pk=pk, sk=sk, sequence=sequence, name="x", packed_body=b"x", delivery="none", created_at=0
            )
            self.store.put_raw(event.to_raw())
        self.unwritten = []

    @property
    def sequence(self) -> int:
        return self.log[-1].first + self.log[-1].events - 1 if self.log else 0

    def seal(self) -> bool:
        """A step by a writer that knows the log up to some page that is written out, not always the last."""
        return seal(self.env, self.rows, self.some_complete)

    @property
    def some_complete(self) -> LogPage | None:
        """A page that is written out, and not older than what the list was compacted with."""
        whole = self.log[:-1] if self.unwritten else self.log
        known = [page for page in whole if not self.last_sealed or page.sk >= self.root().applied[0]]
        return self.random.choice([*known[-3:], known[-1]]) if known else None

    def record(self, row: str) -> ThingRecord:
        found = self.store.get(ThingRecord, Key(self.rows.partition, row))
        assert isinstance(found, ThingRecord)
        return found

    @property
    def last_sealed(self) -> str:
        top = self.store.get(TopRecord, top_key(self.rows))
        return str(top.last) if top else ""

    def page(self, asked: Asked) -> ListPage[ThingRecord]:
        return reading.page(self.env, self.rows, asked)

    def expected(self, asked: Asked, after: str | None = None) -> tuple[list[str], int, bool]:
        """A page by going through everything: its rows, the total, whether more follow."""
        boundary = self.last_sealed
        low, high = asked.between
        counted = [
            row
            for row in sorted(self.live, reverse=not asked.oldest_first)
            if (low or "") <= row < (high or "\uffff")
            and self._is_wanted(asked, self.logged[row] if row <= boundary else self.live[row])
        ]
        paged = [row for row in counted if after is None or (row > after if asked.oldest_first else row < after)]
        taken = paged[asked.offset : asked.offset + asked.limit]
        shown = [row for row in taken if self._is_wanted(asked, self.live[row])]
        return shown, len(counted) - len(taken) + len(shown), len(paged) > asked.offset + len(taken)

    def root(self) -> Any:
        found = self.store.get(RootRecord, root_key(self.rows, self.last_sealed))
        return found.root

    @staticmethod
    def _is_wanted(asked: Asked, one: Class) -> bool:
        return asked.matching is None or asked.matching(one)

    def _has_event(self, event_id: str) -> bool:
        return self.store.get(EventRecord, keys.event(TENANT, event_id)) is not None

    def _put(self, row: str, steps: list[Any]) -> None:
        status, currency = self.live[row]
        made = ThingRecord(
            pk=self.rows.partition,
            sk=row,
            status=status,
            currency=currency,
            created_at=int(row.replace("-", "")[:12], 16),
            steps=steps,
        )
        self.store.put_raw(made.to_raw())


def row_id(now: float, chance: random.Random) -> str:
    """A UUID of version 7; the product's own generator never goes back in time, and each world begins anew."""
    digits = f"{int(now * 1000):012x}7000{0x8000 | chance.getrandbits(14):04x}{chance.getrandbits(48):012x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
