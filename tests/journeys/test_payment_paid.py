import pytest

from chalicelib.operator.command_line import run
from chalicelib.tenants.service import NewTenant
from tests.journeys.books import books, history, statuses
from tests.support.world import Receiver, World


def test_a_payment_is_paid_confirmed_credited_and_told(
    world: World, tenant: NewTenant, receiver: Receiver
) -> None:
    payment = world.create(callback_url=receiver.url)
    assert (payment["status"], payment["amount_crypto"]) == ("waiting", "100.00000000")
    world.pay(payment, 100_000_000)
    world.mine()
    seen = world.status(payment)
    assert (seen["status"], seen["confirmations"], seen["total_paid_amount"]) == ("confirming", 1, "100.00000000")
    world.mine(count=seen["required_confirmations"] - 1)
    paid = world.status(payment)
    assert (paid["status"], paid["labels"], paid["completed_at"] is not None) == ("completed", [], True)
    assert books(world, tenant) == {"custody": 100_000_000, "master": -99_000_000, "fees": -1_000_000}
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


def test_the_customer_pays_the_fee_on_top(world: World, tenant: NewTenant) -> None:
    payment = world.create(is_fee_paid_by_user=True)
    assert (payment["amount_crypto"], payment["fee_amount"]) == ("101.00000000", "1.00000000")
    world.pay(payment, 101_000_000)
    world.mine(count=20)
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant) == {"custody": 101_000_000, "master": -100_000_000, "fees": -1_000_000}


def test_under_paid_then_topped_up(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 40_000_000)
    world.mine()
    part = world.status(payment)
    assert (part["status"], part["labels"]) == ("partially_paid", ["UNDERPAID"])
    world.mine(count=19)
    assert world.status(payment)["status"] == "partially_paid"
    assert books(world, tenant)["master"] == -39_600_000
    world.pay(payment, 60_000_000)
    world.mine(count=20)
    whole = world.status(payment)
    assert (whole["status"], whole["labels"], whole["deposits_count"]) == ("completed", ["MULTIPLE"], 2)
    assert books(world, tenant) == {"custody": 100_000_000, "master": -99_000_000, "fees": -1_000_000}
    assert statuses(world, tenant) == ["partially_paid", "partially_paid", "confirming", "completed"]
    assert history(world) == [
        ("deposit", "39.60000000", "39.60000000"),
        ("deposit", "59.40000000", "99.00000000"),
    ]


def test_too_much_is_credited_whole_and_labelled(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 150_000_000)
    world.mine(count=20)
    assert world.status(payment)["labels"] == ["OVERPAID"]
    assert books(world, tenant) == {"custody": 150_000_000, "master": -148_500_000, "fees": -1_500_000}


@pytest.mark.parametrize(
    ("units", "status", "labels"), [(99_500_000, "completed", []), (99_499_999, "partially_paid", ["UNDERPAID"])]
)
def test_the_tolerance_is_half_a_percent(
    world: World, tenant: NewTenant, units: int, status: str, labels: list[str]
) -> None:
    payment = world.create()
    world.pay(payment, units)
    world.mine(count=20)
    assert (world.status(payment)["status"], world.status(payment)["labels"]) == (status, labels)
    books(world, tenant)


def test_nothing_comes_and_the_payment_expires_then_late_money_completes_it(
    world: World, tenant: NewTenant
) -> None:
    payment = world.create(expiry_minutes=5)
    world.sweep(299)
    assert world.status(payment)["status"] == "waiting"
    world.sweep(2)
    assert world.status(payment)["status"] == "expired"
    world.pay(payment, 100_000_000)
    world.mine()
    assert (world.status(payment)["status"], world.status(payment)["labels"]) == ("expired", ["LATE"])
    world.mine(count=19)
    late = world.status(payment)
    assert (late["status"], late["labels"]) == ("completed", ["LATE"])
    assert statuses(world, tenant) == ["expired", "expired", "completed"]
    books(world, tenant)


def test_an_under_paid_payment_expires_and_keeps_what_came(world: World, tenant: NewTenant) -> None:
    payment = world.create(expiry_minutes=5)
    world.pay(payment, 50_000_000)
    world.mine()
    world.sweep(301)
    assert world.status(payment)["status"] == "partially_completed"
    world.mine(count=19)
    assert books(world, tenant)["master"] == -49_500_000
    assert world.status(payment)["labels"] == ["UNDERPAID"]


def test_another_currency_is_credited_in_its_own_and_does_not_pay(world: World, tenant: NewTenant) -> None:
    payment = world.create(currency="USDTERC20")
    world.pay(payment, 100_000_000, token="USDC", chain="ARB")
    world.mine("ARB", count=25)
    odd = world.status(payment)
    assert (odd["status"], odd["labels"]) == ("waiting", ["WRONG_CURRENCY"])
    assert books(world, tenant, "USDCARB")["master"] == -99_000_000


def test_a_token_outside_the_catalogue_is_listed_for_the_operator(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 5, token="SHIB")
    world.mine(count=20)
    assert world.status(payment)["status"] == "waiting"
    assert "SHIB" in str(run(world.env, ["deposits", "stray"]))
    assert books(world, tenant) == {}


def test_dust_waits_until_it_adds_up(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 6_000)
    world.mine(count=20)
    assert (world.status(payment)["status"], books(world, tenant)) == ("waiting", {})
    world.pay(payment, 6_000)
    world.mine(count=20)
    assert books(world, tenant) == {"custody": 12_000, "master": -11_880, "fees": -120}
    assert world.status(payment)["status"] == "partially_paid"


def test_a_zero_transfer_is_ignored(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 0)
    world.mine(count=20)
    assert world.status(payment)["deposits_count"] == 0


def test_eighteen_decimals_leave_dust_to_the_platform(world: World, tenant: NewTenant) -> None:
    payment = world.create(currency="ETH", price_currency="ETH", amount="0.1")
    world.pay(payment, 10**17 + 123)
    world.mine("ETH", count=15)
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant, "ETH") == {
        "custody": 10**17 + 123,
        "master": -99 * 10**15,
        "fees": -(10**15),
        "dust": -123,
    }
