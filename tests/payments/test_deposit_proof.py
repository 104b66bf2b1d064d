"""What the chain must show before a deposit is credited or taken back; and whom else it is asked of."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Transfer, TxStatus
from chalicelib.payments import deposit_proof
from chalicelib.payments.deposits import Deposit, DepositState

DEPOSIT = Deposit("ETH", "0xab", 3, "ETH", 18, 10**18, 10**18, DepositState.SEEN, 50.0, False, 7, "0xb7")


class Chain:
    """A chain of one block, and its witnesses."""

    def __init__(self, there: str | None, *, is_contradicted: bool = False) -> None:
        self.there, self.is_contradicted = there, is_contradicted
        self.witnessed: list[tuple[int, str, Transfer | None]] = []

    def block_hash(self, height: int) -> str | None:
        assert height == 7
        return self.there

    def witness(self, height: int, block_hash: str, transfer: Transfer | None = None) -> None:
        self.witnessed.append((height, block_hash, transfer))
        if self.is_contradicted:
            raise ChainUnavailableError("another provider has another block")


@pytest.mark.parametrize("there", [None, "0xb7"])
def test_a_block_that_is_there_or_not_known_is_not_replaced(there: str | None) -> None:
    chain: Any = Chain(there)
    assert not deposit_proof.is_replaced(chain, DEPOSIT)
    assert chain.witnessed == []


def test_another_block_in_its_place_is_witnessed() -> None:
    chain: Any = Chain("0xc7")
    assert deposit_proof.is_replaced(chain, DEPOSIT)
    assert chain.witnessed == [(7, "0xc7", None)]
    contradicted: Any = Chain("0xc7", is_contradicted=True)
    with pytest.raises(ChainUnavailableError):
        deposit_proof.is_replaced(contradicted, DEPOSIT)


def test_what_was_in_no_block_needs_none() -> None:
    chain: Any = Chain(None)
    assert deposit_proof.is_replaced(chain, replace(DEPOSIT, height=None, block_hash=None))


def test_a_place_is_witnessed_with_the_transfer_in_it() -> None:
    chain: Any = Chain(None)
    transfer = Transfer("0xab", 3, 7, "0xb7", "ETH", "0x1", 10**18, ok=True)
    deposit_proof.witness(chain, TxStatus("mined", 7, "0xb7", ok=True), transfer)
    assert chain.witnessed == [(7, "0xb7", transfer)]
