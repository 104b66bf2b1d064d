"""Request and answer shapes of the wallet routes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Id, Money, Name, OwnId, Timestamp

ExternalId = Annotated[
    OwnId, Meta(max_length=100, examples=["ext_123"], description="Your own id of the sub-account.")
]
WalletId = Annotated[Id, Meta(examples=["w_0000000112ab34cd"])]


class CreateWallet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new sub-account."""

    name: Annotated[Name, Meta(examples=["My Wallet"])]
    external_id: ExternalId | None = None


class ListWallets(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of sub-accounts."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 1000
    offset: Annotated[int, Meta(ge=0, le=10**12)] = 0
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class WalletRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which sub-account: by one of its names; ``wallet_id`` wins."""

    wallet_id: WalletId | None = None
    external_id: ExternalId | None = None


class WalletBalance(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A sub-account in one currency; ``owed`` stands only while something is owed."""

    currency: str
    amount: Money
    pending_amount: Money
    available_balance: Money
    owed: Money | None = None


class Wallet(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A sub-account with what it has."""

    id: Annotated[int, Meta(description="1, 2, 3 … in the tenant; there may be gaps.")]
    name: str
    external_id: str | None
    wallet_id: str
    created: Timestamp
    updated: Timestamp
    balances: list[WalletBalance]


class WalletList(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of sub-accounts, newest first."""

    accounts: list[Wallet]
    total: int
    limit: int
    offset: int
    next_cursor: str | None
