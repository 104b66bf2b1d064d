"""A withdrawal as the API and the events show it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.clock import iso
from chalicelib.currencies.catalogue import Catalogue
from chalicelib.money import format_units
from chalicelib.withdrawals.lifecycle import Status
from chalicelib.withdrawals.records import WithdrawalRecord
from chalicelib.withdrawals.schemas import Withdrawal

if TYPE_CHECKING:
    from chalicelib.withdrawals.schemas import WithdrawalStatus

_EXPLAINED = (Status.FAILED, Status.REJECTED)


@dataclass(frozen=True, slots=True)
class Moment:
    """What of a withdrawal changes, as it was after one step.

    Attributes:
        status: its status.
        version: its version.
        updated_at: Unix milliseconds.
        attempt: the place of the attempt that is shown: the one that was mined, else the newest; None before
            a node had one.
        height: the block that it was mined in; None outside any.
    """

    status: str
    version: int
    updated_at: int
    attempt: int | None = None
    height: int | None = None


ACCEPTED_VERSION = 1


def as_created(record: WithdrawalRecord) -> Moment:
    """Return the moment of acceptance, whatever has become of the withdrawal since."""
    return Moment(Status.PENDING, ACCEPTED_VERSION, record.created_at)


def as_stored(record: WithdrawalRecord) -> Moment:
    """Return the moment that the record itself is of."""
    return Moment(record.status, record.version, record.updated_at, shown_attempt(record), record.height)


def shown_attempt(record: WithdrawalRecord) -> int | None:
    """Return the place of the attempt that is shown: once the chain may have one."""
    if record.mined is not None:
        return record.mined
    is_sent = record.signed and record.status != Status.PROCESSING
    return len(record.signed) - 1 if is_sent else None


def shown(catalogue: Catalogue, record: WithdrawalRecord, moment: Moment, head_height: int) -> Withdrawal:
    """Return a withdrawal as it is shown.

    Args:
        catalogue: the currencies.
        record: the withdrawal's item, for what never changes.
        moment: what changes, as of the moment that is shown.
        head_height: the chain's height at that moment; confirmations are counted from it.
    """
    currency = catalogue.by_code(record.currency)

    def money(units: int) -> str:
        return format_units(units, currency.decimals)

    status: WithdrawalStatus = Status(moment.status).value
    is_completed = moment.status == Status.COMPLETED
    confirmations = 0 if moment.height is None else max(0, head_height - moment.height + 1)
    return Withdrawal(
        withdrawal_id=record.sk,
        custom_id=record.custom_id,
        payment_id=record.payment_id,
        status=status,
        version=moment.version,
        requested_amount=money(record.requested),
        amount=money(record.amount),
        fee=money(record.platform_fee + record.network_fee),
        platform_fee=money(record.platform_fee),
        network_fee=money(record.network_fee),
        currency=currency.code,
        blockchain=currency.blockchain,
        token=currency.token,
        address=record.address,
        memo=record.memo,
        transaction_hash=None if moment.attempt is None else record.signed[moment.attempt][0],
        confirmations=confirmations,
        required_confirmations=currency.confirmations,
        callback_url=record.callback_url,
        wallet_id=record.wallet_id,
        error_message=record.error_message if moment.status in _EXPLAINED else None,
        created_at=iso(record.created_at / 1000),
        updated_at=iso(moment.updated_at / 1000),
        completed_at=iso((record.completed_at or moment.updated_at) / 1000) if is_completed else None,
    )
