"""Transfers between the master account and wallets, over HTTP."""

from typing import TYPE_CHECKING

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.errors import InsufficientBalanceError, InvalidCurrencyError, InvalidUrlError, NotFoundError
from chalicelib.lazily import lazily
from chalicelib.transfers.records import TO_MASTER, TO_SUB
from chalicelib.transfers.schemas import (
    TransferAccepted,
    TransferHistory,
    TransferHistoryRequest,
    TransferRequest,
)

if TYPE_CHECKING:
    from chalicelib.transfers import listing, service
else:
    listing, service = lazily("chalicelib.transfers", "listing", "service")

routes = Routes("Wallets", __name__)
REFUSALS = (InvalidCurrencyError, InvalidUrlError, InsufficientBalanceError, NotFoundError)


def _replay(_call: Call, object_id: str) -> TransferAccepted:
    return service.accepted(object_id)


@routes.post(
    "/wallets/transfer-to-user",
    status=202,
    body=TransferRequest,
    answer=TransferAccepted,
    replay=_replay,
    errors=REFUSALS,
)
def transfer_to_user(call: Call) -> TransferAccepted:
    """Move money from the master account to a wallet; an event tells how it ended."""
    return service.accept(call.env, call.tenant_id, TO_SUB, call.body, call.idempotency)


@routes.post(
    "/wallets/withdraw-to-master",
    status=202,
    body=TransferRequest,
    answer=TransferAccepted,
    replay=_replay,
    errors=REFUSALS,
)
def withdraw_to_master(call: Call) -> TransferAccepted:
    """Move money from a wallet to the master account; an event tells how it ended."""
    return service.accept(call.env, call.tenant_id, TO_MASTER, call.body, call.idempotency)


@routes.post(
    "/wallets/transfer-history",
    body=TransferHistoryRequest,
    answer=TransferHistory,
    errors=(InvalidCurrencyError, NotFoundError),
)
def get_transfer_history(call: Call) -> TransferHistory:
    """Get a wallet's transfers, newest first."""
    return listing.history(call.env, call.tenant_id, call.body)
