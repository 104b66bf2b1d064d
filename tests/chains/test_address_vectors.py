"""Addresses against published cases, and against other people's libraries."""

import json
from pathlib import Path

import base58
import pytest
from embit import script
from embit.networks import NETWORKS
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains import base58 as own_base58
from chalicelib.chains import bech32, evm_address
from chalicelib.chains.addresses import InvalidAddressError, payable, validate
from chalicelib.currencies.catalogue import load_catalogue

MULTICOIN = json.loads((Path(__file__).parent / "multicoin_cases.json").read_text())["cases"]
ZERO = {
    "EVM": "0x" + 40 * "0",
    "TRX": "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
    "BTC": "1111111111111111111114oLvT2",
    "LTC": own_base58.encode_check(b"\x30" + bytes(20)),
}
# A wallet's addresses: a Bitcoin key's of BIP-84, EIP-55's, a Litecoin one, Tether's own contract aside on TRON.
GOOD = {
    "EVM": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "TRX": "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",
    "BTC": "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
    "LTC": "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh",
}


@pytest.mark.parametrize("case", MULTICOIN, ids=lambda case: f"{case['family']} {case['address'][:12]}")
def test_another_validators_cases(case):
    if case["is_valid"]:
        assert payable(case["address"], case["family"]).family == case["family"]
    else:
        with pytest.raises(InvalidAddressError):
            payable(case["address"], case["family"])


@pytest.mark.parametrize("family", ["EVM", "BTC", "LTC", "TRX"])
def test_the_zero_address_is_not_payable(family):
    assert validate(ZERO[family], family)
    with pytest.raises(InvalidAddressError, match="zero address"):
        payable(ZERO[family], family)


def test_zero_in_a_witness_program_is_not_payable_either():
    with pytest.raises(InvalidAddressError, match="zero address"):
        payable(bech32.encode_segwit("bc", 0, bytes(20)), "BTC")


def test_a_tokens_contract_is_not_payable_in_any_spelling():
    for currency in load_catalogue().all():
        if not currency.contract:
            continue
        spellings = {currency.contract}
        if currency.family == "EVM":
            spellings |= {currency.contract.lower(), "0x" + currency.contract[2:].upper()}
        for spelling in spellings:
            assert payable(spelling, currency.family, [])
            with pytest.raises(InvalidAddressError, match="contract"):
                payable(spelling, currency.family, [currency.contract])


@pytest.mark.parametrize("family", GOOD)
@pytest.mark.parametrize("other", GOOD)
def test_another_networks_address_is_not_payable(family, other):
    if family == other:
        assert payable(GOOD[family], family).address == GOOD[family]
    else:
        with pytest.raises(InvalidAddressError):
            payable(GOOD[other], family)


def test_litecoins_old_script_form_is_bitcoins_and_not_payable():
    assert validate("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "LTC")
    with pytest.raises(InvalidAddressError, match="belongs to Bitcoin"):
        payable("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "LTC")
    assert payable("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "BTC").kind == "p2sh"


def _embit_reads(address: str, network: str) -> bool:
    known = NETWORKS[network]
    try:
        scripted = script.address_to_scriptpubkey(address)
    except Exception:  # noqa: BLE001 -- the oracle's errors are of many kinds
        return False
    if address.lower().startswith(known["bech32"] + "1"):
        return True
    payload = base58.b58decode_check(address)
    return payload[:1] in {known["p2pkh"], known["p2sh"]} and scripted is not None


@given(st.binary(min_size=20, max_size=20), st.sampled_from(["pkh", "sh", "wpkh"]), st.data())
def test_bitcoins_forms_agree_with_embit(account, form, data):
    address = {
        "pkh": lambda: own_base58.encode_check(b"\x00" + account),
        "sh": lambda: own_base58.encode_check(b"\x05" + account),
        "wpkh": lambda: bech32.encode_segwit("bc", 0, account),
    }[form]()
    assert _embit_reads(address, "main")
    assert validate(address, "BTC").address == address
    place = data.draw(st.integers(0, len(address) - 1))
    spoilt = (
        address[:place]
        + data.draw(st.sampled_from("023456789acdefghjklmnpqrstuvwxyzABCXYZ"))
        + address[place + 1 :]
    )
    try:
        ours = bool(validate(spoilt, "BTC"))
    except InvalidAddressError:
        ours = False
    assert ours == _embit_reads(spoilt, "main")


@given(
    st.binary(min_size=20, max_size=20), st.sampled_from([b"\x00", b"\x05", b"\x30", b"\x32", b"\x41", b"\x6f"])
)
def test_base58_forms_agree_with_another_library(account, version):
    address = base58.b58encode_check(version + account).decode()
    assert own_base58.encode_check(version + account) == address
    families = {b"\x00": {"BTC"}, b"\x05": {"BTC", "LTC"}, b"\x30": {"LTC"}, b"\x32": {"LTC"}, b"\x41": {"TRX"}}
    for family in ("BTC", "LTC", "TRX"):
        if family in families.get(version, set()):
            assert validate(address, family).address == address
        else:
            with pytest.raises(InvalidAddressError):
                validate(address, family)


@given(st.binary(min_size=20, max_size=20), st.integers(0, 39))
def test_an_evm_address_with_one_letter_turned_never_passes(account, place):
    address = evm_address.checksummed(account)
    assert validate(address.lower(), "EVM").address == address
    letter = address[2 + place]
    turned = address[: 2 + place] + letter.swapcase() + address[3 + place :]
    if letter.isdigit() or turned[2:] in (turned[2:].lower(), turned[2:].upper()):
        return
    with pytest.raises(InvalidAddressError):
        validate(turned, "EVM")
