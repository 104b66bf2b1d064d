"""What the node advises: how much gas a payout takes, and what one gas costs now."""

from collections.abc import Mapping
from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError, Payout
from chalicelib.chains.evm import answers, fees
from chalicelib.chains.evm.abi import account_of, transfer_call
from chalicelib.chains.evm.chain_parameters import ChainParameters
from chalicelib.chains.evm.fees import Quote
from chalicelib.chains.evm.questions import LATEST, Questions
from chalicelib.chains.providers.node import NodeRefusalError

_FEE_BLOCKS, _USUAL_PERCENTILE = 10, 50
# Stands for sender and receiver where there are none: it owns nothing and holds no contract.
NOBODY = "0x000000000000000000000000000000000000dEaD"


def call_of(contracts: Mapping[str, str], native_token: str, payout: Payout) -> tuple[str, int, bytes]:
    """Return whom a payout's transaction is sent to, with how much native coin, and its call data.

    Args:
        contracts: each token's symbol to its contract.
        native_token: the chain's own coin.
        payout: what is to be paid.

    Raises:
        KeyError: the chain has no such token.
        ValueError: the receiver is no address, or the amount fits no token.
    """
    if payout.token == native_token:
        account_of(payout.to)
        return payout.to, payout.units, b""
    return contracts[payout.token], 0, transfer_call(payout.to, payout.units)


def tried_gas(questions: Questions, sender: str, call: tuple[str, int, bytes]) -> int | None:
    """Return the gas limit for a call, with room, None where the node cannot try it out: it would fail now."""
    to, units, data = call
    tried = {"from": sender, "to": to, "value": hex(units), "data": "0x" + data.hex()}
    try:
        return fees.with_margin(_estimated(questions, tried))
    except NodeRefusalError:
        return None


def usual_gas(questions: Questions, parameters: ChainParameters, data: bytes) -> int:
    """Return the gas limit that is usual for call data, where the call itself cannot be tried out."""
    usual = fees.TOKEN_GAS if data else fees.COIN_GAS
    if parameters.gas_pays_for_bytes:
        return fees.with_margin(max(usual, _gas_of_bytes(questions, data) + usual - fees.COIN_GAS))
    return fees.with_margin(usual)


def quote_of(questions: Questions, parameters: ChainParameters) -> Quote:
    """Return what one gas costs now."""
    if not parameters.has_base_fee:
        return fees.legacy_quote(parameters, questions.ask(answers.quantity, "eth_gasPrice"))
    asked = hex(_FEE_BLOCKS), LATEST, [_USUAL_PERCENTILE]
    base_units, rewards = questions.ask(_read_history, "eth_feeHistory", *asked)
    return fees.dynamic_quote(parameters, base_units, rewards)


def _estimated(questions: Questions, tried: Mapping[str, str]) -> int:
    gas = questions.try_ask(answers.quantity, "eth_estimateGas", dict(tried))
    if gas < fees.COIN_GAS:
        raise ChainUnavailableError("The node estimates less gas than any transaction takes.")
    return gas


def _gas_of_bytes(questions: Questions, data: bytes) -> int:
    """Return what the call data alone takes, sent from nobody to nobody: that needs no money."""
    tried = {"from": NOBODY, "to": NOBODY, "data": "0x" + data.hex()}
    try:
        return _estimated(questions, tried)
    except NodeRefusalError as error:
        raise ChainUnavailableError(f"The node estimates no gas at all ({error.code}).") from error


def _read_history(answer: Any) -> tuple[int, list[int]]:
    """Return the next block's base fee, and the usual priority fee of each of the last blocks."""
    history = answers.mapping(answer)
    base_fees = [answers.quantity(fee) for fee in answers.listing(history["baseFeePerGas"])]
    rewards = [answers.quantity(answers.listing(told)[0]) for told in answers.listing(history["reward"])]
    return base_fees[-1], rewards
