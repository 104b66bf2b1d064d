"""A signer of a whole account: the hot wallet's own key and those of deposit addresses, out of one seed."""

import threading
from collections.abc import Callable
from functools import cached_property, lru_cache

from chalicelib.chains.adapter import HOT_WALLET_PATH, Signer
from chalicelib.chains.hdkeys import ExtendedPublicKey, parse
from chalicelib.chains.signers.derivation import ExtendedPrivateKey, account_key, read_path
from chalicelib.chains.signers.local import LocalSigner

KEPT_SIGNERS = 1024


class WrongSeedError(Exception):
    """The seed is not the one that the deposit addresses come from; nothing was signed with it."""


class SeedSigner:
    """Signs with keys of the account ``m/purpose'/coin'/0'`` (BIP-32, BIP-44, BIP-84); its own is ``1/0``.

    Public keys come from the account's public side: the seed is opened only when something is signed.

    Args:
        family: EVM, BTC, LTC or TRX: which account.
        xpub: the account's extended public key, as ``DEPOSIT_XPUBS`` has it.
        open_seed: returns the seed; called until it has succeeded once.
    """

    def __init__(self, family: str, xpub: str, open_seed: Callable[[], bytes]) -> None:
        self._family = family
        self._xpub = xpub
        self._open_seed = open_seed
        self._lock = threading.Lock()
        self._opened: ExtendedPrivateKey | None = None
        self._signer_at = lru_cache(maxsize=KEPT_SIGNERS)(self._made)

    @property
    def public_key(self) -> bytes:
        """The compressed public key of ``1/0``, 33 bytes."""
        return self._own.public_key

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest with the key ``1/0``: r and s, 64 bytes, s in its lower half.

        Raises:
            WrongSeedError: the seed is another account's.
        """
        return self._own.sign(digest)

    def child(self, key_path: str) -> Signer:
        """Return the signer of a key below the account; raises KeyError for what is no path."""
        return self._signer_at(read_path(key_path))

    @cached_property
    def _own(self) -> Signer:
        return self.child(HOT_WALLET_PATH)

    @cached_property
    def _public(self) -> ExtendedPublicKey:
        return parse(self._xpub)

    def _made(self, path: tuple[int, ...]) -> "_ChildSigner":
        public = self._public
        for index in path:
            public = public.child(index)
        return _ChildSigner(public.public_key, lambda: LocalSigner(self._account().descendant(path).key))

    def _account(self) -> ExtendedPrivateKey:
        with self._lock:
            if self._opened is None:
                account = account_key(self._open_seed(), self._family)
                if ExtendedPublicKey(account.public_key, account.chain_code) != self._public:
                    raise WrongSeedError(f"the seed for {self._family} is not that of DEPOSIT_XPUBS")
                self._opened = account
            return self._opened


class _ChildSigner:
    """One key of an account: its public half is known, the private one derived when it first signs."""

    def __init__(self, public_key: bytes, derive: Callable[[], LocalSigner]) -> None:
        self.public_key = public_key
        self._derive = derive

    def sign(self, digest: bytes) -> bytes:
        return self._signer.sign(digest)

    def child(self, key_path: str) -> Signer:
        raise KeyError(key_path)

    @cached_property
    def _signer(self) -> LocalSigner:
        return self._derive()
