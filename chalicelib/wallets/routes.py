"""Wallets over HTTP; their transfers are in ``transfers/routes.py``."""

from typing import TYPE_CHECKING

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.errors import DuplicateExternalIdError, NotFoundError
from chalicelib.lazily import lazily
from chalicelib.wallets.directory import WalletDirectory
from chalicelib.wallets.schemas import CreateWallet, ListWallets, Wallet, WalletList, WalletRequest

if TYPE_CHECKING:
    from chalicelib.wallets import listing, service
else:
    listing, service = lazily("chalicelib.wallets", "listing", "service")

routes = Routes("Wallets", __name__)


def _replay(call: Call, object_id: str) -> Wallet:
    record = call.env.keep(WalletDirectory).require(call.tenant_id, object_id)
    return service.shown(call.env, record, [])


@routes.post(
    "/wallets", status=201, body=CreateWallet, answer=Wallet, replay=_replay, errors=(DuplicateExternalIdError,)
)
def create_wallet(call: Call) -> Wallet:
    """Open a wallet: a sub-account beside your master account."""
    return service.create_wallet(call.env, call.tenant_id, call.body, call.idempotency)


@routes.get("/wallets", query=ListWallets, answer=WalletList)
def list_wallets(call: Call) -> WalletList:
    """List wallets with their balances, newest first."""
    return listing.list_wallets(call.env, call.tenant_id, call.query)


@routes.post("/wallets/balances", body=WalletRequest, answer=Wallet, errors=(NotFoundError,))
def get_wallet_balances(call: Call) -> Wallet:
    """Get a wallet's balances, by wallet_id or external_id."""
    asked: WalletRequest = call.body
    record = call.env.keep(WalletDirectory).meant(call.tenant_id, asked.wallet_id, asked.external_id)
    return service.with_balances(call.env, call.tenant_id, [record])[0]


@routes.get("/wallets/{id}", answer=Wallet, errors=(NotFoundError,))
def get_wallet(call: Call) -> Wallet:
    """Get a wallet, by its integer id or its wallet_id."""
    record = service.by_either_id(call.env, call.tenant_id, call.path["id"])
    return service.with_balances(call.env, call.tenant_id, [record])[0]
