"""The outbox: reminders that something committed has not been told yet, for commits that no sweep finds otherwise.

A reminder is written in the commit and removed by the sweep once all it stands for was told. What a deposit
changes needs none: the scanner's block records are its reminder.
"""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import Write, put


class Reminder(Record):
    """One subject that has something to tell."""

    tenant_id = UnicodeAttribute(attr_name="t")
    subject = UnicodeAttribute(attr_name="s")
    created_at = IntegerAttribute(attr_name="at")


def reminder(tenant_id: str, subject: str, now: float) -> Write:
    """Return the write that makes the sweep look after a subject until it is told."""
    pk, sk = keys.outbox(tenant_id, subject)
    return put(Reminder(pk=pk, sk=sk, tenant_id=tenant_id, subject=subject, created_at=int(now * 1000)))
