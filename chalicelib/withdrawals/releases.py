"""What a withdrawal gives back, beside its hold, when it ends without being paid."""

from chalicelib.environment import Environment
from chalicelib.storage.unit_of_work import Write
from chalicelib.withdrawals import protection, refunds
from chalicelib.withdrawals.protection import ProtectionRecord
from chalicelib.withdrawals.records import WithdrawalRecord


def writes(env: Environment, record: WithdrawalRecord, guard: ProtectionRecord | None = None) -> list[Write]:
    """Return what belongs in the transaction that ends a withdrawal as failed, rejected or cancelled.

    Its use of the merchant's limits goes back to its own day; what a refund took of its payment can be asked back
    again. Refusals are conflicts: read again, decide again.

    Args:
        env: the environment.
        record: the withdrawal.
        guard: what guards the merchant, as just read; read here, if need be, when it is left out.
    """
    return [*protection.release_write(env, record, guard), *refunds.release_write(record)]
