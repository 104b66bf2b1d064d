"""Fresh deposit addresses: derived from an xpub, their indexes leased in blocks: a payment costs no write."""

import threading

from chalicelib.chains.address_source import AddressSource, DerivedAccounts
from chalicelib.environment import Environment
from chalicelib.storage import keys

LEASED = 50  # indexes in one block; what a process does not use up is never used


class AddressLeases:
    """This process's unused address indexes, by family."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._source: AddressSource = DerivedAccounts(env.settings.deposit_xpubs)
        self._left: dict[str, range] = {}
        self._lock = threading.Lock()

    def fresh(self, family: str) -> tuple[int, str]:
        """Return an index and address of that family that no payment has had or will have again."""
        with self._lock:
            left = self._left.get(family) or self._lease(family)
            index, self._left[family] = left[0], left[1:]
        return index, self._source.address(family, index)

    def _lease(self, family: str) -> range:
        end = self._env.store.add(keys.address_counter(family), "next_index", LEASED)
        return range(end - LEASED, end)
