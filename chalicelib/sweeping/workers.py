"""The schedule's handler."""

from chalicelib.environment import Environment
from chalicelib.sweeping import service


def sweep_accounts(env: Environment) -> None:
    """Bring home the deposits that are worth it."""
    service.sweep(env)
