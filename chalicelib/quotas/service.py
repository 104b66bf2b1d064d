"""The brake on a tenant's requests, and the fields that tell callers about it."""

from chalicelib.environment import Environment
from chalicelib.errors import RateLimitExceededError, ServiceUnavailableError
from chalicelib.quotas.bucket import MINUTE_SECONDS, Quota, seconds_up
from chalicelib.quotas.leases import Leases, Verdict

POLICY = "RateLimit-Policy"
STATE = "RateLimit"


def admit(env: Environment, tenant_id: str, headers: dict[str, str]) -> None:
    """Count one request against its tenant's quota.

    Args:
        env: the environment.
        tenant_id: who asks.
        headers: the answer's, whatever it will be; the quota and its state are put there.

    Raises:
        RateLimitExceededError: the quota is used up.
        ServiceUnavailableError: it cannot be counted, and this process let through what it may by itself.
    """
    if not env.settings.rate_limits:
        return
    verdict = env.keep(Leases).admit(tenant_id)
    seconds = seconds_up(verdict.wait)
    headers[POLICY] = policy(verdict.quota)
    headers[STATE] = f'"default";r={verdict.remaining};t={seconds}'
    if not verdict.is_admitted:
        raise _refusal(verdict, seconds)


def policy(quota: Quota) -> str:
    """Return a quota as the policy field tells it: the long run, and what may come at once."""
    refill = max(1, quota.burst * MINUTE_SECONDS // quota.per_minute)
    return f'"default";q={quota.per_minute};w={MINUTE_SECONDS}, "burst";q={quota.burst};w={refill}'


def _refusal(verdict: Verdict, seconds: int) -> RateLimitExceededError | ServiceUnavailableError:
    headers = {"Retry-After": str(seconds)}
    if not verdict.is_known:
        return ServiceUnavailableError("Requests cannot be counted for a moment; try again.", headers=headers)
    quota = verdict.quota
    message = (
        f"At most {quota.per_minute} requests a minute, {quota.burst} of them at once; "
        f"come back in {seconds} second{'' if seconds == 1 else 's'}."
    )
    return RateLimitExceededError(message, headers=headers)
