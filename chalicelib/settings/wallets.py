"""Where the signer of each blockchain's hot wallet comes from, as ``HOT_WALLETS`` says."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

OF_COINS = ("BTC", "LTC")
NONCE_BYTES = 12


class SealedSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seed that only the key service can help to open: encrypted by a data key that is encrypted by its key.

    Attributes:
        version: of this form; 1.
        family: whose addresses the seed makes: EVM, BTC, LTC or TRX. Both encryptions are bound to it.
        data_key: the data key, as the key service encrypted it; in base64, as the others.
        nonce: 12 bytes.
        ciphertext: the seed under AES-256-GCM, its tag included.
    """

    version: Annotated[int, msgspec.Meta(ge=1, le=1)]
    family: Annotated[str, msgspec.Meta(pattern="^(EVM|BTC|LTC|TRX)$")]
    data_key: Annotated[bytes, msgspec.Meta(min_length=1)]
    nonce: Annotated[bytes, msgspec.Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
    ciphertext: Annotated[bytes, msgspec.Meta(min_length=1)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(family={self.family!r})"


class HotWalletSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One blockchain's signer: a key of the key service, or a seed for chains whose money lies in coins.

    Attributes:
        kms_key_id: EVM and TRON: the hot wallet's key (``ECC_SECG_P256K1``), by id, ARN or alias.
        seed: BTC and LTC: the account of the hot wallet and of the deposit addresses.
        deposit_seed: EVM and TRON: the account of the deposit addresses, where they are to be swept.
    """

    kms_key_id: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    seed: SealedSeed | None = None
    deposit_seed: SealedSeed | None = None


def read_wallets(said: Any, family_of: Mapping[str, str]) -> dict[str, HotWalletSettings]:
    """Read where signers come from; a blockchain that is not named has none, and its payouts wait.

    Args:
        said: blockchain to an object with the fields of ``HotWalletSettings``.
        family_of: each blockchain's address family.

    Raises:
        ValueError: something of it cannot be used.
    """
    try:
        wallets = msgspec.convert(said, dict[str, HotWalletSettings])
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    unknown = [name for name in wallets if name not in family_of]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no blockchain of ours")
    for blockchain, wallet in wallets.items():
        _check(blockchain, wallet, family_of[blockchain])
    return wallets


def read_seeds(said: Any, families: Sequence[str]) -> dict[str, bytes]:
    """Read the sandbox's own seeds: address family to the seed in hex.

    Raises:
        ValueError: something of it cannot be used.
    """
    if not isinstance(said, Mapping) or not all(isinstance(each, str) for each in said.values()):
        raise ValueError("an object from address families to seeds in hex is wanted")
    unknown = [family for family in said if family not in families]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no address family of ours")
    try:
        return {family: bytes.fromhex(seed) for family, seed in said.items()}
    except ValueError:
        raise ValueError("a seed is no hex") from None


def _check(blockchain: str, wallet: HotWalletSettings, family: str) -> None:
    wanted, other = ("seed", "kms_key_id") if blockchain in OF_COINS else ("kms_key_id", "seed")
    if getattr(wallet, wanted) is None or getattr(wallet, other) is not None:
        raise ValueError(f"{blockchain} needs {wanted} and takes no {other}")
    if blockchain in OF_COINS and wallet.deposit_seed is not None:
        raise ValueError(f"{blockchain} takes no deposit_seed: its deposits are keys of its seed")
    for sealed in (wallet.seed, wallet.deposit_seed):
        if sealed is not None and sealed.family != family:
            raise ValueError(f"{blockchain} is given a seed that was sealed for {sealed.family}")
