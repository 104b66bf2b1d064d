"""A merchant's settings as an item."""

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute

from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute
from chalicelib.storage.records import Record


class TenantRecord(Record):
    """A merchant. Percentages are decimal text ("1.0" is one per cent), read exactly."""

    name = UnicodeAttribute()
    transaction_fee = UnicodeAttribute()
    withdrawal_fee = UnicodeAttribute(null=True)
    tolerance_percent = UnicodeAttribute()
    is_fee_paid_by_user = BooleanAttribute()
    callback_url = UnicodeAttribute(null=True)
    callback_stopped = BooleanAttribute(default=False)
    secret_shown = BooleanAttribute(default=False)
    secret_shown_to = UnicodeAttribute(null=True)
    sealed_secret = BinaryAttribute(legacy_encoding=False)
    retired_secrets = CompactJsonAttribute(null=True)  # [sealed secret in base64, Unix seconds until it signs]
    withdrawals_frozen = BooleanAttribute(default=False)
    balance_parts = IntegerAttribute(default=1)
    created_at = IntegerAttribute()


class TenantEntry(Record):
    """A merchant's line in the operator's list."""

    name = UnicodeAttribute()
