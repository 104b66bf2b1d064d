"""Amounts on the chains: exact to the last unit, which is finer than the API shows."""

import re

from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.currencies.catalogue import Catalogue, UnknownCurrencyError
from chalicelib.errors import InvalidRequestError
from chalicelib.money import API_DECIMALS, format_units

DECIMALS_OF_STRANGERS = 18
_PLAIN = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,30}))?")


def decimals_of(catalogue: Catalogue, blockchain: str, token: str) -> int:
    """Return how many decimals a token has there; one that no catalogue knows has 18, as most have."""
    chain = blockchain_by_name(blockchain)
    if token.upper() == chain.native_token:
        return chain.native_decimals
    try:
        return catalogue.by_chain_token(blockchain, token).decimals
    except UnknownCurrencyError:
        return DECIMALS_OF_STRANGERS


def units_of(amount: str, decimals: int) -> int:
    """Read an amount in plain decimal notation, with as many decimals as the token has.

    Raises:
        InvalidRequestError: it is none, or finer than the token's smallest unit.
    """
    matched = _PLAIN.fullmatch(amount)
    fraction = (matched[2] or "").rstrip("0") if matched else ""
    if not matched or len(fraction) > decimals:
        details = {
            "amount": [f"must be a positive number in plain decimal notation with at most {decimals} decimals"]
        }
        raise InvalidRequestError("Check the amount and send the request again.", details=details)
    return int(matched[1] + fraction.ljust(decimals, "0"))


def shown(units: int, decimals: int) -> str:
    """Write units as a decimal string: eight decimals as in the API, more where the units are finer."""
    exact = format_units(units, decimals, max(decimals, API_DECIMALS))
    return exact[: len(exact.rstrip("0"))].ljust(len(exact) - max(decimals, API_DECIMALS) + API_DECIMALS, "0")
