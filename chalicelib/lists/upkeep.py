"""Upkeep: when the numbering writer looks whether there is something to seal. Mostly it need not look."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.environment import Environment
from chalicelib.lists.sealing import seal
from chalicelib.lists.spec import COUNTS, RowList, Shape, counts_subject
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import ConflictError
from chalicelib.webhooks.pages import LogPage

HISTORY = "history"
STEPS_AT_ONCE = 20
STEP = Shape().step

logger = logging.getLogger(__name__)


def after_numbering(
    env: Environment, tenant_id: str, subjects: Sequence[str], written: Sequence[LogPage], last: LogPage | None
) -> None:
    """Look after the lists that may have enough to seal; quietly, for nothing depends on its being done now.

    Args:
        env: the environment.
        tenant_id: the merchant.
        subjects: what the writer was woken with.
        written: the pages that it wrote.
        last: the log's last page, all of it written out.
    """
    for name in dict.fromkeys([*_asked_for(subjects), *_due_by(env, tenant_id, written)]):
        try:
            _look_after(env, _list(env, tenant_id, name), last)
        except (ConflictError, StorageUnavailableError) as error:
            logger.info("the list %s was not brought up to date, the next look will: %s", name, error)


def _look_after(env: Environment, rows: RowList[Any], last: LogPage | None) -> None:
    for _ in range(STEPS_AT_ONCE):
        if not seal(env, rows, last):
            return
    env.queues.wake_numbering(rows.tenant_id, counts_subject(rows.name))


def _asked_for(subjects: Sequence[str]) -> Iterable[str]:
    return [one.removeprefix(f"{COUNTS}:") for one in subjects if one.startswith(f"{COUNTS}:")]


def _due_by(env: Environment, tenant_id: str, written: Sequence[LogPage]) -> Iterable[str]:
    """Name the lists that these pages may have made due: each time that a number passes a multiple of a step."""
    for page in written:
        if (page.first - 1) // STEP != (page.first - 1 + page.events) // STEP:
            yield from (name for name in env.lists if _list(env, tenant_id, name).untold)
        for account, number, _, _ in page.rows or []:
            if number % STEP == 1 and number > 1:  # the newest row is never sealed
                yield f"{HISTORY}#{account}"


def _list(env: Environment, tenant_id: str, name: str) -> RowList[Any]:
    kind, _, rest = name.partition("#")
    rows: RowList[Any] = env.lists[kind](tenant_id, rest)
    return rows
