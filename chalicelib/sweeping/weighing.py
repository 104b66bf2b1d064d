"""Weighing a holding: what still lies there, what it is worth, and whether moving it pays and can be paid for."""

import logging
from dataclasses import dataclass
from fractions import Fraction

from chalicelib.chains.adapter import ChainAdapter, Payout
from chalicelib.chains.address_source import TOP_UP, AddressSource, Lying, Move
from chalicelib.currencies import prices
from chalicelib.currencies import service as currencies
from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.environment import Environment
from chalicelib.sweeping import rules
from chalicelib.sweeping.records import HoldingRecord

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is to be done for a holding.

    Attributes:
        tokens: what still lies there; with nothing left, the holding goes.
        move: what is to be moved now, if anything.
        look_at: else, when to look again, in Unix seconds.
    """

    tokens: list[str]
    move: Move | None = None
    look_at: float = 0.0


@dataclass(eq=False)
class Scales:
    """What one run weighs a blockchain's holdings by.

    Attributes:
        env: the environment.
        blockchain: the short code.
        source: what made the addresses.
        hot_wallet: the hot wallet's address.
        above_cents: the least worth that is brought home, in US cents.
        arriving: payments (``merchant#payment``) to whose addresses more is on its way: they are waited for.
    """

    env: Environment
    blockchain: str
    source: AddressSource
    hot_wallet: str
    above_cents: Fraction
    arriving: set[str]
    _gas_units: int | None = None

    @property
    def adapter(self) -> ChainAdapter:
        """The blockchain's node."""
        return self.env.chains[self.blockchain]

    @property
    def native_token(self) -> str:
        """The coin that its fees are paid in."""
        return blockchain_by_name(self.blockchain).native_token

    def cents(self, token: str, units: int) -> Fraction:
        """Return what an amount of a token is worth now.

        Raises:
            prices.RatesUnavailableError: there is no fresh price.
        """
        usd = currencies.board(self.env).symbol_rate(token, "USD", self.env.clock.now(), is_fixed=False)
        chain = blockchain_by_name(self.blockchain)
        if token == chain.native_token:
            return rules.usd_cents(units, chain.native_decimals, usd)
        decimals = self.env.catalogue.by_chain_token(self.blockchain, token).decimals
        return rules.usd_cents(units, decimals, usd)

    def take_gas(self, units: int) -> bool:
        """Tell whether the hot wallet has so much native coin left, and reckon without it from here on."""
        if self._gas_units is None:
            self._gas_units = self.adapter.balance(self.hot_wallet, self.native_token)
        if self._gas_units < units:
            logger.warning("the hot wallet of %s is short of %s: sweeps wait", self.blockchain, self.native_token)
            return False
        self._gas_units -= units
        return True


def weigh(scales: Scales, holding: HoldingRecord) -> Weighed:
    """Look at what lies on an account, tokens first: the native coin pays for their moves.

    Args:
        scales: what this run weighs by.
        holding: the holding as read; it has no open move.

    Raises:
        ChainUnavailableError: the node does not answer.
    """
    now = scales.env.clock.now()
    balances = {token: scales.adapter.balance(holding.address, token) for token in holding.tokens}
    staying = [token for token in holding.tokens if balances[token] > _rest(holding, token)]
    times = []
    for token in sorted(staying, key=lambda token: (token == scales.native_token, token)):
        found = _weigh(scales, holding, token, balances[token])
        if isinstance(found, Move):
            return Weighed(staying, found)
        times.append(now + found)
    return Weighed(staying, look_at=min(times, default=now))


def _rest(holding: HoldingRecord, token: str) -> int:
    """Return how much of a token may stay: what a sweep that is done has left for its own fee."""
    return (holding.rest or 0) if token == holding.moved else 0


def _weigh(scales: Scales, holding: HoldingRecord, token: str, units: int) -> Move | int:
    """Return the next move for a token, or how many seconds to wait."""
    if holding.payment in scales.arriving:
        return rules.SOON_SECONDS
    try:
        worth_cents = scales.cents(token, units)
        if worth_cents < scales.above_cents:
            return rules.PARKED_SECONDS
        return _planned(scales, holding, token, units, worth_cents)
    except prices.RatesUnavailableError as error:
        logger.info("what lies at %s on %s waits: %s", holding.address, scales.blockchain, error)
        return rules.SOON_SECONDS


def _planned(scales: Scales, holding: HoldingRecord, token: str, units: int, worth_cents: Fraction) -> Move | int:
    """Return the first of the moves that bring it home, if they cost little enough and can be paid for."""
    adapter, native_token = scales.adapter, scales.native_token
    gas_units = units if token == native_token else adapter.balance(holding.address, native_token)
    fee_units = adapter.estimate(Payout(holding.address, scales.hot_wallet, token, units)).units
    lying = Lying(holding.address, holding.key_path, token, units, gas_units)
    moves = scales.source.moves(lying, scales.hot_wallet, native_token, fee_units)
    if not moves:
        return rules.LATER_SECONDS
    move = moves[0]
    added_units = _fee_of(scales, move) if move.purpose == TOP_UP else 0
    if not rules.is_cheap(worth_cents, scales.cents(native_token, fee_units + added_units)):
        logger.info("what lies at %s on %s waits for cheaper gas", holding.address, scales.blockchain)
        return rules.LATER_SECONDS
    if move.purpose == TOP_UP and not scales.take_gas(move.units + added_units):
        return rules.SOON_SECONDS
    return move


def _fee_of(scales: Scales, move: Move) -> int:
    return scales.adapter.estimate(Payout(scales.hot_wallet, move.to, move.token, move.units)).units
