"""The variables of a deployed function, whole and sound."""

import base64
import json
from typing import Any

from chalicelib.config import BLOCKCHAINS
from tests.chains.private_derivation import account_xpub

SEALED = {
    "version": 1,
    "family": "BTC",
    "data_key": base64.b64encode(b"k" * 40).decode(),
    "nonce": base64.b64encode(b"n" * 12).decode(),
    "ciphertext": base64.b64encode(b"c" * 80).decode(),
}
NODES = {blockchain: f"https://node.example/{blockchain}-KEY" for blockchain in BLOCKCHAINS}
XPUBS = {
    "EVM": account_xpub(44, 60),
    "BTC": account_xpub(84, 0),
    "LTC": account_xpub(84, 2),
    "TRX": account_xpub(44, 195),
}


def variables(**changed: Any) -> dict[str, str]:
    """The variables; what is changed may be a text, None to leave it out, or what is written as JSON."""
    whole: dict[str, Any] = {
        "AWS_LAMBDA_FUNCTION_NAME": "sluice-prod-handle_payouts",
        "AWS_REGION": "eu-central-1",
        "TABLE_NAME": "sluice",
        "DEPOSITS_QUEUE_URL": "https://sqs/deposits",
        "NUMBERING_QUEUE_URL": "https://sqs/numbering.fifo",
        "DELIVERIES_QUEUE_URL": "https://sqs/deliveries",
        "TRANSFERS_QUEUE_URL": "https://sqs/transfers.fifo",
        "PAYOUTS_QUEUE_URL": "https://sqs/payouts.fifo",
        "ISSUER": "https://api.example",
        "TOKEN_PUBLIC_KEYS": {"keys": []},
        "PEPPER": base64.b64encode(b"p" * 32).decode(),
        "SECRETS_KEY": base64.b64encode(b"s" * 32).decode(),
        "DEPOSIT_XPUBS": XPUBS,
        "CHAIN_NODES": NODES,
        "PRICE_SOURCES": "coingecko,kraken",
        **changed,
    }
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in whole.items()
        if value is not None
    }
