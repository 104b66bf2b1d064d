"""One part of a master account and what is settled on it: each fold is decided on balances and committed once."""

from collections.abc import Sequence

from chalicelib.environment import Environment
from chalicelib.ledger import book
from chalicelib.ledger.accounts import MASTER
from chalicelib.ledger.balance import Balance
from chalicelib.ledger.part_writes import opening
from chalicelib.ledger.parts import SplitBalance
from chalicelib.storage.unit_of_work import MAX_WRITES, ConflictError, Write, update
from chalicelib.tenants.settings import settings_of
from chalicelib.transfers.folding import Fold, Holder, Outcome, fold, holders
from chalicelib.transfers.records import COMPLETED, FAILED, PENDING, TransferRecord
from chalicelib.transfers.steps import subject

ATTEMPTS = 10
INSUFFICIENT_BALANCE = "insufficient_balance"


class Lane:
    """Settles runs of transfers, one after the other, and keeps the master's balances in mind between them.

    What is kept in mind may be outdated: what is taken is taken on conditions of value, and nothing is refused
    before the balance was read anew.
    """

    def __init__(self, env: Environment, tenant_id: str, part: int) -> None:
        self._env, self._tenant_id, self._part = env, tenant_id, part
        self._known: dict[Holder, Balance] = {}

    def settle(self, run: Sequence[TransferRecord]) -> list[str]:
        """Settle a run that fits into one transaction; return the ids of what is settled now.

        Raises:
            ConflictError: the balances changed too often meanwhile; nothing of the run is half done.
            StorageUnavailableError: it may have been done; whoever looks again finds out.
        """
        ids = [record.sk for record in run]
        for _ in range(ATTEMPTS):
            balances = self._balances(run)
            decided = fold(run, balances)
            if self._known.keys() & decided.refusing:
                self._known.clear()
                continue
            try:
                if self._commit(run, decided):
                    return ids
            except ConflictError:
                self._known.clear()
                run = self._still_waiting(run)
            else:
                return [*self.settle(run[: len(run) // 2]), *self.settle(run[len(run) // 2 :])]
            if not run:
                return ids
        raise ConflictError("the balances of these transfers changed too often while they were being settled")

    def _commit(self, run: Sequence[TransferRecord], decided: Fold) -> bool:
        """Do all that was decided and tell of it; False when pulls between parts make it too much for one go."""
        changed = {holder: self._balance_writes(holder, decided) for holder in decided.balances}
        outcomes = zip(run, decided.outcomes, strict=True)
        now = int(self._env.clock.now() * 1000)
        writes = [write for of_one in changed.values() for write in of_one]
        writes += [_settled(record, outcome, now) for record, outcome in outcomes]
        if len(writes) > MAX_WRITES:
            return False
        self._env.store.commit(*writes)
        for holder, of_one in changed.items():
            if holder[0] == MASTER:
                self._remember(holder, decided, len(of_one))
        self._env.queues.wake_numbering(self._tenant_id, *(subject(record.sk) for record in run))
        return True

    def _balance_writes(self, holder: Holder, decided: Fold) -> list[Write]:
        change, least_units = decided.change(holder), decided.balances[holder].least_units
        return book.balance_writes(self._tenant_id, holder[1], change, home=self._part, least_units=least_units)

    def _remember(self, holder: Holder, decided: Fold, writes: int) -> None:
        change = decided.change(holder)
        self._known.pop(holder, None)
        if not isinstance(change.before, SplitBalance):
            self._known[holder] = change.after
        elif writes == 1 and not change.before.owed_units and self._part < len(change.before.parts_units):
            self._known[holder] = change.before.with_part(self._part, change.delta.available_units)

    def _balances(self, run: Sequence[TransferRecord]) -> dict[Holder, Balance]:
        wanted = dict.fromkeys(holder for record in run for holder in holders(record))
        wallets = [holder for holder in wanted if holder[0] != MASTER]
        found = book.read_balances(self._env.store, self._tenant_id, wallets)
        for holder in wanted:
            if holder[0] == MASTER:
                found[holder] = self._known[holder] if holder in self._known else self._read_master(holder[1])
        return found

    def _read_master(self, currency: str) -> Balance:
        """Read a master balance; put it into the parts that the settings want, while it owes nothing."""
        balance = book.read_balance(self._env.store, self._tenant_id, MASTER, currency)
        wanted = settings_of(self._env, self._tenant_id).balance_parts
        parts = len(balance.parts_units) if isinstance(balance, SplitBalance) else 1
        if parts >= wanted or balance.owed_units:
            return balance
        self._env.store.commit(*opening(self._tenant_id, MASTER, currency, balance, wanted))
        return book.read_balance(self._env.store, self._tenant_id, MASTER, currency)

    def _still_waiting(self, run: Sequence[TransferRecord]) -> list[TransferRecord]:
        found = self._env.store.get_many(TransferRecord, [record.key for record in run])
        return [found[record.key] for record in run if found[record.key].status == PENDING]


def _settled(record: TransferRecord, outcome: Outcome, now: int) -> Write:
    status = TransferRecord.status.set(COMPLETED if outcome.is_moved else FAILED)
    actions = [status, TransferRecord.completed_at.set(now)]
    if outcome.repaid_units:
        actions.append(TransferRecord.repaid.set(outcome.repaid_units))
    if not outcome.is_moved:
        actions.append(TransferRecord.error.set(INSUFFICIENT_BALANCE))
    return update(record.key, actions, TransferRecord.status == PENDING)
