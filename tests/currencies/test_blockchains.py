import pytest

from chalicelib.currencies.blockchains import BLOCKCHAINS, UnknownBlockchainError, blockchain_by_name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("TRX", "TRX"), ("trx", "TRX"), ("TRON", "TRX"), ("Tron", "TRX"), ("trc20", "TRX"), ("TRC-20", "TRX")),
        *(("eth", "ETH"), ("ethereum", "ETH"), ("Ethereum", "ETH"), ("ERC20", "ETH")),
        *(("bsc", "BSC"), ("bnb", "BSC"), ("BEP20", "BSC"), ("BNB Smart Chain", "BSC"), ("binance", "BSC")),
        *(("arb", "ARB"), ("Arbitrum", "ARB"), ("arbitrum-one", "ARB"), ("Arbitrum One", "ARB")),
        *(("matic", "MATIC"), ("polygon", "MATIC"), ("POL", "MATIC")),
        *(("btc", "BTC"), ("Bitcoin", "BTC"), (" ltc ", "LTC"), ("LITECOIN", "LTC")),
    ],
)
def test_blockchains_answer_to_their_usual_names(name, code):
    assert blockchain_by_name(name).code == code


@pytest.mark.parametrize("name", ["", " ", "-", "dogecoin", "ETHH", "K", "bıtcoin", "TRX\x00", "USDT"])
def test_other_names_are_refused_with_the_list_of_codes(name):
    with pytest.raises(UnknownBlockchainError, match="TRX, ETH, BSC, ARB, MATIC, BTC, LTC"):
        blockchain_by_name(name)


def test_no_name_means_two_blockchains():
    names = [name for chain in BLOCKCHAINS for name in {chain.code.lower(), chain.name.lower(), *chain.aliases}]
    assert len(names) == len(set(names))


def test_only_evm_chains_have_a_chain_id():
    assert {chain.code: chain.chain_id for chain in BLOCKCHAINS if chain.family == "EVM"} == {
        "ETH": 1,
        "BSC": 56,
        "ARB": 42161,
        "MATIC": 137,
    }
    assert all(chain.chain_id is None for chain in BLOCKCHAINS if chain.family != "EVM")


def test_the_full_listing_shows_codes_in_lower_case():
    assert blockchain_by_name("TRON").lower_code == "trx"
