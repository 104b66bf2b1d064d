"""What a use case works with: settings, clock, table, queues, prices, nodes — passed in, never reached for."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chalicelib.clock import Clock
from chalicelib.config import Settings
from chalicelib.currencies.catalogue import Catalogue
from chalicelib.queues import Queues
from chalicelib.storage.store import Store

if TYPE_CHECKING:  # only named here: the API asks no node and no source
    from chalicelib.chains.adapter import ChainAdapter, Signer
    from chalicelib.currencies.prices import PriceSource

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Environment:
    """One process's connections and settings.

    Attributes:
        settings: the frozen settings.
        clock: the time that everything follows.
        store: the table.
        queues: the queues.
        catalogue: the currencies.
        price_sources: whom the price board asks.
        chains: blockchain short code to its adapter.
        resolver: host name to addresses, for webhook targets.
        subjects: kind of subject to the reader of what it has to tell.
        journals: readers of the entries that a tenant's money items stand for, each as currency and sides.
        signers: blockchain short code to what signs for its hot wallet; only the payouts' function has any.
        lists: kind of list to its ``RowList``, given a tenant and what follows the kind in the list's name.
    """

    settings: Settings
    clock: Clock
    store: Store
    queues: Queues
    catalogue: Catalogue
    price_sources: Sequence["PriceSource"]
    chains: Mapping[str, "ChainAdapter"]
    resolver: Callable[[str], list[str]]
    subjects: Mapping[str, Callable[["Environment", str, Sequence[str]], Mapping[str, list[Any]]]]
    journals: Sequence[Callable[["Environment", str], Iterable[tuple[str, list[Any]]]]] = ()
    signers: Mapping[str, "Signer"] = field(default_factory=dict)
    lists: Mapping[str, Callable[[str, str], Any]] = field(default_factory=dict)
    _kept: dict[type[Any], Any] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def keep(self, kind: Callable[["Environment"], T]) -> T:
        """Return this process's one instance of something that amortises reads (a cache, a lease)."""
        with self._lock:
            if kind not in self._kept:
                self._kept[cast("type[Any]", kind)] = kind(self)
            return cast("T", self._kept[cast("type[Any]", kind)])


class _Provider:
    """Builds the process's environment on first use: nothing is read or connected at import."""

    def __init__(self) -> None:
        self.build: Callable[[], Environment] | None = None
        self.built: Environment | None = None
        self.lock = threading.Lock()


_provider = _Provider()


def provide(build: Callable[[], Environment]) -> None:
    """Say how this process's environment is built; it is, when first asked for."""
    _provider.build, _provider.built = build, None


def current() -> Environment:
    """Return the process's environment.

    Raises:
        ConfigurationError: the settings are wrong.
    """
    with _provider.lock:
        if _provider.built is None:
            assert _provider.build is not None, "app.py provides the environment"
            _provider.built = _provider.build()
        return _provider.built
