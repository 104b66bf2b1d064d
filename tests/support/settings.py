"""Settings with throw-away keys, strict as a deployed stage's, save for seeded prices."""

from dataclasses import replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from chalicelib.config import BLOCKCHAINS, FAMILIES, Settings
from sandbox.chain.keys import hot_wallet_key
from tests.chains.private_derivation import ABANDON_SEED, account_xpub

REGION = "eu-central-1"
TABLE = "sluice"
ISSUER = "https://gateway.example"


def signing_key(key_id: str = "key-1") -> dict[str, Any]:
    """A private ES256 key as a JWK; the same for the same id."""
    return _signing_key(key_id)


@cache
def _signing_key(key_id: str) -> dict[str, Any]:
    private = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return {**private, "kid": key_id, "alg": "ES256", "use": "sig"}


def public_key(key_id: str = "key-1") -> dict[str, Any]:
    return {name: value for name, value in signing_key(key_id).items() if name != "d"}


@cache
def _plain() -> Settings:
    queue = f"https://sqs.{REGION}.amazonaws.com/123456789012/{TABLE}"
    return Settings(
        table_name=TABLE,
        region=REGION,
        endpoint_url_dynamodb=None,
        endpoint_url_sqs=None,
        deposits_queue_url=f"{queue}-deposits",
        numbering_queue_url=f"{queue}-numbering.fifo",
        deliveries_queue_url=f"{queue}-deliveries",
        transfers_queue_url=f"{queue}-transfers.fifo",
        payouts_queue_url=f"{queue}-payouts.fifo",
        issuer=ISSUER,
        token_public_keys={"keys": [public_key()]},
        token_signing_key=signing_key(),
        pepper=b"p" * 32,
        secrets_key=b"s" * 32,
        deposit_xpubs={
            "EVM": account_xpub(44, 60),
            "BTC": account_xpub(84, 0),
            "LTC": account_xpub(84, 2),
            "TRX": account_xpub(44, 195),
        },
        chain_nodes=dict.fromkeys(BLOCKCHAINS, "sim://127.0.0.1:1"),
        price_sources=("seeded:first", "seeded:second"),
        sandbox_seed=1,
        rate_limits=False,  # the clock stands still, and tests ask a lot: what is about quotas switches them on
        hot_wallet_keys={name: hot_wallet_key(1, name).hex() for name in BLOCKCHAINS},
        deposit_seeds=dict.fromkeys(FAMILIES, ABANDON_SEED),
    )


def make_settings(**changed: Any) -> Settings:
    return replace(_plain(), **changed)
