"""The brake on token requests: 30 a minute for a client and for a source address."""

from chalicelib.environment import Environment
from chalicelib.oauth.credentials import OAuthError
from chalicelib.oauth.records import TokenRequests
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import Write, update

REQUESTS_PER_MINUTE = 30
KEPT_SECONDS = 300


def count_token_request(env: Environment, client_id: str, source_address: str) -> None:
    """Count one request against both quotas, whatever its outcome will be.

    Raises:
        OAuthError: 429 with ``Retry-After``, when one of them is used up.
    """
    if not env.settings.rate_limits:
        return
    now = int(env.clock.now())
    counted = [f"client#{client_id}"] + ([f"address#{source_address}"] if source_address else [])
    env.store.commit(*(_count(of, now) for of in counted))


def _count(of: str, now: int) -> Write:
    minute, second = divmod(now, 60)
    headers = {"Retry-After": str(60 - second)}
    message = f"At most {REQUESTS_PER_MINUTE} token requests a minute; a token lasts ten hours, keep it."
    too_many = OAuthError("rate_limit_exceeded", message, 429, headers)
    asked = TokenRequests.asked
    return update(
        keys.token_requests(of, minute),
        [asked.add(1), TokenRequests.ttl.set(now + KEPT_SECONDS)],
        asked.does_not_exist() | (asked < REQUESTS_PER_MINUTE),
        too_many,
    )
