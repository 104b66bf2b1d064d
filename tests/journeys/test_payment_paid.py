from chalicelib.ledger.service import differences, trial_balances
from chalicelib.tenants.service import NewTenant
from tests.support.world import Receiver, World


def rows(world: World, tenant: NewTenant, currency: str = "USDTTRC20") -> dict[str, int]:
    trial = trial_balances(world.env, tenant.tenant_id)
    assert all(sum(row.balance_units for row in one) == 0 for one in trial.values())
    assert differences(world.env, tenant.tenant_id) == []
    return {row.account: row.balance_units for row in trial.get(currency, ())}


def test_a_payment_is_paid_confirmed_credited_and_told(world: World, tenant: NewTenant, receiver: Receiver) -> None:
    payment = world.create(callback_url=receiver.url)
    assert (payment["status"], payment["amount_crypto"]) == ("waiting", "100.00000000")
    world.pay(payment, 100_000_000)
    world.mine()
    seen = world.status(payment)
    assert (seen["status"], seen["confirmations"], seen["total_paid_amount"]) == ("confirming", 1, "100.00000000")
    world.mine(count=seen["required_confirmations"] - 1)
    paid = world.status(payment)
    assert (paid["status"], paid["labels"], paid["completed_at"] is not None) == ("completed", [], True)
    assert rows(world, tenant) == {"custody": 100_000_000, "master": -99_000_000, "fees": -1_000_000}
    assert [body["status"] for body in receiver.bodies] == ["confirming", "completed"]
    assert [body["sequence"] for body in receiver.bodies] == [1, 2]
    assert receiver.bodies[-1]["data"] == paid
    balances = world.client.get("/user/balances/").json
    assert balances["account"]["USDTTRC20"]["amount"] == "99.00000000"
    history = world.client.get("/user/balances/history/").json
    assert [(row["type"], row["amount"], row["balance_after"]) for row in history["history"]] == [
        ("deposit", "99.00000000", "99.00000000")
    ]
    listed = world.client.get("/payments/").json
    assert (listed["total"], listed["results"]) == (1, [paid])
