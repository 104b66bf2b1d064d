"""Settings: frozen, read once from the environment, refused with a sentence when wrong.

docs/configuration.md lists them. Any value may say where it lies instead (``secretsmanager:NAME``, ``ssm:NAME``);
those of the nodes and of the wallets are fetched only by who asks a node or signs.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.money import FIAT_DECIMALS, parse_units
from chalicelib.settings.references import Secrets
from chalicelib.settings.variables import ConfigurationError as ConfigurationError  # noqa: PLC0414 -- told from here
from chalicelib.settings.variables import Variables

if TYPE_CHECKING:
    from chalicelib.settings.nodes import Nodes
    from chalicelib.settings.wallets import HotWalletSettings

FAMILIES = ("EVM", "BTC", "LTC", "TRX")
FAMILY_OF = {"TRX": "TRX", "ETH": "EVM", "BSC": "EVM", "ARB": "EVM", "MATIC": "EVM", "BTC": "BTC", "LTC": "LTC"}
BLOCKCHAINS = tuple(FAMILY_OF)


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
        chain_nodes: blockchain to its providers, or to the URL of the only one.
        hot_wallets: blockchain to where its hot wallet's signer comes from.
        price_sources: names of the price sources to ask.
        coingecko_api_key: the key of a CoinGecko demo plan, or None.
        hot_wallet_keys: sandbox only: blockchain to the private key, in hex, of its hot wallet.
        deposit_seeds: sandbox only: address family to the seed that its deposit addresses' account comes from.
        chain_identities: sandbox only: blockchain to the chain id or genesis block that its nodes must have.
        sweep_above_cents: deposits are swept to the hot wallet from this worth on, in US cents; None: never.
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
    token_signing_key: Mapping[str, Any] | None = field(repr=False)
    pepper: bytes = field(repr=False)
    secrets_key: bytes = field(repr=False)
    deposit_xpubs: Mapping[str, str] = field(repr=False)
    chain_nodes: "Mapping[str, Nodes | str]" = field(repr=False)
    price_sources: tuple[str, ...]
    coingecko_api_key: str | None = field(default=None, repr=False)
    hot_wallets: "Mapping[str, HotWalletSettings]" = field(default_factory=dict, repr=False)
    hot_wallet_keys: Mapping[str, str] | None = field(default=None, repr=False)
    deposit_seeds: Mapping[str, bytes] | None = field(default=None, repr=False)
    chain_identities: Mapping[str, str] | None = None
    sweep_above_cents: int | None = None
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
            or self.deposit_seeds
            or self.chain_identities
            or not self.rate_limits
        )


def from_environment(environment: Mapping[str, str] | None = None, secrets: Secrets | None = None) -> Settings:
    """Read the settings.

    Args:
        environment: the variables; the process's own, unless given.
        secrets: fetches what a variable refers to; AWS's services, unless given.

    Raises:
        ConfigurationError: one is missing or cannot be read, or a deployed stage has a sandbox setting.
    """
    said = os.environ if environment is None else environment
    region = said.get("AWS_REGION") or said.get("AWS_DEFAULT_REGION") or "eu-central-1"
    source = Variables(said, secrets or Secrets(region))
    settings = Settings(
        table_name=source.required("TABLE_NAME"),
        region=region,
        endpoint_url_dynamodb=source.text("AWS_ENDPOINT_URL_DYNAMODB") or None,
        endpoint_url_sqs=source.text("AWS_ENDPOINT_URL_SQS") or None,
        deposits_queue_url=source.required("DEPOSITS_QUEUE_URL"),
        numbering_queue_url=source.required("NUMBERING_QUEUE_URL"),
        deliveries_queue_url=source.required("DELIVERIES_QUEUE_URL"),
        transfers_queue_url=source.required("TRANSFERS_QUEUE_URL"),
        payouts_queue_url=source.required("PAYOUTS_QUEUE_URL"),
        issuer=source.required("ISSUER"),
        token_public_keys=source.parsed("TOKEN_PUBLIC_KEYS", json.loads),
        token_signing_key=source.parsed("TOKEN_SIGNING_KEY", json.loads, "null"),
        pepper=source.parsed("PEPPER", _key_of_32_bytes),
        secrets_key=source.parsed("SECRETS_KEY", _key_of_32_bytes),
        deposit_xpubs=source.parsed("DEPOSIT_XPUBS", _xpubs),
        chain_nodes=source.later("CHAIN_NODES", _nodes, names=BLOCKCHAINS),
        hot_wallets=source.later("HOT_WALLETS", _wallets, "{}"),
        price_sources=tuple(source.required("PRICE_SOURCES").split(",")),
        coingecko_api_key=source.parsed("COINGECKO_API_KEY", lambda text: text or None, ""),
        hot_wallet_keys=source.parsed("HOT_WALLET_KEYS", json.loads, "null"),
        deposit_seeds=source.parsed("DEPOSIT_SEEDS", _seeds, "null"),
        chain_identities=source.parsed("CHAIN_IDENTITIES", _identities, "null"),
        sweep_above_cents=source.parsed("SWEEP_ABOVE_USD", _cents, ""),
        allow_local_callbacks=source.parsed("LOCAL_CALLBACKS", _flag, "0"),
        sandbox_seed=source.parsed("SANDBOX_SEED", lambda text: int(text) if text else None, ""),
        rate_limits=source.parsed("RATE_LIMITS", _flag, "1"),
    )
    if settings.is_sandbox and "AWS_LAMBDA_FUNCTION_NAME" in source:
        raise ConfigurationError(
            "LOCAL_CALLBACKS, SANDBOX_SEED, HOT_WALLET_KEYS, DEPOSIT_SEEDS, CHAIN_IDENTITIES and RATE_LIMITS=0"
            " belong to the sandbox alone"
        )
    return settings


def _xpubs(text: str) -> dict[str, str]:
    xpubs = json.loads(text)
    if not isinstance(xpubs, dict) or not all(isinstance(each, str) for each in xpubs.values()):
        raise ValueError("an object from address families to extended public keys is wanted")
    missing = [family for family in FAMILIES if family not in xpubs]
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")
    return xpubs


def _nodes(text: str) -> "dict[str, Nodes]":
    from chalicelib.settings.nodes import read_nodes  # noqa: PLC0415 -- the API asks no node

    return read_nodes(json.loads(text), BLOCKCHAINS)


def _wallets(text: str) -> "dict[str, HotWalletSettings]":
    if text in {"", "{}"}:
        return {}
    from chalicelib.settings.wallets import read_wallets  # noqa: PLC0415 -- only who signs has any

    return read_wallets(json.loads(text), FAMILY_OF)


def _seeds(text: str) -> dict[str, bytes] | None:
    if text in {"", "null"}:
        return None
    from chalicelib.settings.wallets import read_seeds  # noqa: PLC0415 -- the sandbox alone has any

    return read_seeds(json.loads(text), FAMILIES)


def _identities(text: str) -> dict[str, str] | None:
    said = json.loads(text or "null")
    if said is not None and not (isinstance(said, dict) and all(isinstance(each, str) for each in said.values())):
        raise ValueError("an object from blockchains to chain ids or genesis blocks is wanted")
    return {blockchain: identity.lower() for blockchain, identity in said.items()} if said else None


def _key_of_32_bytes(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:  # noqa: PLR2004 -- 256 bits
        raise ValueError("32 bytes in base64 are wanted")
    return key


def _cents(text: str) -> int | None:
    if not text:
        return None
    cents = parse_units(text, FIAT_DECIMALS)
    if not cents:
        raise ValueError("more than zero dollars are wanted")
    return cents


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("0 or 1 is wanted")
    return text == "1"
