"""Request and answer shapes of the withdrawal routes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.fields import (
    Amount,
    ChainName,
    CurrencyCode,
    Id,
    Money,
    Number,
    OwnId,
    Timestamp,
    TokenName,
    Url,
)

WithdrawalStatus = Literal["pending", "processing", "submitted", "completed", "failed", "rejected", "cancelled"]

Sort = Literal["created_desc", "created_asc", "amount_desc", "amount_asc"]
CustomId = Annotated[OwnId, Meta(max_length=64, examples=["payout_123"])]
Address = Annotated[str, Meta(min_length=1, max_length=256, examples=["TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf"])]
Day = Annotated[
    str,
    Meta(
        max_length=40,
        description="A date (2024-12-27) or a date and time (2024-12-27T10:00:00Z), inclusive; UTC.",
        examples=["2024-12-27"],
    ),
]
Memo = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=120,
        description="A note that goes on the chain with the payment: on TRON only.",
        examples=["invoice 123"],
    ),
]
CryptoAmount = Annotated[
    Amount, Meta(description="In the currency itself; exactly one of amount and price_amount is given.")
]
PriceAmount = Annotated[Amount, Meta(description="In fiat, converted at this moment's rate.")]
FinalAmount = Annotated[
    bool,
    Meta(description="true: the recipient gets the amount and the fees come on top; false: they come out of it."),
]


class AmountAsked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How much of what: ``currency``, or ``blockchain`` and ``token``; ``amount`` or ``price_amount``."""

    amount: CryptoAmount | None = None
    price_amount: PriceAmount | None = None
    price_currency: CurrencyCode | None = None
    currency: CurrencyCode | None = None
    blockchain: ChainName | None = None
    token: TokenName | None = None
    final_amount: FinalAmount = False


class CreateWithdrawal(AmountAsked, forbid_unknown_fields=True, kw_only=True):
    """Money that is to go to an address."""

    address: Address
    memo: Memo | None = None
    custom_id: CustomId | None = None
    wallet_id: Id | None = None
    callback_url: Url | None = None


class EstimateWithdrawal(AmountAsked, forbid_unknown_fields=True, kw_only=True):
    """A withdrawal that is not made."""


class WithdrawalEstimate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a withdrawal would take and give, at the fees of this minute."""

    requested_amount: Money
    fee: Money
    amount: Money
    currency: str
    blockchain: str
    token: str
    platform_fee: Money
    network_fee: Money


class EstimateFee(AmountAsked, forbid_unknown_fields=True, kw_only=True):
    """A withdrawal whose fees are asked for."""

    address: Address | None = None


class FeeEstimate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a withdrawal would cost, at the fees of this minute."""

    fee: Money
    currency: str
    blockchain: str
    token: str
    network_fee: Money
    platform_fee: Money
    is_new_address: Annotated[
        bool,
        Meta(
            description="Whether this recipient costs an activation fee on top. It never does: the network fee is "
            "the same for every recipient, one that is new to TRON included."
        ),
    ]
    address_activation_fee: Money


class CurrencyAsked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which currency: ``currency``, or ``blockchain`` and ``token``."""

    currency: CurrencyCode | None = None
    blockchain: ChainName | None = None
    token: TokenName | None = None


class MinWithdrawal(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The least ``amount`` that may be asked for."""

    min_amount: Number
    currency: str
    blockchain: str
    token: str


class ValidateAddress(CurrencyAsked, forbid_unknown_fields=True, kw_only=True):
    """An address, and what it should be one of: a currency, a blockchain, a type."""

    address: str
    type: Annotated[str, Meta(max_length=20, description="EVM, BTC, LTC or TRX.", examples=["TRX"])] | None = None
    memo: str | None = None


class AddressVerdict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether money can be withdrawn to an address; ``address`` in its canonical spelling when it can."""

    is_valid: bool
    address: str
    type: str
    blockchain: str | None
    token: str | None
    currency: str | None
    error_message: str | None


class WithdrawalRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which withdrawal."""

    withdrawal_id: Id


class ListWithdrawals(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters, order and paging of the withdrawal list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    offset: Annotated[int, Meta(ge=0, le=10**12)] = 0
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    status: WithdrawalStatus | None = None
    currency: CurrencyCode | None = None
    blockchain: ChainName | None = None
    token: TokenName | None = None
    custom_id: CustomId | None = None
    start_date: Day | None = None
    end_date: Day | None = None
    sort: Sort = "created_desc"


class AvailableCurrency(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A currency that the master account has money in."""

    currency: str
    name: str
    blockchain: str
    token: str
    balance: Annotated[Money, Meta(description="What is available: free of holds.")]
    min_withdrawal: Money
    max_withdrawal: Annotated[
        Money, Meta(description="The most that can be asked for with final_amount false; 0 below the least.")
    ]


class AvailableCurrencies(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The currencies that can be withdrawn now."""

    currencies: list[AvailableCurrency]
    total: int


class Withdrawal(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A withdrawal."""

    withdrawal_id: str
    custom_id: str | None
    payment_id: str | None
    status: WithdrawalStatus
    version: int
    requested_amount: Money
    amount: Money
    fee: Money
    platform_fee: Money
    network_fee: Money
    currency: str
    blockchain: str
    token: str
    address: str
    memo: str | None
    transaction_hash: str | None
    confirmations: int
    required_confirmations: int
    callback_url: str | None
    wallet_id: str | None
    error_message: str | None
    created_at: Timestamp
    updated_at: Timestamp
    completed_at: Timestamp | None


class WithdrawalList(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of withdrawals; ``total`` counts all that match."""

    withdrawals: list[Withdrawal]
    total: int
    limit: int
    offset: int
    next_cursor: str | None
