"""Request and answer shapes of transfers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Amount, CurrencyCode, Money, Timestamp, Url
from chalicelib.wallets.schemas import ExternalId, WalletId

TransferType = Literal["to_sub", "to_master"]
TransferStatus = Literal["pending", "completed", "failed"]
TransferId = Annotated[str, Meta(pattern=r"^t_[0-9a-f]+$", examples=["t_0198f0c2a4b17d3e8f1a2b3c4d5e6f700"])]


class TransferRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Money to be moved between the master account and a wallet, which ``wallet_id`` or ``external_id`` names."""

    wallet_id: WalletId | None = None
    external_id: ExternalId | None = None
    currency: CurrencyCode
    amount: Amount
    callback_url: Url | None = None


class TransferAccepted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The transfer waits for its turn; the event ``transfer_status_update`` says how it ended."""

    status: Literal["accepted"]
    transfer_id: TransferId
    message: str


class TransferHistoryRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose transfers, filtered and paged."""

    wallet_id: WalletId | None = None
    external_id: ExternalId | None = None
    status: TransferStatus | None = None
    transfer_type: TransferType | None = None
    currency: CurrencyCode | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    offset: Annotated[int, Meta(ge=0, le=10**12)] = 0
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class Transfer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One transfer; ``error`` says why it failed."""

    id: TransferId
    transfer_id: TransferId
    transfer_type: TransferType
    currency: str
    amount: Money
    status: TransferStatus
    error: str | None
    created_at: Timestamp
    completed_at: Timestamp | None


class TransferAccount(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The wallet that the transfers are of."""

    id: int
    name: str
    external_id: str | None
    wallet_id: str


class Pagination(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where the page lies."""

    total: int
    limit: int
    offset: int
    next_cursor: str | None


class TransferHistory(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A page of a wallet's transfers, newest first."""

    account: TransferAccount
    transfers: list[Transfer]
    pagination: Pagination
