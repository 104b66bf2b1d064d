import copy
import json
from pathlib import Path

import pytest

from chalicelib.currencies import catalogue
from chalicelib.currencies.catalogue import Catalogue
from chalicelib.currencies.catalogue_file import CatalogueError, read_entries

SHIPPED = json.loads(Path(catalogue.__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
UNITED = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


def load(data):
    return Catalogue(read_entries(json.dumps(data)))


def changed(code, *path_and_value):
    """Return the shipped data with one value of one currency changed."""
    data = copy.deepcopy(SHIPPED)
    row = next(entry for entry in data["currencies"] if entry["code"] == code)
    *path, last, value = path_and_value
    for step in path:
        row = row[step]
    row[last] = value
    return data


def test_a_new_token_is_a_change_of_data_alone():
    data = copy.deepcopy(SHIPPED)
    data["tokens"].append({"symbol": "LINK", "name": "Chainlink", "is_stable": False, "reference_usd": "15"})
    row = copy.deepcopy(next(entry for entry in data["currencies"] if entry["code"] == "USDCERC20"))
    row |= {
        "code": "LINKERC20",
        "token": "LINK",
        "decimals": 18,
        "contract": "0x514910771AF9Ca656af840dff83E8264EcF986CA",
        "dust": "0.001",
    }
    data["currencies"].append(row)
    assert load(data).by_chain_token("ethereum", "link").code == "LINKERC20"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (changed("USDTARB", "deposit", "min", "100000"), "USDTARB: deposit.min must be above zero and below"),
        (changed("USDTARB", "deposit", "min", "0"), "USDTARB: deposit.min must be above zero"),
        (changed("USDTARB", "withdrawal", "max", "1"), "USDTARB: withdrawal.min must be"),
        (changed("USDTARB", "network_fee", "amount", "2"), "USDTARB: network_fee.amount .* below withdrawal.min"),
        (changed("USDTARB", "network_fee", "payout_weight", 0), "payout_weight above zero"),
        (changed("USDTARB", "network_fee", "weight_unit", "energy"), r"payout_weight above zero in \['gas'\]"),
        (changed("USDTARB", "dust", "1"), "USDTARB: dust must be above zero and below deposit.min"),
        (changed("USDTARB", "dust", "0.5"), "USDTARB: dust must be worth about 0.01 USD, not 0.5"),
        (changed("BTC", "dust", "0.00000001"), "BTC: dust must be worth about 0.01 USD, not 0.000640"),
        (changed("USDTARB", "confirmations", 0), "USDTARB: confirmations must be at least 1"),
        (changed("USDTARB", "decimals", 19), "USDTARB: decimals must be between 0 and 18"),
        (changed("ETH", "decimals", 8), "ETH: decimals must be 18 for the coin of ETH"),
        (changed("USDTARB", "contract", None), "USDTARB: contract must be null for ETH on ARB, and for nothing"),
        (changed("TRX", "contract", "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8"), "TRX: contract must be null"),
        (changed("USDTARB", "contract", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"), "contract is not an address"),
        (changed("USDTARB", "contract", "0x1234"), "contract is not an address"),
        (changed("USDTTRC20", "contract", UNITED), "contract is not an address that a contract on TRX"),
        (changed("USDTERC20", "contract", UNITED.lower()), "the contract .* is listed more than once"),
        (changed("USDTARB", "code", "usdtarb"), "usdtarb: code must be 2 to 20 upper-case"),
        (changed("USDTARB", "code", "USDTBSC"), "the code USDTBSC is listed more than once"),
        (changed("USDTARB", "code", "EUR"), "the code EUR is listed more than once"),
        (changed("USDTARB", "code", "DAI"), "DAI: code must not be the symbol of another token"),
        (changed("USDCARB", "token", "USDT"), "the token USDT on ARB is listed more than once"),
    ],
)
def test_inconsistent_data_is_refused_with_the_entry_and_the_rule(data, says):
    with pytest.raises(CatalogueError, match=says):
        load(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (changed("USDTARB", "token", "XAUT"), "USDTARB: token XAUT is not among the catalogue's tokens"),
        (changed("USDTARB", "blockchain", "DOGE"), "USDTARB: blockchain: There is no such blockchain"),
        (changed("USDTARB", "decimals", True), "USDTARB: decimals must be a whole number"),
        (changed("USDTARB", "decimals", "6"), "USDTARB: decimals must be a whole number"),
        (changed("USDTARB", "is_popular", 1), "USDTARB: is_popular must be true or false"),
        (changed("USDTARB", "contract", ""), "USDTARB: contract must be a text that is not empty"),
        (changed("USDTARB", "deposit", "min", 10), "USDTARB: deposit: min must be a text"),
        (changed("USDTARB", "deposit", "min", "1e2"), "USDTARB: deposit: min must be a positive number"),
        (changed("USDTARB", "deposit", "min", "0.0000001"), "USDTARB: deposit: min must have at most 6 decimals"),
        (changed("USDTARB", "deposit", {"enabled": True, "min": "1"}), "USDTARB: deposit lacks max"),
        (changed("USDTARB", "deposit", []), "USDTARB: deposit must be an object"),
        (changed("USDTARB", "confirmatons", 3), "USDTARB has unknown confirmatons"),
        ({**SHIPPED, "currencies": []}, "the catalogue: currencies must be a list that is not empty"),
        ({**SHIPPED, "currencies": [1]}, "a currency must be an object"),
        ({"fiats": [], "tokens": []}, "the catalogue lacks currencies"),
    ],
)
def test_misspelt_or_mistyped_data_is_refused_with_the_field(data, says):
    with pytest.raises(CatalogueError, match=says):
        load(data)


@pytest.mark.parametrize(
    ("section", "row", "says"),
    [
        ("fiats", {"code": "USD", "name": "x", "reference_usd": "1"}, "a fiat or token USD is listed more than"),
        ("fiats", {"code": "chf", "name": "Franc", "reference_usd": "1"}, "chf: a fiat needs an upper-case code"),
        ("fiats", {"code": "CHF", "name": "Franc", "reference_usd": "0"}, "CHF: a fiat needs .* above zero"),
        (
            "tokens",
            {"symbol": "EUR", "name": "x", "is_stable": False, "reference_usd": "1"},
            "a fiat or token EUR is listed more than once",
        ),
        (
            "tokens",
            {"symbol": "PYUSD", "name": "PayPal USD", "is_stable": True, "reference_usd": "1.1"},
            "PYUSD: a stable token's reference_usd must be 1",
        ),
        (
            "tokens",
            {"symbol": "link", "name": "Chainlink", "is_stable": False, "reference_usd": "15"},
            "link: a token needs an upper-case symbol",
        ),
    ],
)
def test_wrong_tokens_and_fiats_are_refused(section, row, says):
    with pytest.raises(CatalogueError, match=says):
        load({**SHIPPED, section: [*SHIPPED[section], row]})


def test_the_dollar_is_the_measure():
    with pytest.raises(CatalogueError, match="USD must be among the fiats"):
        load({**SHIPPED, "fiats": SHIPPED["fiats"][1:]})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "the catalogue must be an object"),
        ('{"fiats": [], "fiats": []}', "a field is written twice in the entry with the fields fiats"),
    ],
)
def test_what_is_no_catalogue_is_refused(text, says):
    with pytest.raises(CatalogueError, match=says):
        read_entries(text)
