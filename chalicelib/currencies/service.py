"""Currencies and rates: the use cases."""

import logging
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from chalicelib.api.fields import number
from chalicelib.currencies import prices
from chalicelib.currencies.catalogue import UnknownCurrencyError
from chalicelib.currencies.currency import Currency, Fiat
from chalicelib.currencies.prices import PriceBoard
from chalicelib.currencies.records import PriceBoardRecord
from chalicelib.environment import Environment
from chalicelib.errors import CurrencyUnavailableError, InvalidCurrencyError, RatesUnavailableError
from chalicelib.money import units_number
from chalicelib.storage import keys

BOARD_KEPT_SECONDS = 5
RETRY_AFTER_SECONDS = 30

T = TypeVar("T")
logger = logging.getLogger(__name__)


class PriceBoardCache:
    """This process's copy of the price board, at most ``BOARD_KEPT_SECONDS`` old."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._kept: tuple[float, PriceBoard] | None = None
        self._lock = threading.Lock()

    def get(self) -> PriceBoard:
        """Return the board; empty when none was ever stored."""
        kept = self._fresh()
        if kept is None:
            with self._lock:
                kept = self._fresh() or self._read()
        return kept

    def forget(self) -> None:
        """Read anew next time: this process changed the board itself."""
        self._kept = None

    def _fresh(self) -> PriceBoard | None:
        kept = self._kept
        is_fresh = kept is not None and 0 <= self._env.clock.now() - kept[0] < BOARD_KEPT_SECONDS
        return kept[1] if kept is not None and is_fresh else None

    def _read(self) -> PriceBoard:
        asked_at = self._env.clock.now()
        read = stored_board(self._env)
        self._kept = (asked_at, read)
        return read


def stored_board(env: Environment) -> PriceBoard:
    """Read the price board from the table; one that cannot be read is as good as none."""
    record = env.store.get(PriceBoardRecord, keys.price_board())
    try:
        return PriceBoard.from_json(record.prices) if record else PriceBoard({})
    except prices.RatesUnavailableError:
        logger.exception("the stored price board cannot be read")
        return PriceBoard({})


def board(env: Environment) -> PriceBoard:
    """Return the prices in force; each is judged fresh or not where it is used."""
    return env.keep(PriceBoardCache).get()


def rate(env: Environment, from_code: str, to_code: str, *, is_fixed: bool = True) -> Fraction:
    """Return how many whole ``to_code`` one whole ``from_code`` is worth now, exact.

    Args:
        env: the environment.
        from_code: a currency's or fiat's code.
        to_code: likewise.
        is_fixed: the rate will be promised for a while; False for valuing what has arrived.

    Raises:
        RatesUnavailableError: a price that is needed is missing, stale or paused.
        InvalidCurrencyError: a code is neither a currency's nor a fiat's.
    """
    try:
        return board(env).rate(from_code, to_code, env.clock.now(), is_fixed=is_fixed)
    except prices.RatesUnavailableError as error:
        raise RatesUnavailableError(str(error), headers={"Retry-After": str(RETRY_AFTER_SECONDS)}) from error
    except UnknownCurrencyError as error:
        raise InvalidCurrencyError(str(error)) from error


def currency_or_fiat(env: Environment, code: str, field: str) -> Currency | Fiat:
    """Find what a rate can be from or to.

    Args:
        env: the environment.
        code: as the caller wrote it, any case.
        field: the request's field, named in the refusal.

    Raises:
        InvalidCurrencyError: there is neither a currency nor a fiat with such a code.
    """
    return _found(lambda: env.catalogue.by_code_or_fiat(code), field)


def resolve(env: Environment, currency: str | None, blockchain: str | None, token: str | None) -> Currency:
    """Find the currency that a request means: by its code, or by blockchain and token; any case, aliases too.

    Raises:
        InvalidCurrencyError: too little is named, it does not exist, or it contradicts itself.
    """
    return _found(lambda: env.catalogue.resolve(currency, blockchain, token))


def deposit_limits(env: Environment, code: str) -> dict[str, Any]:
    """Return the least and the greatest amount that a payment may ask for, as ``GET /payments/min-amount/`` does.

    Args:
        env: the environment.
        code: the currency's code, any case.

    Raises:
        InvalidCurrencyError: there is none with such a code.
        CurrencyUnavailableError: it is switched off for payments.
    """
    currency = resolve(env, code, None, None)
    if not currency.deposit_enabled:
        message = f"{currency.code} takes no payments at the moment; GET /currencies/ lists those that do."
        raise CurrencyUnavailableError(message, details={"currency": [message]})
    return {
        "currency": currency.code,
        "min_amount": _json_number(currency.deposit_min_units, currency),
        "max_amount": _json_number(currency.deposit_max_units, currency),
        "blockchain": currency.blockchain,
        "token": currency.token,
    }


def _json_number(units: int, currency: Currency) -> msgspec.Raw:
    return number(format(units_number(units, currency.decimals), "f"))


def _found(find: Callable[[], T], field: str | None = None) -> T:
    try:
        return find()
    except UnknownCurrencyError as error:
        raise InvalidCurrencyError(str(error), details={field or error.field: [str(error)]}) from error
