"""The revocation feed: what stops tokens within 30 seconds, at no read for a request.

Each process reads the whole small feed at most every 20 seconds; one older than 30 seconds is not trusted.
"""

import threading

from chalicelib.environment import Environment
from chalicelib.errors import ServiceUnavailableError
from chalicelib.oauth.records import RevocationRecord
from chalicelib.oauth.tokens import LIFETIME_SECONDS, Claims
from chalicelib.storage import keys
from chalicelib.storage.calls import StorageUnavailableError
from chalicelib.storage.unit_of_work import Write, put

REFRESH_SECONDS = 20
TRUST_SECONDS = 30


class RevocationFeed:
    """This process's copy of the feed."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._revoked: frozenset[str] = frozenset()
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def demand_live(self, claims: Claims) -> bool:
        """Return whether the token still stands.

        Raises:
            ServiceUnavailableError: the feed cannot be read, and the copy is too old to be trusted.
        """
        self._refresh()
        return not {_token(claims.token_id), _client(claims.client_id)} & self._revoked

    def note(self, revoked: str) -> None:
        """Take up what this process revoked itself, without waiting for the next read."""
        self._revoked |= {revoked}

    def _refresh(self) -> None:
        if self._age() < REFRESH_SECONDS:
            return
        with self._lock:
            if self._age() < REFRESH_SECONDS:
                return
            try:
                asked_at = self._env.clock.now()
                entries = self._env.store.query_all(RevocationRecord, keys.revocations())
                self._revoked = frozenset(entry.sk for entry in entries)
                self._read_at = asked_at
            except StorageUnavailableError:
                if self._age() >= TRUST_SECONDS:
                    message = "Access tokens cannot be checked for a moment; try again."
                    raise ServiceUnavailableError(message) from None

    def _age(self) -> float:
        return self._env.clock.now() - self._read_at


def revoke_token(env: Environment, claims: Claims) -> None:
    """Stop one token."""
    _revoke(env, _token(claims.token_id), claims.expires_at)


def client_revocation(env: Environment, client_id: str) -> Write:
    """Return the write that stops all tokens of an application; take it up with ``note_client`` after."""
    return put(_record(_client(client_id), int(env.clock.now()) + LIFETIME_SECONDS))


def note_client(env: Environment, client_id: str) -> None:
    """Take up at once that an application was deleted."""
    env.keep(RevocationFeed).note(_client(client_id))


def _revoke(env: Environment, revoked: str, until: int) -> None:
    env.store.commit(put(_record(revoked, until)))
    env.keep(RevocationFeed).note(revoked)


def _record(revoked: str, until: int) -> RevocationRecord:
    pk, sk = keys.revocation(revoked)
    return RevocationRecord(pk=pk, sk=sk, ttl=until + TRUST_SECONDS)


def _token(token_id: str) -> str:
    return f"token#{token_id}"


def _client(client_id: str) -> str:
    return f"client#{client_id}"
