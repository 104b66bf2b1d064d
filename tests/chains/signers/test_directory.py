"""Signers by blockchain: where each comes from, and that nothing is fetched before something is signed."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.derivation import account_key
from chalicelib.chains.signers.directory import NamedSigners
from chalicelib.chains.signers.kms import KmsSigner
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.signers.sealing import SealError, seal
from chalicelib.chains.signers.seed import SeedSigner
from chalicelib.config import BLOCKCHAINS
from chalicelib.settings.references import Later
from chalicelib.settings.wallets import HotWalletSettings
from tests.chains.private_derivation import ABANDON_SEED
from tests.support.settings import make_settings

DIGEST = hashlib.sha256(b"pay").digest()


def abandon(family: str) -> SeedSigner:
    return SeedSigner(family, account_key(ABANDON_SEED, family).xpub(), lambda: ABANDON_SEED)


class Session:
    """A botocore session whose only client is the key service's; counts how often it is made."""

    def __init__(self, kms: Any = None) -> None:
        self.made: list[tuple[str, str]] = []
        self._kms = kms

    def create_client(self, service: str, region: str, **_: Any) -> Any:
        self.made.append((service, region))
        return self._kms


def deployed(**changed: Any) -> Any:
    return make_settings(hot_wallet_keys=None, deposit_seeds=None, **changed)


def test_a_deployed_evm_wallet_is_a_key_of_the_key_service(kms, signing_key):
    session = Session(kms)
    signers = NamedSigners(deployed(hot_wallets={"ETH": HotWalletSettings(kms_key_id=signing_key)}), session)
    assert list(signers) == ["ETH"]
    assert "BTC" not in signers
    signer = signers["ETH"]
    assert session.made == []
    assert signer.public_key == KmsSigner(lambda: kms, signing_key).public_key
    assert signer.sign(DIGEST)
    assert session.made == [("kms", "eu-central-1")]
    assert signers["ETH"] is signer
    with pytest.raises(KeyError):
        signer.child("0/1")


def test_its_deposits_can_be_swept_where_their_seed_is_given(kms, signing_key, sealing_key):
    wallet = HotWalletSettings(kms_key_id=signing_key, deposit_seed=seal(kms, sealing_key, ABANDON_SEED, "EVM"))
    signer = NamedSigners(deployed(hot_wallets={"BSC": wallet}), Session(kms))["BSC"]
    address = address_of_public_key("EVM", signer.child("0/0").public_key)
    assert address == "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
    assert signer.child("0/0").sign(DIGEST) == abandon("EVM").child("0/0").sign(DIGEST)


def test_a_deployed_wallet_of_coins_is_a_sealed_seed(kms, sealing_key):
    wallet = HotWalletSettings(seed=seal(kms, sealing_key, ABANDON_SEED, "BTC"))
    session = Session(kms)
    signers = NamedSigners(deployed(hot_wallets={"BTC": wallet}), session)
    signer = signers["BTC"]
    assert session.made == []
    assert address_of_public_key("BTC", signer.public_key) == "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"
    assert signer.child("1/0").public_key == signer.public_key
    assert session.made == []
    assert signer.sign(DIGEST) == abandon("BTC").sign(DIGEST)
    assert session.made == [("kms", "eu-central-1")]


def test_a_seed_of_another_wallet_is_not_opened(kms, sealing_key):
    wallet = HotWalletSettings(seed=seal(kms, sealing_key, ABANDON_SEED, "LTC"))
    with pytest.raises(SealError):
        NamedSigners(deployed(hot_wallets={"BTC": wallet}), Session(kms))["BTC"].sign(DIGEST)


def test_where_wallets_lie_is_not_read_before_one_is_asked_for():
    read = []

    def wallets():
        read.append(1)
        return {"ETH": HotWalletSettings(kms_key_id="k")}

    signers = NamedSigners(deployed(hot_wallets=Later(wallets)), Session())
    assert read == []
    assert "ETH" in signers
    assert "BTC" not in signers
    assert read == [1]
    with pytest.raises(KeyError):
        signers["BTC"]


def test_the_sandbox_signs_with_its_own_keys_and_seeds():
    settings = make_settings()
    signers = NamedSigners(settings, Session())
    assert list(signers) == list(BLOCKCHAINS)
    assert len(signers) == 7
    own = LocalSigner(bytes.fromhex((settings.hot_wallet_keys or {})["TRX"]))
    assert signers["TRX"].public_key == own.public_key
    assert signers["TRX"].sign(DIGEST) == own.sign(DIGEST)
    for blockchain, family in (("TRX", "TRX"), ("ETH", "EVM"), ("BTC", "BTC")):
        expected = abandon(family).child("0/7").public_key
        assert signers[blockchain].child("0/7").public_key == expected


def test_without_a_key_of_its_own_a_wallet_of_coins_is_its_seed():
    settings = replace(make_settings(), hot_wallet_keys={"ETH": "11" * 32})
    signers = NamedSigners(settings, Session())
    assert list(signers) == ["ETH", "BTC", "LTC"]
    assert signers["LTC"].public_key == abandon("LTC").public_key


def test_where_nothing_signs_there_is_no_signer():
    signers = NamedSigners(deployed(), Session())
    assert list(signers) == []
    with pytest.raises(KeyError):
        signers["ETH"]
    with pytest.raises(KeyError):
        NamedSigners(make_settings(), Session())["DOGE"]
