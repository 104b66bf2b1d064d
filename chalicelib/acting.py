"""For whom this process works right now: one tenant, or nobody in particular.

Set where it becomes known (a request, once authenticated; a worker's message), so that log lines can name the
tenant, and tests can show that no work for one tenant touches what is another's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_tenant: ContextVar[str | None] = ContextVar("acting_tenant", default=None)


def tenant() -> str | None:
    """Return the tenant that is worked for, or None."""
    return _tenant.get()


def begin(tenant_id: str | None) -> Token[str | None]:
    """From here on, work is for this tenant; give the token to ``end``."""
    return _tenant.set(tenant_id)


def end(token: Token[str | None]) -> None:
    """It is no longer."""
    _tenant.reset(token)


@contextmanager
def acting_for(tenant_id: str) -> Iterator[None]:
    """All work inside is for this tenant."""
    token = begin(tenant_id)
    try:
        yield
    finally:
        end(token)


def for_its_tenant(work: Callable[Concatenate[Any, str, P], R]) -> Callable[Concatenate[Any, str, P], R]:
    """Mark work whose second argument is the tenant that it is for."""

    @wraps(work)
    def marked(env: Any, tenant_id: str, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with acting_for(tenant_id):
            return work(env, tenant_id, *args, **kwargs)

    return marked
