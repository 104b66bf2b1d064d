"""Withdrawals as they lie in the table once they are accepted: held for, and open for their hot wallet."""

from typing import Any

from chalicelib import ids
from chalicelib.environment import Environment
from chalicelib.ledger import book, rules
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.withdrawals.records import OpenPayout, WithdrawalRecord
from sandbox.chain.hashing import strangers_address

PLATFORM_FEE, NETWORK_FEE = 1_000_000, 3_500_000
_SERIAL = iter(range(10**9))


def accept(
    env: Environment, tenant_id: str, units: int = 50_000_000, currency: str = "USDTTRC20", **fields: Any
) -> WithdrawalRecord:
    """Hold for a withdrawal of ``units`` to an address of its own, as the API does, and return it."""
    known = env.catalogue.by_code(currency)
    now = int(env.clock.now() * 1000)
    withdrawal_id = ids.uuid7(now / 1000)
    pk, sk = keys.withdrawal(tenant_id, withdrawal_id)
    record = WithdrawalRecord(
        pk=pk,
        sk=sk,
        **{
            "currency": currency,
            "status": "pending",
            "version": 1,
            "requested": units + PLATFORM_FEE + NETWORK_FEE,
            "amount": units,
            "platform_fee": PLATFORM_FEE,
            "network_fee": NETWORK_FEE,
            "address": strangers_address(99, known.blockchain, str(next(_SERIAL))),
            "created_at": now,
            "updated_at": now,
            **fields,
        },
    )
    opened_pk, opened_sk = keys.open_payout(known.blockchain, withdrawal_id)
    balance = book.read_balance(env.store, tenant_id, record.account, currency)
    held = rules.hold(balance, record.account, record.held_units)
    env.store.commit(
        create(record),
        create(OpenPayout(pk=opened_pk, sk=opened_sk, tenant_id=tenant_id)),
        *book.posting_writes(tenant_id, currency, held),
    )
    env.queues.wake_payouts(known.blockchain)
    return record


def stored(env: Environment, record: WithdrawalRecord) -> WithdrawalRecord:
    """Return a withdrawal as it stands now."""
    found = env.store.get(WithdrawalRecord, record.key)
    assert found is not None
    return found
