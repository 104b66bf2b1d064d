import pytest

from chalicelib.chains.networks import EVM_CHAIN_ID_OF, FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.chains.payment_uri import payment_uri
from chalicelib.currencies.blockchains import BLOCKCHAINS

BTC_ADDRESS = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
EVM_ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
TRON_ADDRESS, TRON_USDT = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"


@pytest.mark.parametrize(
    ("arguments", "uri"),
    [
        (("BTC", "BTC", None, BTC_ADDRESS, 1, 8), f"bitcoin:{BTC_ADDRESS}?amount=0.00000001"),
        (("LTC", "LTC", None, "ltc1q", 250_000_000, 8), "litecoin:ltc1q?amount=2.5"),
        (("BTC", "BTC", None, BTC_ADDRESS, 10**9, 8, "Tea & Co #1"),
         f"bitcoin:{BTC_ADDRESS}?amount=10&label=Tea%20%26%20Co%20%231"),
        (("ETH", "ETH", None, EVM_ADDRESS, 10**18 + 1, 18), f"ethereum:{EVM_ADDRESS}@1?value=1000000000000000001"),
        (("ETH", "USDT", USDT, EVM_ADDRESS, 101_000_000, 6),
         f"ethereum:{USDT}@1/transfer?address={EVM_ADDRESS}&uint256=101000000"),
        (("BSC", "BNB", None, EVM_ADDRESS, 7, 18), f"ethereum:{EVM_ADDRESS}@56?value=7"),
        (("ARB", "ETH", None, EVM_ADDRESS, 7, 18), f"ethereum:{EVM_ADDRESS}@42161?value=7"),
        (("MATIC", "POL", None, EVM_ADDRESS, 7, 18), f"ethereum:{EVM_ADDRESS}@137?value=7"),
        (("TRX", "TRX", None, TRON_ADDRESS, 1_500_000, 6), f"tron:{TRON_ADDRESS}?amount=1.5"),
        (("TRX", "USDT", TRON_USDT, TRON_ADDRESS, 100_000_000, 6),
         f"tron:{TRON_ADDRESS}?amount=100&token={TRON_USDT}"),
    ],
)  # fmt: skip
def test_each_chain_has_its_own_form(arguments, uri):
    assert payment_uri(*arguments) == uri


def test_a_token_without_its_contract_is_refused():
    with pytest.raises(ValueError, match="contract"):
        payment_uri("ETH", "USDT", None, EVM_ADDRESS, 1, 6)


@pytest.mark.parametrize("units", [0, -1])
def test_nothing_cannot_be_asked_for(units):
    with pytest.raises(ValueError, match="more than nothing"):
        payment_uri("BTC", "BTC", None, BTC_ADDRESS, units, 8)


def test_the_networks_are_those_of_the_catalogue():
    assert {each.code: each.family for each in BLOCKCHAINS} == FAMILY_OF
    assert {each.code: each.native_token for each in BLOCKCHAINS} == NATIVE_TOKEN_OF
    assert {each.code: each.chain_id for each in BLOCKCHAINS if each.chain_id} == EVM_CHAIN_ID_OF
