"""How a merchant verifies a webhook, in a few lines (Standard Webhooks specification).

The public libraries do the same, given ``whsec_`` in place of ``sec_``; but they compare the timestamp with the
machine's clock. After a jump of the sandbox's clock give them the sandbox's time, or verify as here.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

TOLERANCE_SECONDS = 300


def is_genuine(secret: str, message: Mapping[str, Any]) -> bool:
    """Tell whether a received webhook was signed with this secret, just before it was received.

    Args:
        secret: ``sec_`` and base64, as the API showed it.
        message: ``headers``, ``body`` and ``received_at`` (by the sandbox's clock), as the inbox shows it.
    """
    headers, received_at = message["headers"], datetime.fromisoformat(message["received_at"]).timestamp()
    if abs(received_at - int(headers["webhook-timestamp"])) > TOLERANCE_SECONDS:
        return False  # an old message, sent again by someone else
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{message['body']}".encode()
    key = base64.b64decode(secret.removeprefix("sec_"))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return any(hmac.compare_digest(expected, given) for given in headers["webhook-signature"].split(" "))
