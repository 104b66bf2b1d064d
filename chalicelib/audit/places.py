"""Where our money lies on chains whose money lies on accounts: the hot wallet, and deposit addresses.

A node is asked for each balance, so they are bounded: what has never been read comes first, then what may have
changed since, then a random part of the others, whose last reading counts in their place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from chalicelib.audit.arrivals import Arrivals
from chalicelib.audit.records import BalanceReading
from chalicelib.chains.adapter import ChainAdapter
from chalicelib.chains.hdkeys import address_at
from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.environment import Environment
from chalicelib.payouts.records import HotWallet
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import delete
from chalicelib.sweeping.records import HoldingRecord, PaymentView

MOST_ASKED = 5_000
MOST_FORGOTTEN = 1_000
ACCOUNT = "account#"


@dataclass(frozen=True, slots=True)
class Place:
    """A token at an address of ours; ``mark`` changes with whatever of ours changes what lies there."""

    address: str
    token: str
    mark: str


@dataclass(eq=False)
class OnChain:
    """What lies on our addresses.

    Attributes:
        units: token to what lies there in all.
        remembered: token to the part of it that was not asked for now, but in an earlier run.
        asked: how many balances were asked for.
        unread: how many were never read: without them there is nothing to compare.
        has_all: whether the hot wallet is among them; before anything left it, its address is not known.
    """

    units: dict[str, int] = field(default_factory=dict)
    remembered: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    unread: int = 0
    has_all: bool = True

    def add(self, token: str, units: int, *, is_remembered: bool = False) -> None:
        """Count what lies at one address."""
        self.units[token] = self.units.get(token, 0) + units
        if is_remembered:
            self.remembered[token] = self.remembered.get(token, 0) + units


def deposit_places(env: Environment, blockchain: str, arrivals: Arrivals) -> list[Place]:
    """Return every deposit address on which something may lie, once for each token, in the order of addresses."""
    native_token = NATIVE_TOKEN_OF[blockchain]
    slots = _slots(env, blockchain)
    marks: dict[tuple[str, str], list[str]] = {(address, native_token): [] for address in slots}
    for holding in env.store.query_all(HoldingRecord, keys.holdings(blockchain)):
        for token in {*holding.tokens, native_token}:  # what a top-up brought lies there too
            marks.setdefault((holding.address, token), []).append(f"h{holding.version}")
    for address, tokens in _fresh(env, arrivals).items():
        for token, units in tokens.items():
            marks.setdefault((address, token), []).append(f"s{units}")
    return [
        Place(address, token, "/".join([*said, f"n{slots.get(address, 0)}"]))
        for (address, token), said in sorted(marks.items())
    ]


def read(
    env: Environment, blockchain: str, places: Iterable[Place], random: Random, most_asked: int = MOST_ASKED
) -> OnChain:
    """Ask the node what lies at deposit addresses.

    Args:
        env: the environment.
        blockchain: the short code.
        places: where to look.
        random: draws whom to ask of those that need not be.
        most_asked: how many balances to ask for at most.

    Raises:
        ChainUnavailableError: the node does not answer.
    """
    adapter, there = env.chains[blockchain], OnChain()
    known = {one.sk: one for one in env.store.query_all(BalanceReading, keys.balance_readings(blockchain))}
    fresh: list[BalanceReading] = []
    for place in _most_wanted_first(places, known, random):
        before = known.pop(_name(place), None)
        if there.asked < most_asked:
            there.asked += 1
            units = adapter.balance(place.address, place.token)
            there.add(place.token, units)
            if before is None or (before.units, before.mark) != (units, place.mark):
                fresh.append(_reading(blockchain, place, units))
        elif before is None:
            there.unread += 1
        else:
            there.add(place.token, before.units, is_remembered=True)
    env.store.put_all(fresh)
    for left in list(known.values())[:MOST_FORGOTTEN]:  # all of it has come home
        env.store.commit(delete(left.key))
    return there


def add_hot_wallet(adapter: ChainAdapter, there: OnChain, address: str, tokens: Iterable[str]) -> None:
    """Ask what lies in the hot wallet, after the addresses that are swept to it: no move is then missed twice."""
    for token in tokens:
        there.asked += 1
        there.add(token, adapter.balance(address, token))


def _most_wanted_first(
    places: Iterable[Place], known: Mapping[str, BalanceReading], random: Random
) -> list[Place]:
    def rank(place: Place) -> tuple[int, float]:
        before = known.get(_name(place))
        if before is None:
            return 0, 0.0
        return (1, 0.0) if before.mark != place.mark else (2, random.random())

    return sorted(places, key=rank)


def _slots(env: Environment, blockchain: str) -> dict[str, int]:
    """Return the deposit addresses that something was sent from, each with how often: gas coin is left there."""
    family = FAMILY_OF[blockchain]
    xpub = env.settings.deposit_xpubs[family]
    partition, _ = keys.hot_wallet(blockchain)
    return {
        address_at(family, xpub, account.sk.removeprefix(ACCOUNT)): account.next_slot
        for account in env.store.query_all(HotWallet, partition)
        if account.sk.startswith(ACCOUNT)
    }


def _fresh(env: Environment, arrivals: Arrivals) -> dict[str, dict[str, int]]:
    """Return what came to each address of late, or ever where nothing is swept."""
    named = {keys.payment(*payment): tokens for payment, tokens in arrivals.lying.items()}
    found = env.store.get_many(PaymentView, list(named)) if named else {}
    return {view.address: named[key] for key, view in found.items()}


def _name(place: Place) -> str:
    return f"{place.address}#{place.token}"


def _reading(blockchain: str, place: Place, units: int) -> BalanceReading:
    pk, sk = keys.balance_reading(blockchain, _name(place))
    return BalanceReading(pk=pk, sk=sk, units=units, mark=place.mark)
