"""Applications, their clients, and what was revoked, as items of the table."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record


class ApplicationRecord(Record):
    """An application in its tenant's list."""

    name = UnicodeAttribute()
    client_id = UnicodeAttribute()
    scopes = UnicodeAttribute()
    created_at = IntegerAttribute()


class ApplicationCounter(Record):
    """Numbers a tenant's applications, and counts the living ones."""

    living = IntegerAttribute(default=0)


class ClientRecord(Record):
    """What a token request is checked against. The secret is kept as a keyed hash only."""

    tenant_id = UnicodeAttribute()
    application_id = IntegerAttribute()
    secret_hash = UnicodeAttribute()
    scopes = UnicodeAttribute()


class RevocationRecord(Record):
    """A token or a whole application whose tokens are no longer good; expires with the last of them."""


class TokenRequests(Record):
    """How many token requests came in one minute."""

    asked = IntegerAttribute(attr_name="n")
