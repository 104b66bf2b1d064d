"""Request and answer shapes of the payment routes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.fields import (
    Amount,
    ChainName,
    CurrencyCode,
    Description,
    Email,
    FiatMoney,
    Id,
    Money,
    Number,
    OrderId,
    Rate,
    Timestamp,
    TokenName,
    Url,
)
from chalicelib.withdrawals.schemas import Address, CustomId, FinalAmount, Memo

PaymentStatus = Literal[
    "waiting", "partially_paid", "confirming", "completed", "partially_completed", "expired", "failed"
]
PaymentLabel = Literal["UNDERPAID", "OVERPAID", "LATE", "MULTIPLE", "REORGED", "REVERSED", "WRONG_CURRENCY"]
DepositStatus = Literal["confirming", "dust", "credited", "reversed", "orphaned", "double_spent"]


class CreatePayment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A price to be paid on a fresh deposit address: ``currency``, or ``blockchain`` and ``token``."""

    amount: Amount
    currency: CurrencyCode | None = None
    blockchain: ChainName | None = None
    token: TokenName | None = None
    price_currency: CurrencyCode = "USD"
    callback_url: Url | None = None
    order_id: OrderId | None = None
    order_description: Description | None = None
    is_fixed_rate: bool = True
    is_fee_paid_by_user: bool | None = None
    customer_email: Email | None = None
    wallet_id: Id | None = None
    expiry_minutes: Annotated[int, Meta(ge=5, le=10_080)] = 30


class PaymentDeposit(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One arrival of money at the payment's address."""

    deposit_id: str
    amount: Money
    transaction_hash: str
    confirmations: int
    status: DepositStatus
    timestamp: Timestamp


class Payment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A payment."""

    transaction_id: str
    status: PaymentStatus
    labels: list[PaymentLabel]
    version: int
    amount_usd: FiatMoney | None
    price_amount: str
    price_currency: str
    amount_crypto: Money
    currency: str
    blockchain: str
    token: str
    address: str
    payment_uri: str
    rate: Rate
    is_fixed_rate: bool
    is_fee_paid_by_user: bool
    fee_amount: Money
    order_id: str
    order_description: str | None
    customer_email: str | None
    wallet_id: str | None
    callback_url: str | None
    transaction_hash: str | None
    confirmations: int
    required_confirmations: int
    total_paid_amount: Money
    payment_history: list[PaymentDeposit]
    deposits_count: int
    expiry_time: Timestamp
    created_at: Timestamp
    updated_at: Timestamp
    completed_at: Timestamp | None


class ListPayments(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters and paging of the payment list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    offset: Annotated[int, Meta(ge=0, le=10**12)] = 0
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    status: PaymentStatus | None = None
    currency: CurrencyCode | None = None
    blockchain: ChainName | None = None
    token: TokenName | None = None
    order_id: OrderId | None = None


class PaymentList(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of payments, newest first; ``count`` rows in this page, ``total`` rows that match."""

    count: int
    total: int
    offset: int
    limit: int
    next_cursor: str | None
    results: list[Payment]


class PaymentStatusRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which payment."""

    transaction_id: Id


class RefundPayment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whom to pay a payment's money back to, in its currency; without ``amount``, all that is left of it."""

    address: Address
    amount: Amount | None = None
    final_amount: FinalAmount = False
    memo: Memo | None = None
    custom_id: CustomId | None = None
    callback_url: Url | None = None


class MinAmountQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which currency."""

    currency: CurrencyCode


class MinAmount(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The least and the most that a payment in a currency may ask for."""

    currency: str
    min_amount: Number
    max_amount: Number
    blockchain: str
    token: str
