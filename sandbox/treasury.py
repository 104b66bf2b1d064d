"""The sandbox's treasury: keeps the hot wallets stocked, as an operator's treasurer does on a live chain.

Deposits do not lie in a hot wallet, and are swept there only where that is asked for: without a stock, a merchant
who was only ever paid could not withdraw.
"""

from collections.abc import Collection, Iterable

from chalicelib.currencies.blockchains import BLOCKCHAINS
from chalicelib.currencies.catalogue import Catalogue
from sandbox.chain.chains import Chains
from sandbox.conductor import Conductor

STOCK_IN_LARGEST_WITHDRAWALS = 1_000
STOCK_OF_GAS = 1_000_000  # whole native coins
COINS_IN_STOCK, COIN_UNITS = 20, 10 * 10**8  # what a young test chain has mined allows no more


def stock(chains: Chains, catalogue: Catalogue, without: Collection[str] = ()) -> None:
    """Bring every hot wallet up to its stock of each currency, and of the coin that its gas is paid in.

    Args:
        chains: the blockchains.
        catalogue: the currencies.
        without: blockchains that are not stocked so.
    """
    stocked = [chain for chain in BLOCKCHAINS if chain.code not in without]
    wanted: dict[tuple[str, str], int] = {
        (chain.code, chain.native_token): STOCK_OF_GAS * 10**chain.native_decimals for chain in stocked
    }
    for currency in [one for one in catalogue.all() if one.blockchain not in without]:
        units = STOCK_IN_LARGEST_WITHDRAWALS * currency.withdrawal_max_units
        key = currency.blockchain, currency.token
        wanted[key] = max(units, wanted.get(key, 0))
    for (blockchain, token), units in wanted.items():
        missing_units = units - chains.hot_wallet_balance(blockchain, token)
        if missing_units > 0:
            chains.fund_hot_wallet(blockchain, token, missing_units)


def stock_coins(chains: Chains, conductor: Conductor, catalogue: Catalogue, blockchains: Iterable[str]) -> None:
    """Give hot wallets whose money lies in coins some of these, deep enough to be spent.

    The product learns of coins by reading blocks: it looks once before they come, and again when they are deep.
    """
    for blockchain in blockchains:
        (currency,) = catalogue.currencies_on(blockchain)
        conductor.tick(blockchain)
        if chains.hot_wallet_balance(blockchain, currency.token):
            continue  # stocked at the first start: what is there is in coins that the product knows
        for _ in range(COINS_IN_STOCK):
            chains.fund_hot_wallet(blockchain, currency.token, COIN_UNITS)
        for _ in range(currency.confirmations):
            chains.mine(blockchain)
        conductor.tick(blockchain)
