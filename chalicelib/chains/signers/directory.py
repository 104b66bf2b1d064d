"""The hot wallets' signers by blockchain: chosen by the settings, made when they are first asked for.

Only the payouts' function asks: no other process loads what signs, fetches a seed, or may use the key service.
"""

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.config import FAMILY_OF, Settings

if TYPE_CHECKING:
    from chalicelib.chains.adapter import Signer
    from chalicelib.settings.wallets import HotWalletSettings, SealedSeed


_OF_COINS = ("BTC", "LTC")


class NamedSigners(Mapping[str, "Signer"]):
    """Blockchain to its signer. Threads may share it.

    Args:
        settings: the frozen settings.
        session: the process's botocore session.
    """

    def __init__(self, settings: Settings, session: Any) -> None:
        self._settings = settings
        self._session = session
        self._kms: Any = None
        self._made: dict[str, Signer] = {}
        self._lock = threading.RLock()

    def __getitem__(self, blockchain: str) -> "Signer":
        with self._lock:
            if blockchain not in self._made:
                self._made[blockchain] = self._make(blockchain)
            return self._made[blockchain]

    def __iter__(self) -> Iterator[str]:
        return (blockchain for blockchain in FAMILY_OF if blockchain in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, blockchain: object) -> bool:
        keys, seeds = self._settings.hot_wallet_keys or {}, self._settings.deposit_seeds or {}
        family = FAMILY_OF.get(str(blockchain))
        return (
            blockchain in keys
            or (family in _OF_COINS and family in seeds)
            or blockchain in self._settings.hot_wallets
        )

    def _make(self, blockchain: str) -> "Signer":
        if blockchain not in self:
            raise KeyError(blockchain)
        if blockchain in self._settings.hot_wallets:
            return self._deployed(blockchain, self._settings.hot_wallets[blockchain])
        return self._local(blockchain)

    def _deployed(self, blockchain: str, wallet: "HotWalletSettings") -> "Signer":
        from chalicelib.chains.signers.hot_wallet import HotWalletSigner  # noqa: PLC0415 -- only who signs loads it
        from chalicelib.chains.signers.kms import KmsSigner  # noqa: PLC0415 -- the same

        if wallet.kms_key_id is None:
            assert wallet.seed is not None, "checked with the settings"
            return self._account(blockchain, wallet.seed)
        own = KmsSigner(self._key_service, wallet.kms_key_id)
        return HotWalletSigner(
            own, self._account(blockchain, wallet.deposit_seed) if wallet.deposit_seed else None
        )

    def _account(self, blockchain: str, sealed: "SealedSeed") -> "Signer":
        from chalicelib.chains.signers.sealing import unseal  # noqa: PLC0415 -- the same
        from chalicelib.chains.signers.seed import SeedSigner  # noqa: PLC0415 -- the same

        family = FAMILY_OF[blockchain]
        xpub = self._settings.deposit_xpubs[family]
        return SeedSigner(family, xpub, lambda: unseal(self._key_service(), sealed, family))

    def _local(self, blockchain: str) -> "Signer":
        from chalicelib.chains.signers.hot_wallet import HotWalletSigner  # noqa: PLC0415 -- only who signs loads it
        from chalicelib.chains.signers.local import LocalSigner  # noqa: PLC0415 -- the same
        from chalicelib.chains.signers.seed import SeedSigner  # noqa: PLC0415 -- the same

        key = (self._settings.hot_wallet_keys or {}).get(blockchain)
        family = FAMILY_OF[blockchain]
        seed = (self._settings.deposit_seeds or {}).get(family)
        deposits = None if seed is None else SeedSigner(family, self._settings.deposit_xpubs[family], lambda: seed)
        if key is not None:
            return HotWalletSigner(LocalSigner(bytes.fromhex(key)), deposits)
        assert deposits is not None, "one of both makes a signer"
        return deposits

    def _key_service(self) -> Any:
        with self._lock:
            if self._kms is None:
                from chalicelib.chains.signers.kms import client_of  # noqa: PLC0415 -- the same

                self._kms = client_of(self._session, self._settings.region)
            return self._kms
