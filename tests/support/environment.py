"""An environment for use cases: put together as in production, but on moto and on a clock that stands still."""

from dataclasses import replace
from typing import Any

from chalicelib import assembly
from chalicelib.config import Settings
from chalicelib.environment import Environment
from chalicelib.webhooks.lookup import ResolveError
from tests.support.aws import Aws
from tests.support.clock import FakeClock
from tests.support.settings import make_settings

PUBLIC_ADDRESS = "93.184.216.34"


def resolve(host: str) -> list[str]:
    """Names under private.example are private, all others under .example public; the rest does not resolve."""
    if host.endswith("private.example"):
        return ["10.0.0.1"]
    if host.endswith(".example") or host == "your-site.com":
        return [PUBLIC_ADDRESS]
    raise ResolveError(f"{host} does not resolve")


def make_environment(aws: Aws, clock: FakeClock, settings: Settings | None = None, **parts: Any) -> Environment:
    """One process; ``parts`` replace what production would have (``chains``, ``price_sources`` …)."""
    built = assembly.build(settings or make_settings(), clock)
    shared: dict[str, Any] = {"store": aws.store, "queues": aws.queues, "resolver": resolve}
    return replace(built, **{**shared, **parts})
