"""An account of keys for the tests: its seed lies here, worth nothing."""

from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.derivation import account_key
from chalicelib.chains.signers.seed import SeedSigner


class AccountSigner(SeedSigner):
    """The account ``m/84'/coin'/0'`` of a seed (BIP-84), and the addresses of its keys."""

    def __init__(self, seed: bytes, family: str) -> None:
        super().__init__(family, account_key(seed, family).xpub(), lambda: seed)
        self.family = family

    def address(self, key_path: str) -> str:
        return address_of_public_key(self.family, self.child(key_path).public_key)
