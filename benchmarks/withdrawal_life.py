"""The whole life of a withdrawal: accepted, signed, sent, mined, settled, told of three times; each write counted.

Ten withdrawals live together, the total divided by ten, and one alone, as payments do in ``life.py``.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction

from benchmarks.figures import UNITS, Figure
from benchmarks.gateway import CHAIN, Gateway, expect
from benchmarks.meter import Cost
from chalicelib.chains.networks import NATIVE_TOKEN_OF
from chalicelib.chains.workers import scan_chain
from chalicelib.ledger import service as ledger

CURRENCY, TOKEN = "USDTTRC20", "USDT"
ADDRESS = "TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC"
FUNDED_UNITS = 10**12
CONFIRMATIONS = 19
EACH_TICK = "CHAIN"
EVENTS = 3  # processing, submitted, completed


def live(gateway: Gateway, withdrawals: int, name: str) -> Iterator[Figure]:
    """Live that many withdrawals together, from their acceptance to the last webhook.

    Args:
        gateway: where they live; its queues are empty.
        withdrawals: how many.
        name: what the figures are called.

    Raises:
        RuntimeError: one of them did not end completed, or was not told of three times.
    """
    _fund(gateway)
    gateway.receiver.got.clear()
    parts: dict[str, Cost] = {}
    ids: list[str] = []
    _do(gateway, parts, "accepted", lambda: ids.extend(_create(gateway) for _ in range(withdrawals)))
    _do(gateway, parts, "signed_and_sent", gateway.work_off_payouts)
    _tell(gateway, parts, "submitted")
    for _ in range(CONFIRMATIONS):
        gateway.world.node.mine(CHAIN)
        _do(gateway, parts, "followed", lambda: scan_chain(gateway.env, CHAIN))
        _do(gateway, parts, "followed", gateway.work_off_payouts)
    _tell(gateway, parts, "completed")
    _check(gateway, ids)
    units = {part: cost.write_units - cost.write_units_in(EACH_TICK) for part, cost in parts.items()}
    for part, written in units.items():
        yield Figure(f"{name}.{part}", Fraction(written, withdrawals), UNITS)
    yield Figure(f"{name}.write_units", Fraction(sum(units.values()), withdrawals), UNITS)


def _create(gateway: Gateway) -> str:
    url = gateway.sample["callback_url"]
    asked = {"amount": "50.00", "currency": CURRENCY, "address": ADDRESS, "callback_url": url}
    return str(expect(gateway.client.post("/withdrawal/", asked), 201).json["withdrawal_id"])


def _fund(gateway: Gateway) -> None:
    for token in (TOKEN, NATIVE_TOKEN_OF[CHAIN]):
        gateway.world.node.fund_hot_wallet(CHAIN, token, FUNDED_UNITS)
    ledger.fund(gateway.env, gateway.tenant.tenant_id, CURRENCY, FUNDED_UNITS)
    gateway.work_off_numbering()


def _tell(gateway: Gateway, parts: dict[str, Cost], status: str) -> None:
    _do(gateway, parts, f"numbered_{status}", gateway.work_off_numbering)
    _do(gateway, parts, f"delivered_{status}", gateway.work_off_deliveries)


def _do(gateway: Gateway, parts: dict[str, Cost], part: str, act: Callable[[], object]) -> None:
    with gateway.meter.measured() as cost:
        act()
    parts.setdefault(part, Cost([])).made.extend(cost.made)


def _check(gateway: Gateway, ids: list[str]) -> None:
    statuses = {gateway.client.get(f"/withdrawal/{one}/").json["status"] for one in ids}
    if statuses != {"completed"} or len(gateway.receiver.got) != EVENTS * len(ids):
        raise RuntimeError(f"ended {statuses} after {len(gateway.receiver.got)} webhooks")
