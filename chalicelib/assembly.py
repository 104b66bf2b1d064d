"""Puts a process together from its settings: the one place where parts are chosen, and loaded when they are."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

from chalicelib.clock import Clock, SystemClock
from chalicelib.config import ConfigurationError, Settings, from_environment
from chalicelib.currencies.catalogue import load_catalogue
from chalicelib.environment import Environment
from chalicelib.lazily import late
from chalicelib.queues import Queues, urls_of
from chalicelib.storage.store import Store
from chalicelib.webhooks.lookup import system_resolver

if TYPE_CHECKING:
    from chalicelib.chains.adapter import ChainAdapter, Signer
    from chalicelib.currencies.prices import PriceSource

_SQS = Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})


def build(settings: Settings | None = None, clock: Clock | None = None) -> Environment:
    """Build the environment of a process.

    Args:
        settings: given by the sandbox and tests; else read from the process's environment.
        clock: given by the sandbox and tests; else the machine's.

    Raises:
        ConfigurationError: the settings are wrong.
    """
    settings = settings or from_environment()
    clock = clock or SystemClock()
    session = botocore.session.get_session()
    urls = urls_of(settings)

    def sqs() -> object:
        return session.create_client("sqs", settings.region, endpoint_url=settings.endpoint_url_sqs, config=_SQS)

    return Environment(
        settings=settings,
        clock=clock,
        store=Store(settings.table_name, session, settings.region, settings.endpoint_url_dynamodb),
        queues=Queues(urls, sqs),
        catalogue=load_catalogue(),
        price_sources=[_price_source(name, settings, clock) for name in settings.price_sources],
        chains={name: _chain(name, url) for name, url in settings.chain_nodes.items()},
        resolver=system_resolver,
        subjects={
            "payment": late("chalicelib.payments.steps", "tellings"),
            "movement": late("chalicelib.ledger.history", "tellings"),
            "webhook_test": late("chalicelib.webhooks.trial", "tellings"),
            "withdrawal": late("chalicelib.withdrawals.steps", "tellings"),
            "counts": late("chalicelib.lists.spec", "nothing_to_tell"),
            "transfer": late("chalicelib.transfers.steps", "tellings"),
        },
        journals=(
            late("chalicelib.withdrawals.bookings", "journal_entries"),
            late("chalicelib.transfers.steps", "journal_entries"),
        ),
        lists={
            "payment": late("chalicelib.payments.rows", "payment_rows"),
            "withdrawal": late("chalicelib.withdrawals.rows", "withdrawal_rows"),
            "history": late("chalicelib.balances.rows", "history_rows"),
            "wallet": late("chalicelib.wallets.rows", "wallet_rows"),
            "transfer": late("chalicelib.transfers.rows", "transfer_rows"),
        },
        signers=_Signers(settings.hot_wallet_keys or {}),
    )


class _Signers(Mapping[str, "Signer"]):
    """The hot wallets' signers, each made when it is asked for."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    def __getitem__(self, blockchain: str) -> "Signer":
        from chalicelib.chains.signers.local import LocalSigner  # noqa: PLC0415 -- only who signs loads it

        return LocalSigner(bytes.fromhex(self._keys[blockchain]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _price_source(name: str, settings: Settings, clock: Clock) -> "PriceSource":
    kind, _, label = name.partition(":")
    if kind != "seeded":
        raise ConfigurationError(f"PRICE_SOURCES names {name}; known are: seeded:<label>")
    if settings.sandbox_seed is None:
        raise ConfigurationError("seeded prices need SANDBOX_SEED, which a deployed stage must not have")
    from chalicelib.currencies.seeded_prices import SeededPrices  # noqa: PLC0415 -- loaded when chosen

    return SeededPrices(label or kind, settings.sandbox_seed, clock)


def _chain(blockchain: str, url: str) -> "ChainAdapter":
    scheme, host, port = urlsplit(url).scheme, urlsplit(url).hostname, urlsplit(url).port
    if scheme != "sim" or host is None or port is None:
        raise ConfigurationError(f"CHAIN_NODES names {url} for {blockchain}; known are: sim://host:port")
    from chalicelib.chains.sim.adapter import SimAdapter  # noqa: PLC0415 -- loaded when chosen
    from chalicelib.chains.sim.client import SimClient  # noqa: PLC0415 -- the same

    return SimAdapter(blockchain, SimClient(host, port, blockchain))
