"""The price refresh: each minute the sources are asked, and what they agree on is kept."""

import logging

from chalicelib.currencies import agreement
from chalicelib.currencies.prices import PRICE_MAX_AGE_SECONDS, PriceBoard, Quote
from chalicelib.currencies.records import PriceBoardRecord
from chalicelib.currencies.service import PriceBoardCache, stored_board
from chalicelib.currencies.sources.asking import ask_all
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put

logger = logging.getLogger(__name__)


def refresh_prices(env: Environment) -> None:
    """Ask every source and keep what at least two agree on.

    A symbol that they do not agree on now keeps its last price until that is too old to be quoted; a round in
    which they agree on nothing changes nothing. Whether a price is fresh enough is judged where it is used.
    """
    agreed = agreement.combine(ask_all(env.price_sources), env.clock.now())
    if not agreed.prices:
        logger.error("the price sources agreed on nothing; the board stays as it is")
        return
    pk, sk = keys.price_board()
    board = PriceBoard({**_still_usable(env), **agreed.prices})
    env.store.commit(put(PriceBoardRecord(pk=pk, sk=sk, prices=board.to_json())))
    env.keep(PriceBoardCache).forget()


def _still_usable(env: Environment) -> dict[str, Quote]:
    now = env.clock.now()
    before = stored_board(env).prices.items()
    return {symbol: quote for symbol, quote in before if now - quote.at <= PRICE_MAX_AGE_SECONDS}
