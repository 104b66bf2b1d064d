"""Puts a process together from its settings: the one place where parts are chosen, and loaded when they are."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

from chalicelib.balances.rows import history_rows
from chalicelib.clock import Clock, SystemClock
from chalicelib.config import ConfigurationError, Settings, from_environment
from chalicelib.currencies.catalogue import load_catalogue
from chalicelib.environment import Environment
from chalicelib.ledger import history
from chalicelib.lists.spec import COUNTS, nothing_to_tell
from chalicelib.payments import steps as payment_steps
from chalicelib.payments.rows import payment_rows
from chalicelib.queues import Queues, urls_of
from chalicelib.storage.store import Store
from chalicelib.transfers import steps as transfer_steps
from chalicelib.transfers.rows import transfer_rows
from chalicelib.wallets.rows import wallet_rows
from chalicelib.webhooks import trial
from chalicelib.webhooks.lookup import system_resolver
from chalicelib.withdrawals import bookings as withdrawal_bookings
from chalicelib.withdrawals import steps as withdrawal_steps
from chalicelib.withdrawals.rows import withdrawal_rows

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
            "payment": payment_steps.tellings,
            "movement": history.tellings,
            "webhook_test": trial.tellings,
            "withdrawal": withdrawal_steps.tellings,
            COUNTS: nothing_to_tell,
            "transfer": transfer_steps.tellings,
        },
        journals=(withdrawal_bookings.journal_entries, transfer_steps.journal_entries),
        lists={
            "payment": payment_rows,
            "withdrawal": withdrawal_rows,
            "history": history_rows,
            "wallet": wallet_rows,
            "transfer": transfer_rows,
        },
        signers=_Signers(settings.hot_wallet_keys or {}),
    )


class _Signers(Mapping[str, "Signer"]):
    """The hot wallets' signers, each made when it is asked for."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    def __getitem__(self, blockchain: str) -> "Signer":
        from chalicelib.chains.local_signer import LocalSigner  # noqa: PLC0415 -- only who signs loads it

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
    from chalicelib.chains.sim import SimAdapter  # noqa: PLC0415 -- loaded when chosen
    from chalicelib.chains.sim_client import SimClient  # noqa: PLC0415 -- the same

    return SimAdapter(blockchain, SimClient(host, port, blockchain))
