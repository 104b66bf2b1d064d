"""Which wallets exist: known for good once seen, because none is ever deleted."""

from chalicelib.environment import Environment
from chalicelib.errors import NotFoundError
from chalicelib.storage import keys
from chalicelib.wallets.records import WalletRecord

KEPT = 10_000


class WalletDirectory:
    """The wallets that this process has seen: a payment for one costs no read from then on."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._seen: set[tuple[str, str]] = set()

    def require(self, tenant_id: str, wallet_id: str) -> None:
        """Demand that a tenant has a wallet.

        Raises:
            NotFoundError: it has not.
        """
        if (tenant_id, wallet_id) in self._seen:
            return
        if self._env.store.get(WalletRecord, keys.wallet(tenant_id, wallet_id)) is None:
            raise NotFoundError("There is no such wallet.", details={"wallet_id": ["is not known"]})
        if len(self._seen) >= KEPT:
            self._seen.clear()
        self._seen.add((tenant_id, wallet_id))
