"""Where a delivery is found by its place: deliveries are counted 1, 2, 3 … by merchant, oldest first.

As long as every event of a tenant went somewhere, a delivery's place is its event's number, and the log finds it.
From the first page on with an event that went nowhere, each page with deliveries has a run of them here.
"""

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.attributes import CompactJsonAttribute
from chalicelib.storage.records import Record
from chalicelib.webhooks import pages
from chalicelib.webhooks.pages import TELLINGS_IN_ONE_PAGE, LogPage


class DeliveryRun(Record):
    """The events of one page of the log that went somewhere, in order."""

    event_ids = CompactJsonAttribute(attr_name="e")

    @property
    def by_place(self) -> dict[int, str]:
        """The events' ids by their deliveries' places."""
        return dict(enumerate(self.event_ids, int(self.sk)))


def run_of(tenant_id: str, page: LogPage) -> DeliveryRun | None:
    """Return the run of a page, or None when it needs none."""
    event_ids = page.deliveries
    if not page.silent_until or not event_ids:
        return None
    pk, sk = keys.delivery_run(tenant_id, page.deliveries_before + 1)
    return DeliveryRun(pk=pk, sk=sk, event_ids=event_ids)


def event_ids(env: Environment, tenant_id: str, low: int, high: int, newest: LogPage) -> dict[int, str]:
    """Return the events of the deliveries from one place to another: in one query, in two where runs begin.

    Args:
        env: the environment.
        tenant_id: whose deliveries.
        low: the first place.
        high: the last place, less than 100 places on.
        newest: the log's last page.
    """
    found: dict[int, str] = {}
    if newest.silent_until:
        first = max(1, low - TELLINGS_IN_ONE_PAGE + 1)
        span = Record.sk.between(keys.delivery_run(tenant_id, first).sk, keys.delivery_run(tenant_id, high).sk)
        for run in env.store.query_all(DeliveryRun, keys.deliveries(tenant_id), span):
            found |= run.by_place
    if low not in found:  # before the first event that went nowhere
        until = min([high + 1, *found]) - 1
        found |= pages.numbered_between(env, tenant_id, low, until)
    return {place: event_id for place, event_id in found.items() if low <= place <= high}
