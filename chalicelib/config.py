"""Settings: frozen, read once from the environment, refused with a sentence when wrong.

docs/configuration.md lists them. On AWS the template resolves them: secrets
from Secrets Manager, the others from SSM parameters.
"""

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

FAMILIES = ("EVM", "BTC", "LTC", "TRX")
BLOCKCHAINS = ("TRX", "ETH", "BSC", "ARB", "MATIC", "BTC", "LTC")


class ConfigurationError(Exception):
    """A setting is missing or wrong; the process must not start."""


@dataclass(frozen=True)
class Settings:
    """What a process needs to know before it can serve.

    Attributes:
        table_name: the DynamoDB table.
        region: the AWS region.
        endpoint_url_dynamodb: another DynamoDB endpoint than AWS's (local engines), or None.
        endpoint_url_sqs: the same for SQS.
        deposits_queue_url: where the scanner reports deposits.
        numbering_queue_url: FIFO, one group for each tenant.
        deliveries_queue_url: webhook attempts.
        transfers_queue_url: FIFO, wake-ups of the transfer workers, one group for each master account.
        payouts_queue_url: FIFO, one group for each hot wallet.
        issuer: ``iss`` and ``aud`` of access tokens.
        token_public_keys: the JWKS (RFC 7517) that access tokens are verified with.
        token_signing_key: the private key as a JWK; only the token function has it.
        pepper: the key of the hashes of client secrets.
        secrets_key: the key that webhook secrets are encrypted with at rest.
        deposit_xpubs: address family to account xpub; nothing here can spend.
        chain_nodes: blockchain to the URL of its node.
        price_sources: names of the price sources to ask.
        hot_wallet_keys: sandbox only: blockchain to the private key, in hex, of its hot wallet.
        allow_local_callbacks: sandbox only: webhooks may go to http and loopback.
        sandbox_seed: sandbox only: what the seeded price sources derive from.
        rate_limits: whether tenants and token requests are limited.
    """

    table_name: str
    region: str
    endpoint_url_dynamodb: str | None
    endpoint_url_sqs: str | None
    deposits_queue_url: str
    numbering_queue_url: str
    deliveries_queue_url: str
    transfers_queue_url: str
    payouts_queue_url: str
    issuer: str
    token_public_keys: Mapping[str, Any]
    token_signing_key: Mapping[str, Any] | None
    pepper: bytes
    secrets_key: bytes
    deposit_xpubs: Mapping[str, str]
    chain_nodes: Mapping[str, str]
    price_sources: tuple[str, ...]
    hot_wallet_keys: Mapping[str, str] | None = None
    allow_local_callbacks: bool = False
    sandbox_seed: int | None = None
    rate_limits: bool = True

    @cached_property
    def is_sandbox(self) -> bool:
        """Whether any setting is one that only the sandbox may have."""
        return bool(
            self.allow_local_callbacks
            or self.sandbox_seed is not None
            or self.hot_wallet_keys
            or not self.rate_limits
        )


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: one is missing or cannot be read, or a deployed stage has a sandbox setting.
    """
    source = os.environ if environment is None else environment
    settings = Settings(
        table_name=_required(source, "TABLE_NAME"),
        region=source.get("AWS_REGION") or source.get("AWS_DEFAULT_REGION") or "eu-central-1",
        endpoint_url_dynamodb=source.get("AWS_ENDPOINT_URL_DYNAMODB"),
        endpoint_url_sqs=source.get("AWS_ENDPOINT_URL_SQS"),
        deposits_queue_url=_required(source, "DEPOSITS_QUEUE_URL"),
        numbering_queue_url=_required(source, "NUMBERING_QUEUE_URL"),
        deliveries_queue_url=_required(source, "DELIVERIES_QUEUE_URL"),
        transfers_queue_url=_required(source, "TRANSFERS_QUEUE_URL"),
        payouts_queue_url=_required(source, "PAYOUTS_QUEUE_URL"),
        issuer=_required(source, "ISSUER"),
        token_public_keys=_parsed(source, "TOKEN_PUBLIC_KEYS", json.loads),
        token_signing_key=_parsed(source, "TOKEN_SIGNING_KEY", json.loads, "null"),
        pepper=_parsed(source, "PEPPER", _key_of_32_bytes),
        secrets_key=_parsed(source, "SECRETS_KEY", _key_of_32_bytes),
        deposit_xpubs=_complete(source, "DEPOSIT_XPUBS", FAMILIES),
        chain_nodes=_complete(source, "CHAIN_NODES", BLOCKCHAINS),
        price_sources=tuple(_required(source, "PRICE_SOURCES").split(",")),
        hot_wallet_keys=_parsed(source, "HOT_WALLET_KEYS", json.loads, "null"),
        allow_local_callbacks=_parsed(source, "LOCAL_CALLBACKS", _flag, "0"),
        sandbox_seed=_parsed(source, "SANDBOX_SEED", lambda text: int(text) if text else None, ""),
        rate_limits=_parsed(source, "RATE_LIMITS", _flag, "1"),
    )
    if settings.is_sandbox and "AWS_LAMBDA_FUNCTION_NAME" in source:
        raise ConfigurationError(
            "LOCAL_CALLBACKS, SANDBOX_SEED, HOT_WALLET_KEYS and RATE_LIMITS=0 belong to the sandbox alone"
        )
    return settings


def _required(source: Mapping[str, str], name: str) -> str:
    value = source.get(name, "")
    if not value:
        raise ConfigurationError(f"{name} is not set")
    return value


def _parsed(source: Mapping[str, str], name: str, parse: Callable[[str], Any], default: str | None = None) -> Any:
    text = _required(source, name) if default is None else source.get(name, default)
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} cannot be read: {error}") from None


def _complete(source: Mapping[str, str], name: str, wanted: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = _parsed(source, name, json.loads)
    missing = [key for key in wanted if key not in values]
    if missing:
        raise ConfigurationError(f"{name} lacks {', '.join(missing)}")
    return values


def _key_of_32_bytes(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:  # noqa: PLR2004 -- 256 bits
        raise ValueError("32 bytes in base64 are wanted")
    return key


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("0 or 1 is wanted")
    return text == "1"
