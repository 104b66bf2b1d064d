"""A hot wallet that has a key of its own, beside the account that its deposit addresses are derived from."""

from chalicelib.chains.adapter import HOT_WALLET_PATH, Signer


class HotWalletSigner:
    """Signs with the wallet's own key; its children are those of the deposits' account, where there is one.

    Args:
        own: the hot wallet's key.
        deposits: the account of the deposit addresses; None where nothing can be swept.
    """

    def __init__(self, own: Signer, deposits: Signer | None) -> None:
        self._own = own
        self._deposits = deposits

    @property
    def public_key(self) -> bytes:
        """The compressed public key of the hot wallet, 33 bytes."""
        return self._own.public_key

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest for the hot wallet: r and s, 64 bytes, s in its lower half."""
        return self._own.sign(digest)

    def child(self, key_path: str) -> Signer:
        """Return the signer of a deposit address, or of the hot wallet itself for its own path.

        Raises:
            KeyError: it is no path, or this wallet holds no account.
        """
        if key_path == HOT_WALLET_PATH:
            return self._own
        if self._deposits is None:
            raise KeyError(key_path)
        return self._deposits.child(key_path)
