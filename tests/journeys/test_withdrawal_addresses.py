from typing import Any

import pytest

from tests.support.world import World

EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TRON = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"
BITCOIN = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
LITECOIN = "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"
TETHER = "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"


def judged(world: World, **body: Any) -> dict[str, Any]:
    answer = world.client.post("/withdrawal/validate-address/", body)
    assert answer.status == 200, answer.text
    return dict(answer.json)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"currency": "usdtarb"}, ("EVM", "ARB", "USDT", "USDTARB")),
        ({"blockchain": "polygon"}, ("EVM", "MATIC", None, None)),
        ({"blockchain": "ethereum", "token": "dai"}, ("EVM", "ETH", "DAI", "DAIERC20")),
        ({"type": "EVM"}, ("EVM", None, None, None)),
        ({"type": "evm"}, ("EVM", None, None, None)),
        ({"type": "EVM", "currency": "ETH", "blockchain": "ETH", "token": "ETH"}, ("EVM", "ETH", "ETH", "ETH")),
    ],
)
def test_a_valid_address_in_every_form_of_asking(world: World, asked: dict[str, str], shown: tuple[str]) -> None:
    for spelling in (EVM, EVM.lower()):
        verdict = judged(world, address=spelling, **asked)
        assert verdict == {
            "is_valid": True,
            "address": EVM,
            "type": shown[0],
            "blockchain": shown[1],
            "token": shown[2],
            "currency": shown[3],
            "error_message": None,
        }


@pytest.mark.parametrize(
    ("currency", "address", "word"),
    [
        ("USDTARB", EVM.replace("5aA", "5aa"), "EIP-55"),
        ("USDTARB", "0x" + 40 * "0", "zero"),
        ("USDTARB", TETHER, "contract"),
        ("USDCARB", TETHER.lower(), "contract"),
        ("USDTARB", TRON, "EVM"),
        ("USDTTRC20", TRON[:-1] + "J", "checksum"),
        ("USDTTRC20", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "contract"),
        ("TRX", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "zero"),
        ("TRX", EVM, "TRON"),
        ("BTC", BITCOIN[:-1] + "q", "checksum"),
        ("BTC", LITECOIN, "Bitcoin"),
        ("BTC", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "another network"),
        ("LTC", BITCOIN, "Litecoin"),
        ("LTC", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "Bitcoin"),
        ("BTC", "", "Bitcoin"),
        ("ETH", "x" * 10_000, "EVM"),
    ],
)
def test_an_invalid_one_is_200_with_a_sentence(world: World, currency: str, address: str, word: str) -> None:
    verdict = judged(world, address=address, currency=currency)
    assert (verdict["is_valid"], verdict["address"]) == (False, address)
    assert word in verdict["error_message"]
    assert verdict["error_message"].endswith(".")


def test_the_same_contract_is_an_address_like_any_other_on_another_chain(world: World) -> None:
    assert judged(world, address=TETHER, currency="USDTBSC")["is_valid"]
    assert not judged(world, address=TETHER, type="EVM")["is_valid"]


def test_memos(world: World) -> None:
    assert judged(world, address=TRON, currency="USDTTRC20", memo="invoice 7")["is_valid"]
    for memo in ("", "x" * 121):
        assert "memo" in judged(world, address=TRON, type="TRX", memo=memo)["error_message"]
    assert "memo" in judged(world, address=BITCOIN, blockchain="bitcoin", memo="7")["error_message"]
    assert judged(world, address=BITCOIN, blockchain="bitcoin", memo=None)["is_valid"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"address": EVM}, "invalid_request", "currency"),
        ({"currency": "ETH"}, "invalid_request", "address"),
        ({"address": EVM, "currency": "NOPE"}, "invalid_currency", "currency"),
        ({"address": EVM, "blockchain": "DOGE"}, "invalid_currency", "blockchain"),
        ({"address": EVM, "token": "USDT"}, "invalid_currency", "blockchain"),
        ({"address": EVM, "type": "XRP"}, "invalid_request", "type"),
        ({"address": EVM, "type": "EVM", "currency": "BTC"}, "invalid_request", "type"),
        ({"address": EVM, "blockchain": "ETH", "currency": "BTC"}, "invalid_currency", "blockchain"),
        ({"address": 7, "currency": "BTC"}, "invalid_request", "address"),
        ({"address": EVM, "currency": "ETH", "network": "main"}, "invalid_request", "network"),
    ],
)
def test_a_request_that_means_nothing_is_400(world: World, body: dict[str, Any], code: str, field: str) -> None:
    answer = world.client.post("/withdrawal/validate-address/", body)
    assert (answer.status, answer.code) == (400, code), answer.text
    assert field in answer.json["error"]["details"]
