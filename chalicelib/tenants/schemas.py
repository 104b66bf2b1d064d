"""The answer shape of the tenant routes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.api.fields import Number


class TenantInfo(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The tenant that the access token belongs to."""

    name: str
    transaction_fee: Annotated[Number, Meta(description="Per cent of each payment.", examples=[1.0])]
    is_fee_paid_by_user: Annotated[bool, Meta(description="true: the customer pays the fee on top of the price.")]
    tolerance_percent: Annotated[
        Number, Meta(description="By how much a payment may fall short and still count as paid.", examples=[0.5])
    ]
    webhook_callback_url: str | None
    webhook_secret_masked: Annotated[str, Meta(examples=["sec_****fgh"])]
    webhook_stopped: Annotated[
        bool, Meta(description="The callback answered 410 Gone: nothing is sent to it until it is set anew.")
    ]
