"""Keys out of a seed, against the published vectors and another implementation; and a seed at rest."""

import hashlib
import random

import msgspec
import pytest
from coincurve import PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from embit import bip32

from chalicelib.chains.hdkeys import HARDENED, deposit_address, parse
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.derivation import ACCOUNT_OF, account_key, master_key, read_path
from chalicelib.chains.signers.hot_wallet import HotWalletSigner
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.signers.sealing import SealError, seal, unseal
from chalicelib.chains.signers.seed import SeedSigner, WrongSeedError
from chalicelib.settings.wallets import SealedSeed
from sandbox.hd_keys import deposit_xpubs, wallet_seed
from tests.chains.private_derivation import ABANDON_SEED, ZPUB, account_xpub, extended_public_key

# BIP-32, test vector 1.
VECTOR_SEED = bytes(range(16))
VECTOR = [
    (
        [],
        (
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1"
            "EGMcet8"
        ),
    ),
    (
        [HARDENED],
        (
            "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZ"
            "XvgGDnw"
        ),
    ),
    (
        [HARDENED, 1],
        (
            "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmAL"
            "ppuCkwQ"
        ),
    ),
    (
        [HARDENED, 1, HARDENED + 2],
        (
            "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5U"
            "v6fcLW5"
        ),
    ),
    (
        [HARDENED, 1, HARDENED + 2, 2],
        (
            "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL"
            "4fiyLHV"
        ),
    ),
    (
        [HARDENED, 1, HARDENED + 2, 2, 1_000_000_000],
        (
            "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cF"
            "JodrTHy"
        ),
    ),
]
# BIP-84's vectors.
BIP84 = {
    "0/0": (
        "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c",
        "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
    ),
    "0/1": (
        "03e775fd51f0dfb8cd865d9ff1cca2a158cf651fe997fdc9fee9c1d3b5e995ea77",
        "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g",
    ),
    "1/0": (
        "03025324888e429ab8e3dbaf1f7802648b9cd01e9b418485c5fa4c1b9b5700e1a6",
        "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el",
    ),
}


BTC_XPUB = account_key(ABANDON_SEED, "BTC").xpub()


def abandon(family: str) -> SeedSigner:
    return SeedSigner(family, account_key(ABANDON_SEED, family).xpub(), lambda: ABANDON_SEED)


@pytest.mark.parametrize(("path", "xpub"), VECTOR)
def test_the_vectors_of_bip_32(path, xpub):
    assert master_key(VECTOR_SEED).descendant(path).xpub() == xpub


@pytest.mark.parametrize(("path", "expected"), BIP84.items())
def test_the_vectors_of_bip_84(path, expected):
    signer = abandon("BTC").child(path)
    assert (signer.public_key.hex(), address_of_public_key("BTC", signer.public_key)) == expected


@pytest.mark.parametrize("family", ACCOUNT_OF)
def test_it_agrees_with_other_implementations_and_with_the_public_side(family):
    chance = random.Random(84)
    for _ in range(10):
        seed = chance.randbytes(chance.choice([16, 32, 64]))
        purpose, coin = ACCOUNT_OF[family]
        account = account_key(seed, family)
        oracle = bip32.HDKey.from_seed(seed).derive(f"m/{purpose}h/{coin}h/0h")
        hardened = [HARDENED + purpose, HARDENED + coin, HARDENED]
        assert account.xpub() == oracle.to_public().to_base58() == extended_public_key(seed, hardened)
        index = chance.randrange(HARDENED)
        signer = SeedSigner(family, account.xpub(), lambda seed=seed: seed).child(f"0/{index}")
        assert signer.public_key == oracle.derive([0, index]).to_public().key.sec()
        address = address_of_public_key(family, signer.public_key)
        assert address == deposit_address(family, account.xpub(), index)


def test_it_signs_with_the_key_of_its_path():
    signer, digest = abandon("LTC"), hashlib.sha256(b"pay").digest()
    for path in ("0/0", "0/17", "1/0"):
        child = signer.child(path)
        signature = child.sign(digest)
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        assert PublicKey(child.public_key).verify(der, digest, hasher=None)
    assert signer.public_key == signer.child("1/0").public_key
    assert len({signer.child(f"0/{index}").public_key for index in range(20)}) == 20


def test_the_seed_is_opened_once_and_not_before_something_is_signed():
    opened = []

    def open_seed():
        opened.append(1)
        return ABANDON_SEED

    signer = SeedSigner("BTC", BTC_XPUB, open_seed)
    assert signer.public_key
    assert signer.child("0/3").public_key
    assert opened == []
    for index in range(5):
        signer.child(f"0/{index}").sign(bytes(32))
    signer.sign(bytes(32))
    assert opened == [1]


def test_a_seed_that_could_not_be_opened_is_tried_again():
    answers = iter([SealError("away"), ABANDON_SEED])

    def open_seed():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    signer = SeedSigner("BTC", BTC_XPUB, open_seed)
    with pytest.raises(SealError):
        signer.sign(bytes(32))
    assert signer.sign(bytes(32)) == abandon("BTC").sign(bytes(32))


@pytest.mark.parametrize("family", ["BTC", "LTC"])
def test_a_seed_that_the_addresses_do_not_come_from_signs_nothing(family):
    """Another seed, or the right one for another family: its signatures would spend nothing."""
    seed = ABANDON_SEED if family == "LTC" else bytes(32)
    signer = SeedSigner(family, BTC_XPUB, lambda: seed)
    for _ in range(2):
        with pytest.raises(WrongSeedError):
            signer.sign(bytes(32))
        with pytest.raises(WrongSeedError):
            signer.child("0/1").sign(bytes(32))


def test_a_zpub_is_as_good():
    signer = SeedSigner("BTC", account_xpub(84, 0, ZPUB), lambda: ABANDON_SEED)
    assert signer.sign(bytes(32)) == abandon("BTC").sign(bytes(32))


def test_a_child_has_no_children():
    with pytest.raises(KeyError):
        abandon("BTC").child("0/1").child("0/1")


@pytest.mark.parametrize(
    "path", ["", "0", "x", "0/-1", "0/1'", "0/1h", "m/0/1", "0//1", "0/2147483648", "0/1 ", "0/²"]
)
def test_what_is_no_path_is_a_key_error_or_another_key(path):
    if path == "0":
        assert read_path(path) == (0,)
        return
    with pytest.raises(KeyError):
        abandon("BTC").child(path)


@pytest.mark.parametrize("length", [0, 15, 65])
def test_a_seed_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="16 to 64 bytes"):
        master_key(bytes(length))


def test_a_private_key_is_not_shown():
    account = account_key(ABANDON_SEED, "BTC")
    assert account.key.hex() not in repr(account)
    assert repr(account.key) not in repr(account)
    assert repr(account.chain_code) not in repr(account)


# The hot wallet beside its deposits


def test_a_hot_wallet_has_its_own_key_and_the_deposits_theirs():
    own, deposits = LocalSigner(b"\1" * 32), abandon("EVM")
    wallet = HotWalletSigner(own, deposits)
    assert wallet.public_key == own.public_key == wallet.child("1/0").public_key
    assert wallet.sign(bytes(32)) == own.sign(bytes(32))
    assert wallet.child("0/3").public_key == deposits.child("0/3").public_key != own.public_key


def test_without_an_account_there_is_nothing_but_the_hot_wallet():
    wallet = HotWalletSigner(LocalSigner(b"\1" * 32), None)
    with pytest.raises(KeyError):
        wallet.child("0/3")
    assert wallet.child("1/0").public_key == wallet.public_key


def test_a_local_key_is_no_account():
    with pytest.raises(KeyError):
        LocalSigner(b"\1" * 32).child("0/0")


def test_the_sandboxes_addresses_are_those_that_its_seeds_sign_for():
    for family, xpub in deposit_xpubs(7).items():
        signer = SeedSigner(family, xpub, lambda: wallet_seed(7))
        assert signer.child("0/5").public_key == parse(xpub).child(0).child(5).public_key


# At rest


def test_what_was_sealed_is_opened(kms, sealing_key):
    sealed = seal(kms, sealing_key, ABANDON_SEED, "BTC")
    assert unseal(kms, sealed, "BTC") == ABANDON_SEED


def test_it_is_written_down_and_read_again(kms, sealing_key):
    sealed = seal(kms, sealing_key, ABANDON_SEED, "LTC")
    text = msgspec.json.encode(sealed)
    assert unseal(kms, msgspec.json.decode(text, type=SealedSeed), "LTC") == ABANDON_SEED
    assert ABANDON_SEED.hex().encode() not in text
    assert sorted(msgspec.json.decode(text)) == ["ciphertext", "data_key", "family", "nonce", "version"]


def test_no_two_seals_are_alike(kms, sealing_key):
    first, second = (seal(kms, sealing_key, ABANDON_SEED, "BTC") for _ in range(2))
    assert len({first.nonce, second.nonce}) == len({first.ciphertext, second.ciphertext}) == 2
    assert first.data_key != second.data_key


@pytest.mark.parametrize("part", ["data_key", "nonce", "ciphertext"])
def test_what_was_changed_is_not_opened(kms, sealing_key, part):
    sealed = seal(kms, sealing_key, ABANDON_SEED, "BTC")
    whole = getattr(sealed, part)
    changed = msgspec.structs.replace(sealed, **{part: whole[:-1] + bytes([whole[-1] ^ 1])})
    with pytest.raises(SealError):
        unseal(kms, changed, "BTC")


def test_another_familys_seed_is_not_opened(kms, sealing_key):
    sealed = seal(kms, sealing_key, ABANDON_SEED, "BTC")
    with pytest.raises(SealError):
        unseal(kms, msgspec.structs.replace(sealed, family="LTC"), "LTC")


def test_the_ciphertext_alone_is_bound_to_the_family(kms, sealing_key):
    sealed = seal(kms, sealing_key, ABANDON_SEED, "BTC")
    data_key = kms.decrypt(
        CiphertextBlob=sealed.data_key, EncryptionContext={"sluice": "wallet seed", "family": "BTC"}
    )

    class Lenient:
        def decrypt(self, **_):
            return data_key

    assert unseal(Lenient(), sealed, "BTC") == ABANDON_SEED
    with pytest.raises(SealError, match="another family's"):
        unseal(Lenient(), sealed, "LTC")


def test_the_family_is_bound_to_both_layers(kms, sealing_key):
    asked = []

    class Told:
        def __getattr__(self, operation):
            return lambda **arguments: asked.append(arguments) or getattr(kms, operation)(**arguments)

    unseal(Told(), seal(Told(), sealing_key, ABANDON_SEED, "BTC"), "BTC")
    assert [each["EncryptionContext"] for each in asked] == [{"sluice": "wallet seed", "family": "BTC"}] * 2


def test_no_error_and_no_repr_tells_of_the_seed(kms, sealing_key):
    sealed = seal(kms, sealing_key, ABANDON_SEED, "BTC")
    assert repr(sealed) == "SealedSeed(family='BTC')"
    with pytest.raises(SealError) as refused:
        seal(kms, "00000000-0000-0000-0000-000000000000", ABANDON_SEED, "BTC")
    assert str(refused.value) == "the key service refused to generate_data_key with NotFoundException"
