"""Which wallets exist: known for good once seen, because none is ever changed or deleted."""

from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.lists.spec import is_row_id
from chalicelib.storage import keys
from chalicelib.wallets.records import ExternalWallet, WalletRecord

KEPT = 10_000


class WalletDirectory:
    """The wallets that this process has seen: a payment or a transfer for one costs no read from then on."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._seen: dict[tuple[str, str], WalletRecord] = {}
        self._external: dict[tuple[str, str], str] = {}

    def knows(self, tenant_id: str, wallet_id: str) -> bool:
        """Say whether this process has seen a tenant's wallet."""
        return (tenant_id, wallet_id) in self._seen

    def learn(self, tenant_id: str, record: WalletRecord) -> None:
        """Keep a wallet that was read or made."""
        if len(self._seen) >= KEPT:
            self._seen.clear()
        self._seen[tenant_id, record.sk] = record

    def require(self, tenant_id: str, wallet_id: str) -> WalletRecord:
        """Return a tenant's wallet.

        Raises:
            NotFoundError: it has no such wallet.
        """
        known = self._seen.get((tenant_id, wallet_id))
        if known is not None:
            return known
        # What lies among the wallets and is none is the list's own.
        key = keys.wallet(tenant_id, wallet_id)
        record = self._env.store.get(WalletRecord, key) if is_row_id(wallet_id) else None
        if record is None:
            raise unknown_wallet("wallet_id")
        self.learn(tenant_id, record)
        return record

    def meant(self, tenant_id: str, wallet_id: str | None, external_id: str | None) -> WalletRecord:
        """Return the wallet that one of its two names means; the first one wins.

        Raises:
            InvalidRequestError: neither was given.
            NotFoundError: the tenant has no such wallet.
        """
        return self.require(tenant_id, self.id_meant(tenant_id, wallet_id, external_id))

    def id_meant(self, tenant_id: str, wallet_id: str | None, external_id: str | None) -> str:
        """Return the id that one of two names means; a ``wallet_id`` as it was given, whether there is one or not.

        Raises:
            InvalidRequestError: neither was given.
            NotFoundError: the tenant has no wallet with this external id.
        """
        if wallet_id is not None:
            return wallet_id
        if external_id is None:
            missing = ["is required, unless external_id is given"]
            raise InvalidRequestError(
                "Name the wallet by wallet_id or external_id.", details={"wallet_id": missing}
            )
        return self._id_of(tenant_id, external_id)

    def _id_of(self, tenant_id: str, external_id: str) -> str:
        known = self._external.get((tenant_id, external_id))
        if known is not None:
            return known
        pointer = self._env.store.get(ExternalWallet, keys.external_wallet(tenant_id, external_id))
        if pointer is None:
            raise unknown_wallet("external_id")
        if len(self._external) >= KEPT:
            self._external.clear()
        self._external[tenant_id, external_id] = pointer.wallet_id
        return pointer.wallet_id


def unknown_wallet(field: str) -> NotFoundError:
    """Return the refusal of a wallet that the tenant does not have."""
    return NotFoundError("There is no such wallet.", details={field: ["is not known"]})
