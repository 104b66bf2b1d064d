"""The list of a tenant's wallets, newest first."""

from chalicelib.environment import Environment
from chalicelib.lists import reading
from chalicelib.lists.spec import Asked
from chalicelib.wallets import service
from chalicelib.wallets.rows import wallet_rows
from chalicelib.wallets.schemas import ListWallets, WalletList


def list_wallets(env: Environment, tenant_id: str, asked: ListWallets) -> WalletList:
    """Return a page of wallets.

    Raises:
        InvalidRequestError: the cursor cannot be read, or comes with an offset.
    """
    wanted = Asked(limit=asked.limit, offset=asked.offset, cursor=asked.cursor)
    page = reading.page(env, wallet_rows(tenant_id), wanted)
    return WalletList(
        accounts=service.with_balances(env, tenant_id, page.rows),
        total=page.total,
        limit=asked.limit,
        offset=asked.offset,
        next_cursor=page.next_cursor,
    )
