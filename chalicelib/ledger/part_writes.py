"""The writes that change an account in several parts: still one transaction, still value conditions only."""

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.ledger.balance import Balance, BalanceChange
from chalicelib.ledger.conditions import additions, has_exactly, owes
from chalicelib.ledger.parts import SplitBalance, pulls
from chalicelib.ledger.records import BalanceRecord
from chalicelib.storage import keys
from chalicelib.storage.records import Key
from chalicelib.storage.unit_of_work import ConflictError, Refusal, Write, update

FIRST = 0
ONE_MARK = 1


def split_writes(
    tenant_id: str,
    currency: str,
    change: BalanceChange,
    refusal: Refusal | None = None,
    *,
    home: int | None = None,
    least_units: int = 0,
) -> list[Write]:
    """Return the writes of a change to an account in parts.

    Args:
        tenant_id: the merchant.
        currency: the currency's code.
        change: what was decided.
        refusal: what it means when a condition fails; a conflict, unless said otherwise.
        home: the part that gives and takes, and that gets an even share when it runs short; it is the first one,
            whatever is said, when what is held, owed or taken as fees changes.
        least_units: what must be available although less leaves in the end.

    Raises:
        ConflictError: the parts were read while money moved between them: read again.
    """
    before, delta = change.before, change.delta
    assert isinstance(before, SplitBalance), "an account in one part has one write"
    is_first_alone = before.owed_units or delta.pending_units or delta.owed_units or delta.fees_taken_units
    place = FIRST if is_first_alone or home is None or home >= len(before.parts_units) else home
    named = [keys.balance(tenant_id, change.account, currency, part) for part in range(len(before.parts_units))]
    if delta.owed_units > 0:
        return _into_debt(named, change, before, refusal)
    least_units = max(least_units, -delta.available_units)
    lent = pulls(before.parts_units, place, least_units, level=home is not None)
    if before.parts_units[place] + sum(lent.values()) < least_units:
        raise ConflictError("the parts of this balance were read while money moved between them")
    pulled_units = sum(lent.values())
    condition = _demanded(before, delta.pending_units, place, least_units - pulled_units)
    actions = [*additions(delta.moved(available_units=pulled_units)), *_noted(pulled_units)]
    return [
        update(named[place], actions, condition, refusal),
        *(_lend(named[part], units, refusal) for part, units in lent.items()),
        *(_out_of_debt(named, refusal) if before.owed_units and not change.after.owed_units else ()),
    ]


def _demanded(before: SplitBalance, pending_units: int, home: int, least_units: int) -> Condition:
    available = BalanceRecord.available
    condition = owes(before.owed_units) if home == FIRST else BalanceRecord.indebted.does_not_exist()
    if before.owed_units:
        condition &= BalanceRecord.parts == len(before.parts_units)
    if least_units > 0:
        condition &= available >= least_units
    if pending_units < 0:
        condition &= BalanceRecord.pending >= -pending_units
    return condition


def _lend(key: Key, units: int, refusal: Refusal | None) -> Write:
    actions = [BalanceRecord.available.add(-units), BalanceRecord.pulled.add(-units)]
    return update(key, actions, BalanceRecord.available >= units, refusal)


def _noted(pulled_units: int) -> list[Action]:
    return [BalanceRecord.pulled.add(pulled_units)] if pulled_units else []


def _into_debt(
    named: list[Key], change: BalanceChange, before: SplitBalance, refusal: Refusal | None
) -> list[Write]:
    """Empty every part, each of exactly what it was seen to have, and mark those beside the first."""
    if before.is_torn:
        raise ConflictError("the parts of this balance were read while money moved between them")
    own_units, *others_units = before.parts_units
    pulled_units = sum(others_units)
    condition = owes(before.owed_units) & has_exactly(own_units) & (BalanceRecord.parts == len(named))
    actions = [*additions(change.delta.moved(available_units=pulled_units)), *_noted(pulled_units)]
    writes = [update(named[FIRST], actions, condition, refusal)]
    for key, units in zip(named[FIRST + 1 :], others_units, strict=True):
        emptied = [BalanceRecord.available.add(-units), BalanceRecord.indebted.set(ONE_MARK)]
        note = _noted(-units)
        writes.append(update(key, [*emptied, *note], has_exactly(units), refusal))
    return writes


def _out_of_debt(named: list[Key], refusal: Refusal | None) -> list[Write]:
    return [update(key, [BalanceRecord.indebted.remove()], None, refusal) for key in named[FIRST + 1 :]]


def opening(tenant_id: str, account: str, currency: str, before: Balance, parts: int) -> list[Write]:
    """Return the writes that put a balance into more parts than it has, while it owes nothing.

    The first part shares what it has with the new ones, evenly.
    """
    own_units, *others = before.parts_units if isinstance(before, SplitBalance) else (before.available_units,)
    new = range(1 + len(others), parts)
    share_units = max(0, own_units) // (len(new) + 1)
    given_units = share_units * len(new)
    fewer = BalanceRecord.parts.does_not_exist() | (BalanceRecord.parts < parts)
    condition = owes(0) & fewer
    if given_units:
        condition &= BalanceRecord.available >= given_units
    actions = [BalanceRecord.available.add(-given_units), BalanceRecord.parts.set(parts), *_noted(-given_units)]
    named = [keys.balance(tenant_id, account, currency, part) for part in range(parts)]
    shares = [BalanceRecord.available.add(share_units), *_noted(share_units)]
    return [update(named[FIRST], actions, condition), *(update(named[part], shares) for part in new)]
