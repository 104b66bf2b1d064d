"""The operator's use cases: what guards a merchant's withdrawals, in force with the commit that sets it."""

from collections.abc import Mapping

from pynamodb.expressions.update import Action

from chalicelib.chains.addresses import InvalidAddressError as UnreadableAddressError
from chalicelib.chains.addresses import payable
from chalicelib.environment import Environment
from chalicelib.errors import InvalidAddressError, InvalidRequestError, NotFoundError
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Record
from chalicelib.storage.unit_of_work import Write, check, delete, put, update
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import TenantDirectory
from chalicelib.withdrawals import protection
from chalicelib.withdrawals.allow_list import AllowedAddress
from chalicelib.withdrawals.protection import DEFAULT_WAITING_HOURS, ProtectionRecord
from chalicelib.withdrawals.targets import family_of

LIMITS = {
    "each_cents": ProtectionRecord.each_cents,
    "day_cents": ProtectionRecord.day_cents,
    "month_cents": ProtectionRecord.month_cents,
    "hour_count": ProtectionRecord.hour_count,
}


def set_frozen(env: Environment, tenant_id: str, *, is_frozen: bool) -> None:
    """Freeze a merchant's withdrawals, or let them go on: none is accepted or signed after a freeze.

    Raises:
        NotFoundError: there is no such merchant.
    """
    shown = update(
        keys.tenant(tenant_id),
        [TenantRecord.withdrawals_frozen.set(is_frozen)],
        Record.pk.exists(),
        _missing(tenant_id),
    )
    env.store.commit(shown, protection.change_write(tenant_id, ProtectionRecord.is_frozen.set(is_frozen)))
    env.keep(TenantDirectory).forget(tenant_id)
    if not is_frozen:
        for blockchain in sorted({currency.blockchain for currency in env.catalogue.all()}):
            env.queues.wake_payouts(blockchain)


def set_limits(env: Environment, tenant_id: str, changed: Mapping[str, int | None]) -> None:
    """Change a merchant's limits.

    Args:
        env: the environment.
        tenant_id: the merchant.
        changed: names of ``LIMITS`` to US cents, or times an hour; None takes that limit away.

    Raises:
        InvalidRequestError: nothing is to be changed.
        NotFoundError: there is no such merchant.
    """
    if not changed:
        raise InvalidRequestError("Say which limit to set.")
    actions = [
        LIMITS[name].remove() if bound is None else LIMITS[name].set(bound) for name, bound in changed.items()
    ]
    _change_rules(env, tenant_id, *actions)


def set_allow_list(env: Environment, tenant_id: str, *, is_on: bool, waiting_hours: int | None = None) -> None:
    """Let a merchant withdraw to addresses on its list only, or to any.

    Args:
        env: the environment.
        tenant_id: the merchant.
        is_on: whether the list counts.
        waiting_hours: how long addresses added from now on wait; None leaves that as it is.

    Raises:
        NotFoundError: there is no such merchant.
    """
    actions = [ProtectionRecord.has_allow_list.set(is_on)]
    if waiting_hours is not None:
        actions.append(ProtectionRecord.waiting_hours.set(waiting_hours))
    _change_rules(env, tenant_id, *actions)


def allow(env: Environment, tenant_id: str, type_name: str, address: str) -> AllowedAddress:
    """Put an address on a merchant's list: it can be withdrawn to once its waiting time is over.

    Adding one that is there leaves its time as it is.

    Args:
        env: the environment.
        tenant_id: the merchant.
        type_name: the address' family or one of its blockchains.
        address: in any of its spellings.

    Raises:
        InvalidRequestError, InvalidAddressError: no such type, or no such address.
        NotFoundError: there is no such merchant.
    """
    pk, sk = _entry_key(tenant_id, type_name, address)
    known = env.store.get(AllowedAddress, Key(pk, sk))
    if known is not None:
        return known
    guard = protection.read(env, tenant_id)
    waiting_hours = guard.waiting_hours if guard else DEFAULT_WAITING_HOURS
    now = int(env.clock.now())
    entry = AllowedAddress(pk=pk, sk=sk, added_at=now, usable_at=now + waiting_hours * 3600)
    env.store.commit(_tenant_exists(tenant_id), put(entry))
    return entry


def disallow(env: Environment, tenant_id: str, type_name: str, address: str) -> None:
    """Take an address off a merchant's list, at once.

    Raises:
        InvalidRequestError, InvalidAddressError: no such type, or no such address.
        NotFoundError: it is not on the list.
    """
    key = _entry_key(tenant_id, type_name, address)
    env.store.commit(delete(key, Record.pk.exists(), NotFoundError("The list has no such address.")))


def _change_rules(env: Environment, tenant_id: str, *actions: Action) -> None:
    env.store.commit(_tenant_exists(tenant_id), protection.change_write(tenant_id, *actions))


def _entry_key(tenant_id: str, type_name: str, address: str) -> Key:
    family = family_of(type_name)
    try:
        return keys.allowed_address(tenant_id, family, payable(address, family).address)
    except UnreadableAddressError as error:
        raise InvalidAddressError(str(error), details={"address": [str(error)]}) from None


def _tenant_exists(tenant_id: str) -> Write:
    return check(keys.tenant(tenant_id), Record.pk.exists(), _missing(tenant_id))


def _missing(tenant_id: str) -> NotFoundError:
    return NotFoundError(f"There is no tenant {tenant_id}.")
