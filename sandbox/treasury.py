"""The sandbox's treasury: keeps the hot wallets stocked, as an operator's treasurer does on a live chain.

Deposits do not lie in a hot wallet, and nothing sweeps them there: without a stock, a merchant who was only ever
paid could not withdraw.
"""

from chalicelib.currencies.blockchains import BLOCKCHAINS
from chalicelib.currencies.catalogue import Catalogue
from sandbox.chain.node import SimNode

STOCK_IN_LARGEST_WITHDRAWALS = 1_000
STOCK_OF_GAS = 1_000_000  # whole native coins


def stock(node: SimNode, catalogue: Catalogue) -> None:
    """Bring every hot wallet up to its stock of each currency, and of the coin that its gas is paid in."""
    wanted: dict[tuple[str, str], int] = {
        (chain.code, chain.native_token): STOCK_OF_GAS * 10**chain.native_decimals for chain in BLOCKCHAINS
    }
    for currency in catalogue.all():
        units = STOCK_IN_LARGEST_WITHDRAWALS * currency.withdrawal_max_units
        key = currency.blockchain, currency.token
        wanted[key] = max(units, wanted.get(key, 0))
    for (blockchain, token), units in wanted.items():
        missing_units = units - node.hot_wallet_balance(blockchain, token)
        if missing_units > 0:
            node.fund_hot_wallet(blockchain, token, missing_units)
