"""The brake on token requests: 30 a minute for a client and for a source address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.environment import Environment
from chalicelib.oauth.credentials import OAuthError
from chalicelib.oauth.records import TokenRequests
from chalicelib.quotas.service import POLICY, STATE
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Raw
from chalicelib.storage.unit_of_work import Write, update

REQUESTS_PER_MINUTE = 30
KEPT_SECONDS = 300


@dataclass(frozen=True)
class Counter:
    """What one request is counted on.

    Attributes:
        name: as the fields of the answer name it: ``client`` or ``address``.
        key: where it stands.
        reset_seconds: until the next minute begins, and with it another counter.
        expires_at: when the item may go, Unix seconds.
    """

    name: str
    key: Key
    reset_seconds: int
    expires_at: int


def count_token_request(env: Environment, client_id: str, source_address: str) -> Sequence[Counter]:
    """Count one request against both quotas, whatever its outcome will be.

    Returns:
        What it was counted on; nothing where requests are not limited.

    Raises:
        OAuthError: 429 with ``Retry-After``, when one of them is used up.
    """
    if not env.settings.rate_limits:
        return ()
    now = int(env.clock.now())
    counters = [_counter("client", client_id, now)]
    counters += [_counter("address", source_address, now)] if source_address else []
    env.store.commit(*(_count(counter) for counter in counters))
    return counters


def fields(counters: Sequence[Counter], found: Mapping[Key, Raw]) -> dict[str, str]:
    """Return the header fields that tell where a caller stands.

    Args:
        counters: what its request was counted on.
        found: the counters' items, read after that.
    """
    if not counters:
        return {}
    asked = {key: TokenRequests.of_raw(item).asked for key, item in found.items()}
    left = [(counter, max(0, REQUESTS_PER_MINUTE - asked.get(counter.key, 0))) for counter in counters]
    return _fields(counters) | {STATE: ", ".join(_state(counter, remaining) for counter, remaining in left)}


def _fields(counters: Sequence[Counter]) -> dict[str, str]:
    return {POLICY: ", ".join(f'"{counter.name}";q={REQUESTS_PER_MINUTE};w=60' for counter in counters)}


def _state(counter: Counter, remaining: int) -> str:
    return f'"{counter.name}";r={remaining};t={counter.reset_seconds}'


def _counter(name: str, of: str, now: int) -> Counter:
    minute, second = divmod(now, 60)
    return Counter(name, keys.token_requests(f"{name}#{of}", minute), 60 - second, now + KEPT_SECONDS)


def _count(counter: Counter) -> Write:
    headers = {"Retry-After": str(counter.reset_seconds), STATE: _state(counter, 0), **_fields([counter])}
    message = f"At most {REQUESTS_PER_MINUTE} token requests a minute; a token lasts ten hours, keep it."
    too_many = OAuthError("rate_limit_exceeded", message, 429, headers)
    asked = TokenRequests.asked
    return update(
        counter.key,
        [asked.add(1), TokenRequests.ttl.set(counter.expires_at)],
        asked.does_not_exist() | (asked < REQUESTS_PER_MINUTE),
        too_many,
    )
