"""What every journey ends with: the books are checked to the last unit."""

from chalicelib.ledger.service import differences, trial_balances
from chalicelib.tenants.service import NewTenant
from tests.support.world import World


def books(world: World, tenant: NewTenant, currency: str = "USDTTRC20") -> dict[str, int]:
    """Return the accounts of one currency, after all of them were found in balance."""
    trial = trial_balances(world.env, tenant.tenant_id)
    assert all(sum(row.balance_units for row in rows) == 0 for rows in trial.values())
    assert differences(world.env, tenant.tenant_id) == []
    return {row.account: row.balance_units for row in trial.get(currency, ()) if row.balance_units}


def statuses(world: World, tenant: NewTenant) -> list[str]:
    """Return the statuses that were told, after the log was found free of gaps."""
    events = world.events(tenant.tenant_id)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["event_id"] for event in events}) == len(events)
    return [event["status"] for event in events]


def history(world: World, **query: str) -> list[tuple[str, str, str]]:
    """Return the history rows, oldest first, after they were found to add up."""
    rows = world.client.get("/user/balances/history/", query={"limit": "100", **query}).json["history"][::-1]
    balance: dict[str, int] = {}
    for row in rows:
        units = int(row["amount"].replace(".", ""))
        balance[row["currency"]] = balance.get(row["currency"], 0) + units
        assert balance[row["currency"]] == int(row["balance_after"].replace(".", ""))
    return [(row["type"], row["amount"], row["balance_after"]) for row in rows]
