"""The product as the sandbox runs it: its own settings, its own assembly, with the local parts put in."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import botocore.session
from botocore.config import Config

from chalicelib import assembly
from chalicelib.chains.records import ChainCursor
from chalicelib.clock import Clock
from chalicelib.config import Settings
from chalicelib.environment import Environment
from chalicelib.queues import Queues, urls_of
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import ConflictError, update
from sandbox.chain.chains import Wiring
from sandbox.engine.engine import ACCESS_KEY, REGION, Engine
from sandbox.engine.provision import Names
from sandbox.hd_keys import deposit_xpubs
from sandbox.identity import Identity
from sandbox.names import LocalNames
from sandbox.prices import PriceDesk
from sandbox.queues.post_office import PostOffice
from sandbox.variables import Variables

PRICE_SOURCES = ("seeded:first", "seeded:second")
_CONNECTIONS = 50


def use_local_credentials(environment: dict[str, str] | None = None) -> None:
    """Make sure that no AWS account is ever spoken to from here, whatever the machine is set up for."""
    variables = os.environ if environment is None else environment
    for name in [name for name in variables if name.startswith("AWS_")]:
        del variables[name]
    variables["AWS_ACCESS_KEY_ID"] = ACCESS_KEY
    variables["AWS_SECRET_ACCESS_KEY"] = "local"  # noqa: S105 -- the local engines take any
    variables["AWS_DEFAULT_REGION"] = REGION
    variables["AWS_CONFIG_FILE"] = variables["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    variables["AWS_EC2_METADATA_DISABLED"] = "true"


def client(service: str, endpoint_url: str) -> Any:
    """Return a botocore client of a local engine."""
    config = Config(
        connect_timeout=2,
        read_timeout=20,
        retries={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
    )
    return botocore.session.get_session().create_client(service, REGION, endpoint_url=endpoint_url, config=config)


def settings(variables: Variables, identity: Identity, engine: Engine, names: Names, wiring: Wiring) -> Settings:
    """Return the product's settings."""
    return Settings(
        table_name=names.table_name,
        region=REGION,
        endpoint_url_dynamodb=engine.dynamodb_endpoint,
        endpoint_url_sqs=engine.sqs_endpoint,
        deposits_queue_url=names.queue_urls["deposits"],
        numbering_queue_url=names.queue_urls["numbering"],
        deliveries_queue_url=names.queue_urls["deliveries"],
        transfers_queue_url=names.queue_urls["transfers"],
        payouts_queue_url=names.queue_urls["payouts"],
        issuer=variables.base_url,
        token_public_keys=identity.token_public_keys,
        token_signing_key=identity.token_signing_key,
        pepper=identity.pepper,
        secrets_key=identity.secrets_key,
        deposit_xpubs=deposit_xpubs(variables.seed),
        chain_nodes=wiring.nodes,
        price_sources=PRICE_SOURCES,
        allow_local_callbacks=variables.local_callbacks,
        sandbox_seed=variables.seed,
        hot_wallet_keys=wiring.hot_wallet_keys,
        deposit_seeds=wiring.deposit_seeds,
        chain_identities=wiring.identities,
        sweep_above_cents=variables.sweep_above_cents,
        rate_limits=variables.rate_limits,
    )


def environment(
    settings: Settings, clock: Clock, post_office: PostOffice, names: LocalNames, prices: PriceDesk
) -> Environment:
    """Return the product's environment, assembled by the product, with the sandbox's own surroundings."""
    env = assembly.build(settings, clock)
    urls = urls_of(settings)
    assert settings.sandbox_seed is not None, "the sandbox sets it"
    sources = prices.sources([source.name for source in env.price_sources], settings.sandbox_seed, clock)
    return replace(
        env, queues=Queues(urls, lambda: post_office.sqs), resolver=names.resolve, price_sources=sources
    )


def free_leases(env: Environment) -> None:
    """End the scanner's leases: whoever had them was another process of this directory, and is gone."""
    for blockchain in env.chains:
        released = update(keys.chain_cursor(blockchain), [ChainCursor.lease_until.set(0)], Record.pk.exists())
        try:
            env.store.commit(released)
        except ConflictError:
            continue  # it was never scanned


def is_known(env: Environment, credentials: Mapping[str, Any]) -> bool:
    """Whether a client with these credentials exists in the table."""
    from chalicelib.oauth.service import check_client  # noqa: PLC0415 -- asked once

    return check_client(env, str(credentials["client_id"]), str(credentials["client_secret"])) is not None
