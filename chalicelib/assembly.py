"""Puts a process together from its settings: the one place where parts are chosen, and loaded when they are."""

import botocore.session
from botocore.config import Config

from chalicelib.chains.directory import NamedChains
from chalicelib.chains.signers.directory import NamedSigners
from chalicelib.clock import Clock, SystemClock
from chalicelib.config import Settings, from_environment
from chalicelib.currencies.catalogue import Catalogue, load_catalogue
from chalicelib.currencies.sources.directory import NamedSources
from chalicelib.environment import Environment
from chalicelib.lazily import late
from chalicelib.queues import Queues, urls_of
from chalicelib.storage.store import Store
from chalicelib.webhooks.lookup import system_resolver

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
    catalogue = load_catalogue()

    def sqs() -> object:
        return session.create_client("sqs", settings.region, endpoint_url=settings.endpoint_url_sqs, config=_SQS)

    return Environment(
        settings=settings,
        clock=clock,
        store=Store(settings.table_name, session, settings.region, settings.endpoint_url_dynamodb),
        queues=Queues(urls, sqs),
        catalogue=catalogue,
        price_sources=NamedSources(settings, clock),
        chains=NamedChains(settings, _tokens(catalogue), clock),
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
        signers=NamedSigners(settings, session),
    )


def _tokens(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Return each blockchain's tokens with their contracts; what an adapter may move and nothing else."""
    tokens: dict[str, dict[str, str]] = {}
    for currency in catalogue.all():
        if currency.contract:
            tokens.setdefault(currency.blockchain, {})[currency.token] = currency.contract
    return tokens
