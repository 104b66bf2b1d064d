"""Request and answer shapes of the currency and rate routes."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.api.fields import CurrencyCode, FiatMoney, Money, Number, Timestamp

_DECIMAL = {"pattern": r"^[0-9]+(\.[0-9]{1,8})?$"}
DecimalText = Annotated[str, Meta(min_length=1, max_length=60, extra_json_schema=_DECIMAL)]


class CurrenciesQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which currencies, and how much about each."""

    full: Annotated[bool, Meta(description="Return full currency details.")] = False
    min_max: Annotated[bool, Meta(description="Include the least and the greatest amount.")] = False
    include_usd: Annotated[bool, Meta(description="Include their worth in USD; requires min_max=true.")] = False
    withdrawal: Annotated[bool, Meta(description="Withdrawal currencies instead of deposit ones.")] = False


class CurrencyCodes(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The currencies' codes: the answer without ``full`` and ``min_max``."""

    currencies: list[str]


class CurrencyLimits(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A currency and its limits (inclusive)."""

    currency: str
    min_amount: Money
    max_amount: Money
    min_amount_usd: FiatMoney | UnsetType = UNSET
    max_amount_usd: FiatMoney | UnsetType = UNSET


class CurrenciesWithLimits(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The currencies with their limits: the answer to ``min_max`` without ``full``."""

    currencies: list[CurrencyLimits]


class CurrencyDetails(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A currency. Token and blockchain are in lower case here, and only here."""

    currency: str
    name: str
    token: Annotated[str, Meta(examples=["usdt"])]
    blockchain: Annotated[str, Meta(examples=["trx"])]
    is_popular: bool
    is_stable: bool
    min_amount: Money | UnsetType = UNSET
    max_amount: Money | UnsetType = UNSET
    min_amount_usd: FiatMoney | UnsetType = UNSET
    max_amount_usd: FiatMoney | UnsetType = UNSET


class CurrenciesInFull(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The currencies with all details: the answer to ``full``."""

    currencies: list[CurrencyDetails]


class RateQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to convert into what."""

    currency_to: Annotated[CurrencyCode, Meta(description="Target currency code.")]
    currency_from: Annotated[CurrencyCode, Meta(description="Source currency code.")] = "USD"
    amount: Annotated[DecimalText, Meta(description="Amount to convert, in the source currency.")] = "1.0"
    fee_percentage: (
        Annotated[DecimalText, Meta(description="From 0 to 100; left out, the tenant's transaction_fee.")] | None
    ) = None
    is_fee_paid_by_user: (
        Annotated[
            bool,
            Meta(
                description="true: the customer pays the fee on top; false: it is deducted from what is received. "
                "Left out, the tenant's setting. Without full or fee_percentage no fee is reckoned."
            ),
        ]
        | None
    ) = None
    full: Annotated[bool, Meta(description="Return detailed info with fees and timestamp.")] = False


class SimpleRate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An amount converted, fees aside: ``estimated_amount`` = ``amount`` x ``rate``, rounded down."""

    currency_from: str
    currency_to: str
    amount: Number
    estimated_amount: Number
    rate: Annotated[Number, Meta(description="Twelve significant digits.")]


class DetailedRate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An amount converted, with the fee: ``estimated_amount`` is what the receiver ends up with."""

    currency_from: str
    currency_to: str
    amount: Number
    estimated_amount: Number
    rate: Annotated[Number, Meta(description="Twelve significant digits.")]
    fee_percentage: Number
    fee_amount: Annotated[Number, Meta(description="In the target currency.")]
    timestamp: Timestamp
