"""The history of a wallet's transfers: newest first, filtered, by offset or cursor."""

from chalicelib.currencies import service as currencies
from chalicelib.environment import Environment
from chalicelib.lists import reading
from chalicelib.lists.spec import Asked, Matching
from chalicelib.transfers import steps
from chalicelib.transfers.rows import transfer_rows
from chalicelib.transfers.schemas import Pagination, TransferAccount, TransferHistory, TransferHistoryRequest
from chalicelib.wallets.directory import WalletDirectory


def history(env: Environment, tenant_id: str, asked: TransferHistoryRequest) -> TransferHistory:
    """Return a page of a wallet's transfers.

    Raises:
        NotFoundError: there is no such wallet.
        InvalidCurrencyError: there is no such currency.
        InvalidRequestError: no wallet is named; the cursor cannot be read, or comes with an offset.
    """
    wallet = env.keep(WalletDirectory).meant(tenant_id, asked.wallet_id, asked.external_id)
    wanted = Asked(limit=asked.limit, offset=asked.offset, cursor=asked.cursor, matching=_matching(env, asked))
    page = reading.page(env, transfer_rows(tenant_id, wallet.sk), wanted)
    return TransferHistory(
        account=TransferAccount(
            id=wallet.number, name=wallet.name, external_id=wallet.external_id, wallet_id=wallet.sk
        ),
        transfers=[steps.shown(env, record) for record in page.rows],
        pagination=Pagination(
            total=page.total, limit=asked.limit, offset=asked.offset, next_cursor=page.next_cursor
        ),
    )


def _matching(env: Environment, asked: TransferHistoryRequest) -> Matching | None:
    currency = currencies.resolve(env, asked.currency, None, None).code if asked.currency else None
    wanted = (asked.status, asked.transfer_type, currency)
    if wanted == (None, None, None):
        return None
    return lambda one: all(want in {None, have} for want, have in zip(wanted, one, strict=True))
