"""Carrying out the transfers of one part of a merchant: in the order of arrival, many to a transaction.

A wake-up names a transfer; whoever gets it reads on from there to the end and settles all that waits. So one
wake-up may find the work of a thousand, and the next ones find nothing left to do.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from chalicelib import acting
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Raw, Record
from chalicelib.transfers.folding import first_fold
from chalicelib.transfers.lane import Lane
from chalicelib.transfers.records import PENDING, TransferRecord

FOLDS_IN_ONE_DRAIN = 150  # well within a function's time; then another wake-up goes on
MOST_WRITES = 99
SURE_TO_FIT = MOST_WRITES // 3  # each transfer is at most three writes: two balances and itself
FIRST_PAGE, LATER_PAGES = 100, 1_000  # nearly always there is little; where there is more, there is much
KEPT = 50_000


class SettledHere:
    """The transfers that this process has settled: their own wake-ups need not look again."""

    def __init__(self, env: Environment) -> None:
        del env
        self._kept: OrderedDict[str, None] = OrderedDict()

    def add(self, transfer_ids: Iterable[str]) -> None:
        """Keep these."""
        self._kept.update(dict.fromkeys(transfer_ids))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def without(self, transfer_ids: Iterable[str]) -> list[str]:
        """Return those that were not settled here."""
        return [one for one in transfer_ids if one not in self._kept]


@acting.for_its_tenant
def drain(env: Environment, tenant_id: str, part: int, transfer_ids: Sequence[str]) -> None:
    """Settle these transfers and all that wait after them.

    Args:
        env: the environment.
        tenant_id: the merchant.
        part: the part of its master account.
        transfer_ids: what the wake-ups name.

    Raises:
        StorageUnavailableError, ConflictError: the wake-ups come again; nothing moves twice.
    """
    settled = env.keep(SettledHere)
    named = settled.without(transfer_ids)
    if not named:
        return
    lane = Lane(env, tenant_id, part)
    run: list[TransferRecord] = []
    folds = 0
    for record in _waiting(env, tenant_id, part, min(named), max(named)):
        run.append(record)
        if len(run) <= SURE_TO_FIT or first_fold(run, MOST_WRITES) == len(run):
            continue
        settled.add(lane.settle(run[:-1]))
        run, folds = run[-1:], folds + 1
        if folds == FOLDS_IN_ONE_DRAIN:
            env.queues.wake_transfers(tenant_id, part, run[0].sk)
            return
    if run:
        settled.add(lane.settle(run))
    settled.add(named)


def _waiting(env: Environment, tenant_id: str, part: int, first: str, last: str) -> Iterator[TransferRecord]:
    """Return what waits, from the first named on: past the last one as long as there is something."""
    start_key: Raw | None = None
    while True:
        page = env.store.query(
            TransferRecord,
            keys.transfers(tenant_id, part),
            Record.sk >= first,
            limit=LATER_PAGES if start_key else FIRST_PAGE,
            start_key=start_key,
        )
        waiting = [record for record in page.records if record.status == PENDING]
        yield from waiting
        start_key = page.last_key
        if start_key is None or (not waiting and page.records[-1].sk >= last):
            return
