"""What withdrawals are charged for the network: a table, refreshed each minute, the same for whoever asks.

A withdrawal's network fee is fixed when it is accepted; what the chain takes in the end, more or less, is the
platform's concern. So an estimate and a withdrawal of the same table agree to the unit.
"""

import logging
import threading
from collections.abc import Mapping
from fractions import Fraction

from chalicelib.currencies import prices
from chalicelib.currencies import service as currencies
from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.errors import RatesUnavailableError
from chalicelib.money import ceil_to
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import put

Fees = Mapping[str, tuple[int, int]]
"""Currency code to a payout's fee, in its smallest units, and when that was so, in Unix seconds."""

TABLE_KEPT_SECONDS = 5
USABLE_SECONDS = 3600  # a node or a price may be away for a while; older than that, nothing is charged on it

logger = logging.getLogger(__name__)


class FeeTableRecord(Record):
    """What a payout costs: ``[smallest units, Unix seconds]`` by currency; currencies never priced are absent."""

    fees = CompactJsonAttribute(attr_name="f")


class FeeTableCache:
    """This process's copy of the fee table, at most ``TABLE_KEPT_SECONDS`` old."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._kept: tuple[float, Fees] | None = None
        self._lock = threading.Lock()

    def get(self) -> Fees:
        """Return the table; empty when none was ever stored."""
        kept = self._fresh()
        if kept is None:
            with self._lock:
                kept = self._fresh()
                if kept is None:
                    asked_at = self._env.clock.now()
                    kept = stored_fees(self._env)
                    self._kept = (asked_at, kept)
        return kept

    def forget(self) -> None:
        """Read anew next time: this process changed the table itself."""
        self._kept = None

    def _fresh(self) -> Fees | None:
        kept = self._kept
        is_fresh = kept is not None and 0 <= self._env.clock.now() - kept[0] < TABLE_KEPT_SECONDS
        return kept[1] if kept is not None and is_fresh else None


def stored_fees(env: Environment) -> Fees:
    """Read the fee table."""
    record = env.store.get(FeeTableRecord, keys.fee_table())
    return {code: (units, at) for code, (units, at) in record.fees.items()} if record else {}


def network_fee_units(env: Environment, currency: Currency) -> int:
    """Return what a withdrawal in a currency is charged for the network now, in its smallest units.

    Raises:
        RatesUnavailableError: its chain or a price has been away for so long that the last fee says nothing.
    """
    known = env.keep(FeeTableCache).get().get(currency.code)
    if known is None:
        return currency.network_fee_units
    units, at = known
    if env.clock.now() - at > USABLE_SECONDS:
        raise RatesUnavailableError(f"What a payout in {currency.code} costs is not known now; try again soon.")
    return units


def refresh_fees(env: Environment) -> None:
    """Ask every chain what a payout costs, and keep it in each currency at this moment's prices.

    A currency whose chain is away, or whose price is not fresh, keeps what it had, for an hour; one that was never
    priced, or whose chain's own coin has no price, is charged what the catalogue says.
    """
    now = int(env.clock.now())
    current = {currency.code: _current(env, currency) for currency in env.catalogue.all()}
    fees = {**stored_fees(env), **{code: (units, now) for code, units in current.items() if units is not None}}
    if fees:
        pk, sk = keys.fee_table()
        env.store.commit(put(FeeTableRecord(pk=pk, sk=sk, fees=fees)))
        env.keep(FeeTableCache).forget()


def _current(env: Environment, currency: Currency) -> int | None:
    """Return what a payout costs now, in the currency; None when that is not known."""
    from chalicelib.chains.adapter import ChainUnavailableError, Payout  # noqa: PLC0415 -- only the schedule asks

    chain = blockchain_by_name(currency.blockchain)
    payout = Payout(sender="", to="", token=currency.token, units=currency.withdrawal_min_units)
    try:
        rate = currencies.board(env).symbol_rate(
            chain.native_token, currency.price_symbol, env.clock.now(), is_fixed=False
        )
        fee = env.chains[currency.blockchain].estimate(payout)
    except (prices.RatesUnavailableError, KeyError):
        return None
    except ChainUnavailableError:
        logger.warning("%s did not say what a payout costs", currency.blockchain)
        return None
    coins = Fraction(fee.units, 10**chain.native_decimals)
    return ceil_to(coins * rate * 10**currency.decimals, currency.quantum_units)
