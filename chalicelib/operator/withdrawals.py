"""The operator's commands about withdrawals: what guards them, and single ones."""

from argparse import Namespace
from typing import Any

import msgspec

from chalicelib import money
from chalicelib.clock import iso
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.storage import keys
from chalicelib.tenants import service as tenants
from chalicelib.withdrawals import allow_list, guarding, protection, service
from chalicelib.withdrawals.allow_list import AllowedAddress
from chalicelib.withdrawals.limits import Limits, Used
from chalicelib.withdrawals.protection import DEFAULT_WAITING_HOURS
from chalicelib.withdrawals.records import WithdrawalRecord

NONE = "none"
_LONGEST_WAIT_HOURS = 24 * 365
_MOST_AN_HOUR = 1_000_000


def show_limits(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Show a tenant's limits, and what of them is used now.

    Raises:
        NotFoundError: there is no such tenant.
    """
    tenants.tenant(env, asked.tenant_id)
    guard = protection.read(env, asked.tenant_id)
    limits, used = (guard.limits, guard.used.at(env.clock.now())) if guard else (Limits(), Used())
    return {
        "tenant_id": asked.tenant_id,
        "withdrawals_frozen": guard.is_frozen if guard else False,
        "per_withdrawal_usd": _dollars(limits.each_cents),
        "per_day_usd": _dollars(limits.day_cents),
        "per_30_days_usd": _dollars(limits.month_cents),
        "per_hour": limits.hour_count,
        "used_today_usd": _dollars(used.today_cents),
        "used_30_days_usd": _dollars(used.window_cents),
        "used_this_hour": used.count,
    }


def set_limits(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Set or take away some of a tenant's limits.

    Raises:
        InvalidRequestError: a limit is no amount or number, or none is named.
        NotFoundError: there is no such tenant.
    """
    named = {
        "each_cents": asked.per_withdrawal,
        "day_cents": asked.per_day,
        "month_cents": asked.per_30_days,
    }
    changed = {name: _cents(text) for name, text in named.items() if text is not None}
    if asked.per_hour is not None:
        changed["hour_count"] = None if asked.per_hour == NONE else _whole(asked.per_hour, 1, _MOST_AN_HOUR)
    guarding.set_limits(env, asked.tenant_id, changed)
    return show_limits(env, asked)


def show_allow_list(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Show whether a tenant's allow-list counts, how long new addresses wait, and the addresses.

    Raises:
        NotFoundError: there is no such tenant.
    """
    tenants.tenant(env, asked.tenant_id)
    guard = protection.read(env, asked.tenant_id)
    return {
        "tenant_id": asked.tenant_id,
        "allow_list": "on" if guard and guard.has_allow_list else "off",
        "waiting_hours": guard.waiting_hours if guard else DEFAULT_WAITING_HOURS,
        "addresses": [_shown_address(entry) for entry in allow_list.entries(env, asked.tenant_id)],
    }


def turn_allow_list_on(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Let a tenant withdraw to addresses on its list only.

    Raises:
        InvalidRequestError: the waiting time is no number of hours.
        NotFoundError: there is no such tenant.
    """
    hours = None if asked.waiting_hours is None else _whole(asked.waiting_hours, 0, _LONGEST_WAIT_HOURS)
    guarding.set_allow_list(env, asked.tenant_id, is_on=True, waiting_hours=hours)
    return show_allow_list(env, asked)


def turn_allow_list_off(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Let a tenant withdraw to any address; the list stays.

    Raises:
        NotFoundError: there is no such tenant.
    """
    guarding.set_allow_list(env, asked.tenant_id, is_on=False)
    return show_allow_list(env, asked)


def add_address(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Put an address on a tenant's list; it counts once its waiting time is over.

    Raises:
        InvalidRequestError, InvalidAddressError: no such type, or no such address.
        NotFoundError: there is no such tenant.
    """
    return _shown_address(guarding.allow(env, asked.tenant_id, asked.type, asked.address))


def remove_address(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Take an address off a tenant's list, at once.

    Raises:
        InvalidRequestError, InvalidAddressError: no such type, or no such address.
        NotFoundError: there is no such tenant, or the list has no such address.
    """
    guarding.disallow(env, asked.tenant_id, asked.type, asked.address)
    return show_allow_list(env, asked)


def show(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Show a withdrawal, whosever it is, with all that was signed for it.

    Raises:
        NotFoundError: there is no such withdrawal.
    """
    record = _found(env, asked.withdrawal_id)
    return {
        "tenant_id": record.tenant_id,
        **msgspec.to_builtins(service.withdrawal(env, record.tenant_id, record.sk)),
        "slot": record.slot,
        "attempts": [
            {"transaction_hash": attempt.txid, "fee_units": attempt.fee_units, "at": iso(attempt.signed_at / 1000)}
            for attempt in record.attempts
        ],
    }


def reject(env: Environment, asked: Namespace) -> dict[str, Any]:
    """Turn a pending withdrawal down; the merchant is told the reason, and what was held is available again.

    Raises:
        NotFoundError: there is no such withdrawal.
        InvalidStateError: it is not pending.
        InvalidRequestError: the reason is empty or too long.
    """
    if not 0 < len(asked.reason) <= 500:  # noqa: PLR2004 -- the API's limit of descriptions
        raise InvalidRequestError("A reason has 1 to 500 characters.")
    record = _found(env, asked.withdrawal_id)
    service.reject(env, record.tenant_id, record.sk, asked.reason)
    return show(env, asked)


def _found(env: Environment, withdrawal_id: str) -> WithdrawalRecord:
    """Find a withdrawal by its id alone: each tenant is asked for it, a hundred to a call."""
    if not service.is_id(withdrawal_id):
        raise NotFoundError("There is no such withdrawal.")
    named = [keys.withdrawal(tenant.sk, withdrawal_id) for tenant in tenants.list_tenants(env)]
    found = env.store.get_many(WithdrawalRecord, named)
    if not found:
        raise NotFoundError("There is no such withdrawal.")
    return next(iter(found.values()))


def _shown_address(entry: AllowedAddress) -> dict[str, Any]:
    return {
        "type": entry.family,
        "address": entry.address,
        "added_at": iso(entry.added_at),
        "usable_at": iso(entry.usable_at),
    }


def _cents(text: str) -> int | None:
    if text == NONE:
        return None
    try:
        return money.parse_units(text, money.FIAT_DECIMALS)
    except money.InvalidAmountError:
        raise InvalidRequestError(f"A limit is an amount in US dollars such as 1000.00, or {NONE}.") from None


def _dollars(cents: int | None) -> str | None:
    return None if cents is None else money.format_fiat(cents)


def _whole(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):  # noqa: PLR2004
        raise InvalidRequestError(f"A whole number from {least} to {most} is meant.")
    return int(text)
