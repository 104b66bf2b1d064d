"""Signing deliveries: the Standard Webhooks specification, so that its public libraries verify ours.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Sequence

USER_AGENT = "Sluice-Webhooks/1.0"


def headers(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that one attempt carries, the signatures among them.

    Args:
        secrets: the raw keys to sign with, newest first: more than one while a rotation lasts.
        message_id: the event's id, the same at every attempt, so that a receiver can tell a repeat.
        timestamp: the time of this attempt in whole Unix seconds; receivers refuse an old one.
        body: the very bytes that are sent.

    Returns:
        Header name → value: ``webhook-id``, ``webhook-timestamp``, ``webhook-signature`` (one
        ``v1,<base64>`` for each secret, separated by spaces), the content type and our user agent.

    Raises:
        ValueError: there is no secret (nothing leaves unsigned), or the id has a dot in it (the dot
            separates what is signed, so two messages could share one signature).
    """
    if not secrets:
        raise ValueError("a delivery needs at least one secret to be signed with")
    if "." in message_id:
        raise ValueError("a message id must not contain a dot")
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
