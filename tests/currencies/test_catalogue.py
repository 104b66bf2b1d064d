import hashlib

import pytest
import sha3

from chalicelib.currencies.catalogue import UnknownCurrencyError, load_catalogue
from chalicelib.money import format_units

CATALOGUE = load_catalogue()
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("code", "blockchain", "token", "decimals", "confirmations"),
    [
        ("BTC", "BTC", "BTC", 8, 2),
        ("LTC", "LTC", "LTC", 8, 4),
        ("ETH", "ETH", "ETH", 18, 12),
        ("USDTERC20", "ETH", "USDT", 6, 12),
        ("USDCERC20", "ETH", "USDC", 6, 12),
        ("DAIERC20", "ETH", "DAI", 18, 12),
        ("USDTARB", "ARB", "USDT", 6, 20),
        ("USDCARB", "ARB", "USDC", 6, 20),
        ("USDTBSC", "BSC", "USDT", 18, 15),
        ("USDTPOLYGON", "MATIC", "USDT", 6, 30),
        ("TRX", "TRX", "TRX", 6, 19),
        ("USDTTRC20", "TRX", "USDT", 6, 19),
    ],
)
def test_every_promised_currency_is_there(code, blockchain, token, decimals, confirmations):
    currency = CATALOGUE.by_code(code)
    assert (currency.blockchain, currency.token, currency.decimals) == (blockchain, token, decimals)
    assert currency.confirmations == confirmations
    assert currency.deposit_enabled
    assert currency.withdrawal_enabled
    assert CATALOGUE.by_chain_token(blockchain, token) is currency


def test_the_sample_currency_is_as_documented():
    usdt = CATALOGUE.by_code("USDTTRC20")
    assert (usdt.name, usdt.is_popular, usdt.is_stable) == ("Tether USD", True, True)
    assert format_units(usdt.deposit_min_units, usdt.decimals) == "10.00000000"
    assert format_units(usdt.deposit_max_units, usdt.decimals) == "100000.00000000"
    assert format_units(usdt.network_fee_units, usdt.decimals) == "0.50000000"


@pytest.mark.parametrize("currency", CATALOGUE.all(), ids=lambda currency: currency.code)
def test_limits_can_be_shown_exactly(currency):
    for units in (currency.deposit_min_units, currency.withdrawal_max_units, currency.dust_units):
        assert units % currency.quantum_units == 0


@pytest.mark.parametrize("currency", [c for c in CATALOGUE.all() if c.family == "EVM" and c.contract])
def test_evm_contracts_carry_a_true_checksum(currency):
    # EIP-55: a letter is upper-case where the hash of the lower-case address has a nibble of 8 or more.
    address = currency.contract[2:].lower()
    digest = sha3.keccak_256(address.encode()).hexdigest()
    expected = "".join(c.upper() if int(n, 16) >= 8 else c for c, n in zip(address, digest, strict=False))
    assert currency.contract == "0x" + expected


@pytest.mark.parametrize("currency", [c for c in CATALOGUE.all() if c.family == "TRX" and c.contract])
def test_tron_contracts_carry_a_true_checksum(currency):
    number = 0
    for character in currency.contract:
        number = number * 58 + _BASE58.index(character)
    raw = number.to_bytes(25)
    assert raw[0] == 0x41
    assert hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


@pytest.mark.parametrize("code", ["usdttrc20", "UsdtTrc20", " USDTTRC20 "])
def test_codes_are_found_in_any_case(code):
    assert CATALOGUE.by_code(code).code == "USDTTRC20"


@pytest.mark.parametrize("code", ["", "XYZ", "USD", "USDTTRC2", "<script>", "DAıERC20", "9" * 10_000])
def test_an_unknown_code_is_refused_without_repeating_it(code):
    with pytest.raises(UnknownCurrencyError, match="GET /currencies/ lists the codes") as refused:
        CATALOGUE.by_code(code)
    assert refused.value.field == "currency"
    assert len(str(refused.value)) < 200


def test_a_bare_token_gets_the_codes_it_may_have_meant():
    with pytest.raises(UnknownCurrencyError, match="USDTTRC20, USDTARB, USDTERC20, USDTBSC, USDTPOLYGON"):
        CATALOGUE.by_code("usdt")


@pytest.mark.parametrize(("blockchain", "token"), [("TRON", "usdt"), ("trx", "USDT"), ("TRC20", "Usdt")])
def test_aliases_reach_the_same_currency(blockchain, token):
    assert CATALOGUE.by_chain_token(blockchain, token).code == "USDTTRC20"
    assert CATALOGUE.resolve(blockchain=blockchain, token=token).code == "USDTTRC20"
    assert CATALOGUE.resolve(currency="USDTTRC20", blockchain=blockchain, token=token).code == "USDTTRC20"


@pytest.mark.parametrize(
    ("named", "field", "says"),
    [
        ({}, "currency", "Send currency"),
        ({"token": "USDT"}, "blockchain", "Send blockchain along"),
        ({"blockchain": "TRX"}, "token", "Send token along"),
        ({"blockchain": "DOGE", "token": "USDT"}, "blockchain", "no such blockchain"),
        ({"blockchain": "BSC", "token": "DAI"}, "token", "not served on BSC: send one of USDT"),
        ({"currency": "XYZ", "blockchain": "TRX", "token": "USDT"}, "currency", "no such currency"),
        ({"currency": "USDTTRC20", "blockchain": "ETH"}, "blockchain", "USDTTRC20 is on TRX"),
        ({"currency": "USDTTRC20", "token": "USDC"}, "token", "USDTTRC20 is USDT"),
        ({"currency": ""}, "currency", "no such currency"),
    ],
)
def test_an_unclear_request_is_refused_with_what_to_send(named, field, says):
    with pytest.raises(UnknownCurrencyError, match=says) as refused:
        CATALOGUE.resolve(**named)
    assert refused.value.field == field


def test_currencies_of_a_blockchain_are_found_by_any_of_its_names():
    assert [c.code for c in CATALOGUE.currencies_on("tron")] == ["USDTTRC20", "TRX"]
    with pytest.raises(UnknownCurrencyError):
        CATALOGUE.currencies_on("doge")


def test_contracts_are_found_in_any_case_on_evm_and_exactly_on_tron():
    usdt = CATALOGUE.by_code("USDTERC20")
    assert CATALOGUE.by_contract("ETH", usdt.contract.lower()) is usdt
    assert CATALOGUE.by_contract("ARB", usdt.contract) is None
    tron = CATALOGUE.by_code("USDTTRC20")
    assert CATALOGUE.by_contract("TRX", tron.contract) is tron
    assert CATALOGUE.by_contract("TRX", tron.contract.lower()) is None


def test_fiats_have_two_decimals():
    assert [(fiat.code, fiat.decimals) for fiat in CATALOGUE.fiats()] == [("USD", 2), ("EUR", 2), ("GBP", 2)]
    assert CATALOGUE.fiat("eur").code == "EUR"
    assert CATALOGUE.by_code_or_fiat("gbp").code == "GBP"
    assert CATALOGUE.by_code_or_fiat("btc").code == "BTC"
    with pytest.raises(UnknownCurrencyError, match="USD, EUR, GBP"):
        CATALOGUE.fiat("BTC")


def test_the_catalogue_is_read_once():
    assert load_catalogue() is CATALOGUE
