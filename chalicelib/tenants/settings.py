"""A merchant's settings as the rooms use them, kept for a few seconds: a request costs no read for them."""

import threading
from dataclasses import dataclass
from fractions import Fraction

from chalicelib.environment import Environment
from chalicelib.errors import AuthenticationFailedError
from chalicelib.storage import keys
from chalicelib.tenants.records import TenantRecord

KEPT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """What a merchant's dealings follow.

    Attributes:
        tenant_id: the merchant.
        transaction_fee_percent: of payments.
        withdrawal_fee_percent: of withdrawals; that of payments, unless it has one of its own.
        tolerance_percent: how much less than due still counts as paid.
        is_fee_paid_by_user: whether the customer pays the fee on top, unless a request says otherwise.
        callback_url: where events go that name no URL of their own, or None.
        sealed_secret: the webhook secret, encrypted.
        withdrawals_frozen: nothing may leave.
        balance_parts: into how many parts the master account's balances are split.
    """

    tenant_id: str
    transaction_fee_percent: Fraction
    withdrawal_fee_percent: Fraction
    tolerance_percent: Fraction
    is_fee_paid_by_user: bool
    callback_url: str | None
    sealed_secret: bytes
    withdrawals_frozen: bool
    balance_parts: int = 1


class TenantDirectory:
    """This process's copies of settings, each at most ``KEPT_SECONDS`` old."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._kept: dict[str, tuple[float, TenantSettings]] = {}
        self._lock = threading.Lock()

    def get(self, tenant_id: str) -> TenantSettings:
        """Return a merchant's settings.

        Raises:
            AuthenticationFailedError: there is no such merchant (its tokens outlived it).
        """
        now = self._env.clock.now()
        kept = self._kept.get(tenant_id)
        if kept is None or now - kept[0] > KEPT_SECONDS:
            kept = self._kept[tenant_id] = (now, self._read(tenant_id))
        return kept[1]

    def forget(self, tenant_id: str) -> None:
        """Read anew next time: this process changed the settings itself."""
        self._kept.pop(tenant_id, None)

    def _read(self, tenant_id: str) -> TenantSettings:
        record = self._env.store.get(TenantRecord, keys.tenant(tenant_id))
        if record is None:
            raise AuthenticationFailedError("The tenant of this token no longer exists.")
        return TenantSettings(
            tenant_id=tenant_id,
            transaction_fee_percent=Fraction(record.transaction_fee),
            withdrawal_fee_percent=Fraction(record.withdrawal_fee or record.transaction_fee),
            tolerance_percent=Fraction(record.tolerance_percent),
            is_fee_paid_by_user=record.is_fee_paid_by_user,
            callback_url=None if record.callback_stopped else record.callback_url,
            sealed_secret=record.sealed_secret,
            withdrawals_frozen=record.withdrawals_frozen,
            balance_parts=record.balance_parts,
        )


def settings_of(env: Environment, tenant_id: str) -> TenantSettings:
    """Return a merchant's settings, at most a few seconds old."""
    return env.keep(TenantDirectory).get(tenant_id)
