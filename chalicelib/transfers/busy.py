"""Which parts of master accounts have had transfers of late: so that the sweep finds what a lost message left.

A reminder for each transfer would cost a write each; this one stands for all that one process accepts on one part
in half a minute. It is written before they are, and goes when nothing of them is undone.
"""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.attributes import IntegerAttribute
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import put

NOTED_SECONDS = 30


class BusyLane(Record):
    """A merchant's part whose transfers may not all be settled and told."""

    tenant_id = UnicodeAttribute(attr_name="t")
    part = IntegerAttribute(attr_name="p")
    noted_at = IntegerAttribute(attr_name="at")


class BusyLanes:
    """What this process has noted: one small write every half minute for each part that it takes transfers for."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._noted: dict[tuple[str, int], float] = {}

    def note(self, tenant_id: str, part: int) -> None:
        """Make sure, before a transfer is accepted, that the sweep will look after it.

        Raises:
            StorageUnavailableError: it cannot be noted; nothing may be accepted.
        """
        now = self._env.clock.now()
        if now - self._noted.get((tenant_id, part), 0) < NOTED_SECONDS:
            return
        pk, sk = keys.busy_lane(tenant_id, part)
        self._env.store.commit(put(BusyLane(pk=pk, sk=sk, tenant_id=tenant_id, part=part, noted_at=int(now))))
        self._noted = {lane: at for lane, at in self._noted.items() if now - at < NOTED_SECONDS}
        self._noted[tenant_id, part] = now
