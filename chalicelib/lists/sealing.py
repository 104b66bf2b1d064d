"""Sealing: what a list's blocks know of is brought up to date, in steps of one transaction each.

Whoever is beaten to a step by another has nothing left to do: steps agree on the list's top. What is lost or
late is done by the next step, whoever takes it.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Generic

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.environment import Environment
from chalicelib.lists.blocks import Root
from chalicelib.lists.changes import Told, net, told_since
from chalicelib.lists.records import ItemRecord, RootRecord, TopRecord, root_key, top_key
from chalicelib.lists.spec import MARK, Class, R, RowList, is_row_id
from chalicelib.lists.tail import range_name
from chalicelib.lists.writing import write_step
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.webhooks.events import EventRecord
from chalicelib.webhooks.pages import LogPage

STEP_ROWS = 1_600  # at the most, so that a step fits one transaction
LOG_TELLINGS = 128  # what readers have to read of the log, at the most, whatever it tells of


def seal(env: Environment, rows: RowList[R], complete: LogPage | None = None) -> bool:
    """Take one step, if there is enough to do for one.

    Args:
        env: the environment.
        rows: the list.
        complete: for a list whose changes the log tells: the log's last page, all of it written out.

    Returns:
        Whether there is more to do.

    Raises:
        ConflictError: another was faster.
        StorageUnavailableError: whether the step was taken is not known.
    """
    step = Step(env, rows, complete)
    if not step.is_due:
        return False
    step.take()
    return step.has_more


class Step(Generic[R]):
    """One step of a list's sealing; making it reads what there is to do: the root, the rows, then the log."""

    def __init__(self, env: Environment, rows: RowList[R], complete: LogPage | None) -> None:
        self._env, self._rows, self._complete = env, rows, complete
        self.root = _root(env, rows)
        self._has_more_rows = False
        self._waiting = self._fit_to_seal()
        self._known: list[Told] = []  # changes of sealed rows, on complete pages
        self._ahead: list[Told] = []  # changes of any, on later pages
        self._tellings = 0
        if rows.untold:
            self._read_log()

    @property
    def is_due(self) -> bool:
        """Whether enough waits to be worth a step."""
        if self._is_enough(self._waiting) or self._is_enough(self._known):
            return True
        return self.root.version > 0 and self._tellings >= LOG_TELLINGS

    @property
    def has_more(self) -> bool:
        """Whether the step leaves enough for another."""
        left = self._known[self._rows.shape.most_changes :]
        return self._is_enough(left) or self._has_more_rows or (bool(left) and self._is_enough(self._waiting))

    def take(self) -> None:
        """Take the step: one transaction, on the condition that nobody did meanwhile."""
        known = self._known[: self._rows.shape.most_changes]
        changed = {row: one.after for row, one in net(known).items()}
        if len(known) < len(
            self._known
        ):  # rows are sealed with the classes that they have where the log is read to
            write_step(self._env, self._rows, self.root, (known[-1].page, known[-1].place), changed, [])
            return
        count = len(self._waiting) // self._rows.shape.step * self._rows.shape.step
        applied = (self._complete.sk, 0) if self._complete and self._rows.untold else self.root.applied
        write_step(self._env, self._rows, self.root, applied, changed, self._classed(self._waiting[:count]))

    def _is_enough(self, waiting: Sequence[object]) -> bool:
        return len(waiting) >= self._rows.shape.step

    def _fit_to_seal(self) -> list[tuple[str, R]]:
        """Return the unsealed rows that may be sealed, the oldest first; the newest row of all never may."""
        rows, now, name = self._rows, self._env.clock.now(), range_name(self._rows)
        behind: Condition | None = Path(name) > self.root.last + MARK if self.root.version else None
        page = self._env.store.query(ItemRecord, rows.partition, behind, limit=STEP_ROWS, index=rows.index)
        found = {item.raw[name]["S"]: item.raw for item in page.records if is_row_id(item.raw[name]["S"])}
        if rows.index:
            items = self._env.store.get_raw([rows.key_of(one) for one in found])
            found = {one: items[rows.key_of(one)] for one in found}
        records = [(one, rows.record_type.of_raw(item)) for one, item in found.items()]
        offered = records if page.last_key else records[:-1]
        placed = enumerate((record for _, record in offered), self.root.rows)
        fit = sum(1 for _ in takewhile(lambda at: rows.sealable(at[1], at[0], now), placed))
        self._has_more_rows = bool(page.last_key) and fit == len(offered)
        return offered[:fit]

    def _read_log(self) -> None:
        """Read it after the rows: a step that a row has forgotten, told that it was, is in the log by now."""
        last = self._complete.sk if self._complete else ""
        applied = self.root.applied if self.root.version else (last, 0)
        if last < applied[0]:
            raise ConflictError("the list was compacted with a later page already")
        since = told_since(self._env, self._rows, applied, consistent=True)
        self._known = [one for one in since.changes if one.page <= last and one.row <= self.root.last]
        self._ahead = [one for one in since.changes if one.page > last]
        self._tellings = since.tellings

    def _classed(self, records: Sequence[tuple[str, R]]) -> list[tuple[str, Class]]:
        """Return rows with the class that they had when the last complete page was written."""
        ahead: dict[str, Class] = {}
        for one in self._ahead:
            ahead.setdefault(one.row, one.before)
        before = self._untold_before(records) | ahead
        return [(key, before.get(key) or self._rows.class_of(record)) for key, record in records]

    def _untold_before(self, records: Sequence[tuple[str, R]]) -> dict[str, Class]:
        """Return the class before a row's first step that no complete page tells of, of rows that have one."""
        if self._rows.untold is None:
            return {}
        tenant_id = self._rows.tenant_id
        steps = {key: self._rows.untold(record) for key, record in records}
        named = {event_id: keys.event(tenant_id, event_id) for all_of in steps.values() for event_id, _ in all_of}
        told = self._env.store.get_many(EventRecord, list(named.values())) if named else {}
        last = self._complete.first + self._complete.events - 1 if self._complete else 0
        known = {event_id for event_id, key in named.items() if key in told and told[key].sequence <= last}
        waiting = {key: [one for one in all_of if one[0] not in known] for key, all_of in steps.items()}
        return {key: unknown[0][1] for key, unknown in waiting.items() if unknown}


def _root(env: Environment, rows: RowList[R]) -> Root:
    top = env.store.get(TopRecord, top_key(rows))
    if top is None:
        return Root()
    record = env.store.get(RootRecord, root_key(rows, top.last))
    if record is None or record.root.version != top.version:
        raise ConflictError("the list was compacted meanwhile")
    return record.root
