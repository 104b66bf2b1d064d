"""Answer shapes of the balance routes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.fields import CurrencyCode, CurrencyKey, FiatMoney, Id, Money, Timestamp

MovementType = Literal["deposit", "withdrawal", "transfer_in", "transfer_out", "refund", "reversal", "adjustment"]


class AccountBalance(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The master account in one currency; ``owed`` stands only while something is owed."""

    amount: Money
    pending_amount: Money
    available_balance: Money
    owed: Money | None = None


class SubAccountBalance(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One sub-account in one currency."""

    account_name: str
    account_id: str
    amount: Money
    pending_amount: Money
    available_balance: Money
    owed: Money | None = None


class SubAccountsBalance(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All sub-accounts in one currency; at most 1,000 are listed, the totals count all."""

    total_amount: Money
    total_pending: Money
    accounts: list[SubAccountBalance]


class Statistics(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How much there is to look at."""

    currencies_count: int
    subaccounts_count: int


class Balances(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All balances of a tenant, by currency."""

    account: dict[CurrencyKey, AccountBalance]
    sub_accounts: dict[CurrencyKey, SubAccountsBalance]
    statistics: Statistics


class HistoryQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose history, filtered and paged."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    offset: Annotated[int, Meta(ge=0, le=10**12)] = 0
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    currency: CurrencyCode | None = None
    type: MovementType | None = None
    wallet_id: Id | None = None


class HistoryRow(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One movement: ``amount`` is the signed change of the account."""

    id: str
    timestamp: Timestamp
    currency: str
    type: MovementType
    amount: Money
    gross_amount: Money
    fee_amount: Money
    balance_after: Money
    reference: str
    wallet_id: str | None


class History(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of an account's history, newest first."""

    history: list[HistoryRow]
    total: int
    limit: int
    offset: int
    next_cursor: str | None


class FeeCollection(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One fee: taken with a deposit or a withdrawal, or given back (negative) with a reversal."""

    currency: str
    amount: Money
    collected_at: Timestamp
    reference: Annotated[str, Meta(description="The payment, or the withdrawal, that it was taken with.")]


class Fees(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the platform has taken from the tenant in fees."""

    fee_balances: dict[CurrencyKey, Money]
    recent_collections: Annotated[list[FeeCollection], Meta(description="Newest first, 50 at the most.")]
    total_fees_usd_estimate: Annotated[
        FiatMoney | None, Meta(description="At the prices of now; null while one of them is missing or too old.")
    ]
