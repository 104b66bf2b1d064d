"""Addresses and scripts, each kind there and back, and as embit writes them."""

import pytest
from embit import script as oracle
from embit.networks import NETWORKS
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.addresses import InvalidAddressError
from chalicelib.chains.utxo.script import address_of, key_hash, script_of, witness_program
from tests.chains.utxo.patience import PATIENT

LITECOIN = {**NETWORKS["main"], "bech32": "ltc", "p2pkh": b"\x30", "p2sh": b"\x32"}
NETWORK = {"BTC": NETWORKS["main"], "LTC": LITECOIN}
HASH, LONG_HASH = bytes(range(20)), bytes(range(32))

SCRIPTS = {
    "p2pkh": bytes.fromhex("76a914") + HASH + bytes.fromhex("88ac"),
    "p2sh": bytes.fromhex("a914") + HASH + bytes.fromhex("87"),
    "p2wpkh": bytes.fromhex("0014") + HASH,
    "p2wsh": bytes.fromhex("0020") + LONG_HASH,
    "p2tr": bytes.fromhex("5120") + LONG_HASH,
}
NOT_ADDRESSED = {
    "nothing": b"",
    "a key itself": b"\x21" + b"\x02" * 33 + b"\xac",
    "data": bytes.fromhex("6a24aa21a9ed") + LONG_HASH,
    "version 0 of another length": bytes.fromhex("0015") + bytes(21),
    "a program of one byte": b"\x51\x01\x00",
    "a program of 41 bytes": b"\x51\x29" + bytes(41),
    "a program and more": SCRIPTS["p2wpkh"] + b"\x00",
    "a push that lies": b"\x51\x21" + bytes(32),
    "OP_1NEGATE": b"\x4f\x14" + HASH,
    "OP_RESERVED": b"\x50\x14" + HASH,
    "OP_NOP": b"\x61\x14" + HASH,
    "a p2pkh with another end": SCRIPTS["p2pkh"][:-1] + b"\xad",
    "a p2sh with another end": SCRIPTS["p2sh"][:-1] + b"\x88",
    "a p2pkh with another length": SCRIPTS["p2pkh"] + b"\xac",
}
# BIP-350's vectors: an address of a witness version and its script.
BIP350 = {
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": "0014751e76e8199196d454941c45d1b3a323f1433bd6",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": (
        "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6"
    ),
    "BC1SW50QGDZ25J": "6002751e",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "5210751e76e8199196d454941c45d1b3a323",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": (
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    ),
}


@pytest.mark.parametrize("family", ["BTC", "LTC"])
@pytest.mark.parametrize("kind", SCRIPTS)
def test_every_kind_is_spelt_as_embit_spells_it_and_read_back(family, kind):
    address = address_of(SCRIPTS[kind], family)
    assert address == oracle.Script(SCRIPTS[kind]).address(NETWORK[family])
    assert script_of(address, family) == SCRIPTS[kind]


@pytest.mark.parametrize(("address", "script"), BIP350.items())
def test_the_vectors_of_bip_350(address, script):
    assert script_of(address, "BTC").hex() == script
    assert address_of(bytes.fromhex(script), "BTC") == address.lower()


@PATIENT
@given(st.integers(1, 16), st.binary(min_size=2, max_size=40), st.sampled_from(["BTC", "LTC"]))
def test_witness_versions_to_come_have_addresses_already(version, program, family):
    script = bytes([0x50 + version, len(program)]) + program
    assert witness_program(script) == (version, program)
    assert script_of(address_of(script, family), family) == script


@pytest.mark.parametrize("script", NOT_ADDRESSED.values(), ids=NOT_ADDRESSED)
def test_other_scripts_have_no_address(script):
    assert address_of(script, "BTC") is None


@PATIENT
@given(st.binary(max_size=50))
def test_a_script_that_has_an_address_is_what_that_address_pays(script):
    for family in ("BTC", "LTC"):
        address = address_of(script, family)
        assert address is None or script_of(address, family) == script


def test_litecoins_old_script_form_pays_the_same_script_and_is_spelt_anew():
    script = script_of("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "LTC")
    assert address_of(script, "LTC").startswith("M")
    assert address_of(script, "BTC") == "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"


@pytest.mark.parametrize(
    ("address", "family"), [("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", "BTC"), ("", "LTC")]
)
def test_what_is_no_address_of_the_main_network_is_refused(address, family):
    with pytest.raises(InvalidAddressError):
        script_of(address, family)


def test_a_keys_hash_is_that_of_bip_84s_first_address():
    public_key = bytes.fromhex("0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c")
    script = bytes.fromhex("0014") + key_hash(public_key)
    assert address_of(script, "BTC") == "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
