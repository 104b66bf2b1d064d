"""Which texts are addresses of which family, and that one wrong character never passes."""

import pytest

from chalicelib.chains.addresses import InvalidAddressError, validate
from chalicelib.chains.base58 import ALPHABET as BASE58
from chalicelib.chains.base58 import encode_check
from chalicelib.chains.bech32 import ALPHABET as BECH32

# The test cases of EIP-55 itself.
EIP55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]

KNOWN = [
    ("BTC", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "p2pkh"),
    ("BTC", "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA", "p2pkh"),
    ("BTC", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "p2sh"),
    ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "p2wpkh"),
    ("BTC", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", "p2wsh"),
    ("BTC", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "p2tr"),
    ("BTC", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "witness_v2"),
    ("LTC", "LUWPbpM43E2p7ZSh8cyTBEkvpHmr3cB8Ez", "p2pkh"),
    ("LTC", "LdP8Qox1VAhCzLJNqrr74YovaWYyNBUWvL", "p2pkh"),
    ("LTC", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "p2sh"),
    ("LTC", "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh", "p2wpkh"),
    ("LTC", "ltc1puht8rk95c53q3u9w3pf9h3jfcutcrl9lxc7rqsdthjrse4k6sn7q9tuqm9", "p2tr"),
    ("TRX", "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", "account"),
    ("TRX", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "account"),
    ("TRX", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "account"),
]


@pytest.mark.parametrize(("family", "address", "kind"), KNOWN)
def test_known_address_is_valid_with_its_kind(family, address, kind):
    info = validate(address, family)
    assert (info.address, info.family, info.kind) == (address, family, kind)


def test_litecoin_script_address_starts_with_m():
    address = encode_check(b"\x32" + bytes(20))
    assert address.startswith("M")
    assert validate(address, "LTC").kind == "p2sh"


@pytest.mark.parametrize(("family", "address", "kind"), KNOWN)
def test_any_one_wrong_character_is_refused(family, address, kind):
    alphabet = BECH32 if kind.startswith(("p2w", "p2tr", "witness")) else BASE58
    for place in range(4, len(address)):
        other = alphabet[(alphabet.index(address[place]) + 7) % len(alphabet)]
        with pytest.raises(InvalidAddressError):
            validate(address[:place] + other + address[place + 1 :], family)


@pytest.mark.parametrize(("family", "address", "kind"), KNOWN)
def test_missing_added_or_swapped_characters_are_refused(family, address, kind):
    swapped = address[:-2] + address[-1] + address[-2]
    for wrong in (address[:-1], address + "q", " " + address, address + "\n", swapped):
        with pytest.raises(InvalidAddressError):
            validate(wrong, family)


@pytest.mark.parametrize(("family", "address", "kind"), KNOWN)
def test_another_familys_address_is_refused(family, address, kind):
    both = {"BTC", "LTC"} if address.startswith("3") else {family}
    for other in {"EVM", "BTC", "LTC", "TRX"} - both:
        with pytest.raises(InvalidAddressError):
            validate(address, other)


@pytest.mark.parametrize(
    "testnet", ["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"]
)
def test_a_testnet_address_is_refused(testnet):
    with pytest.raises(InvalidAddressError):
        validate(testnet, "BTC")


def test_upper_case_segwit_is_answered_in_lower_case():
    assert validate("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "BTC").address == (
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    )


@pytest.mark.parametrize("address", EIP55)
def test_evm_address_passes_with_its_checksum_or_without_any(address):
    digits = address[2:]
    for spelling in (address, "0x" + digits.lower(), "0x" + digits.upper()):
        assert validate(spelling, "EVM").address == address


@pytest.mark.parametrize("address", EIP55[4:])
def test_evm_address_with_one_letter_of_the_wrong_case_is_refused(address):
    for place in [place for place in range(2, 42) if address[place].isalpha()]:
        with pytest.raises(InvalidAddressError, match="EIP-55"):
            validate(address[:place] + address[place].swapcase() + address[place + 1 :], "EVM")


@pytest.mark.parametrize(
    "text",
    ["", "0x", EIP55[0][2:], EIP55[0] + "0", EIP55[0][:-1], "0X" + EIP55[0][2:], EIP55[0] + "\n", "0x" + "٣" * 40],
)
def test_what_is_no_evm_address_is_refused(text):
    with pytest.raises(InvalidAddressError):
        validate(text, "EVM")


@pytest.mark.parametrize("family", ["EVM", "BTC", "LTC", "TRX"])
@pytest.mark.parametrize("text", ["", "1", "bc1", "ltc1", "T", "é" * 34, "1" * 100_000, "bc1" + "q" * 100_000])
def test_nonsense_is_refused_with_a_sentence(family, text):
    with pytest.raises(InvalidAddressError, match=r"\.$"):
        validate(text, family)
