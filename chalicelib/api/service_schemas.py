"""The answer shapes of the service's own routes."""

from typing import Literal

import msgspec


class Status(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The API is operational."""

    status: Literal["ok"] = "ok"
