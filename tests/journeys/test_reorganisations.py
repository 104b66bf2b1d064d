from chalicelib.chains.workers import scan_chain
from chalicelib.ledger import book, rules
from chalicelib.ledger.service import fund
from chalicelib.payments.workers import handle_deposits
from chalicelib.tenants.service import NewTenant
from tests.journeys.books import books, history, statuses
from tests.support.world import World, sqs_event


def reorg(world: World, depth: int, *drop: str, chain: str = "TRX") -> None:
    world.node.reorg(chain, depth, list(drop))
    world.tick(chain)


def test_a_reorg_before_completion_takes_the_payment_back(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    txid = world.pay(payment, 100_000_000)
    world.mine(count=3)
    reorg(world, 3, txid)
    lost = world.status(payment)
    assert (lost["status"], lost["labels"], lost["total_paid_amount"]) == ("waiting", ["REORGED"], "0.00000000")
    world.mine(count=30)
    assert books(world, tenant) == {}
    assert statuses(world, tenant) == ["confirming", "waiting"]


def test_a_reorg_that_returns_the_deposit_only_delays_it(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 100_000_000)
    world.mine(count=3)
    reorg(world, 3)
    assert world.status(payment)["status"] == "confirming"
    world.mine(count=20)
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant)["master"] == -99_000_000


def test_a_reorg_after_completion_leaves_a_reversal(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    txid = world.pay(payment, 100_000_000)
    world.mine(count=20)
    assert world.status(payment)["status"] == "completed"
    reorg(world, 20, txid)
    after = world.status(payment)
    assert (after["status"], after["labels"]) == ("completed", ["REORGED", "REVERSED"])
    assert books(world, tenant) == {}
    assert statuses(world, tenant) == ["confirming", "completed", "completed"]
    assert [row[:2] for row in history(world)] == [("deposit", "99.00000000"), ("reversal", "-99.00000000")]


def test_a_reversed_deposit_that_is_mined_again_is_credited_again(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    txid = world.pay(payment, 100_000_000)
    world.mine(count=20)
    reorg(world, 20, txid)
    world.node.rebroadcast("TRX", txid)
    world.mine(count=20)
    assert books(world, tenant) == {"custody": 100_000_000, "master": -99_000_000, "fees": -1_000_000}
    assert history(world)[-1] == ("deposit", "99.00000000", "99.00000000")


def test_a_reversal_of_money_that_is_held_becomes_owed_and_is_repaid_first(
    world: World, tenant: NewTenant
) -> None:
    payment = world.create()
    txid = world.pay(payment, 100_000_000)
    world.mine(count=20)
    hold(world, tenant, 60_000_000)
    reorg(world, 20, txid)
    assert books(world, tenant) == {"master": -60_000_000, "receivable": 60_000_000}
    balance = world.client.get("/user/balances/").json["account"]["USDTTRC20"]
    assert balance == {
        "amount": "60.00000000",
        "pending_amount": "60.00000000",
        "available_balance": "0.00000000",
        "owed": "60.00000000",
    }
    fund(world.env, tenant.tenant_id, "USDTTRC20", 100_000_000)
    world.settle()
    assert books(world, tenant) == {"custody": 100_000_000, "master": -100_000_000}
    assert history(world)[-1] == ("deposit", "40.00000000", "100.00000000")


def hold(world: World, tenant: NewTenant, units: int) -> None:
    before = book.read_balance(world.env.store, tenant.tenant_id, "master", "USDTTRC20")
    posting = rules.hold(before, "master", units)
    world.env.store.commit(book.balance_write(tenant.tenant_id, "USDTTRC20", posting.changes[0]))


def test_a_double_spend_fails_the_payment(world: World, tenant: NewTenant) -> None:
    payment = world.create(currency="BTC", amount="500")
    units = int(payment["amount_crypto"].replace(".", ""))
    txid = world.pay(payment, units)
    world.tick("BTC")
    seen = world.status(payment)
    assert (seen["status"], seen["confirmations"]) == ("confirming", 0)
    world.node.doublespend("BTC", txid)
    world.tick("BTC")
    assert world.status(payment)["status"] == "failed"
    world.mine("BTC", count=5)
    assert statuses(world, tenant) == ["confirming", "failed"]
    assert books(world, tenant, "BTC") == {}


def test_an_outage_delays_and_loses_nothing(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 100_000_000)
    world.node.set_outage("TRX", 600)
    world.mine(count=25)
    assert world.status(payment)["status"] == "waiting"
    world.clock.advance(601)
    world.tick()
    assert world.status(payment)["status"] == "completed"
    assert statuses(world, tenant) == ["confirming", "completed"]
    assert books(world, tenant)["master"] == -99_000_000


def test_lost_messages_are_told_again_by_the_sweeps(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    world.pay(payment, 100_000_000)
    world.node.mine("TRX")
    scan_chain(world.env, "TRX")
    drop(world)
    world.sweep(61)
    assert world.status(payment)["status"] == "confirming"
    for _ in range(19):
        world.node.mine("TRX")
        scan_chain(world.env, "TRX")
        drop(world)
    world.sweep(61)
    world.sweep(61)
    assert world.status(payment)["status"] == "completed"
    assert statuses(world, tenant) == ["confirming", "completed"]


def test_a_late_reorg_whose_message_is_lost_is_found_by_the_sweep(world: World, tenant: NewTenant) -> None:
    payment = world.create()
    txid = world.pay(payment, 100_000_000)
    world.mine(count=20)
    for _ in range(3):
        world.sweep(61)  # the sweep is done with the block
    world.node.reorg("TRX", 20, [txid])
    scan_chain(world.env, "TRX")
    drop(world)
    for _ in range(3):
        world.mine()
        world.sweep(61)
    assert world.status(payment)["labels"] == ["REORGED", "REVERSED"]
    assert books(world, tenant) == {}
    assert statuses(world, tenant) == ["confirming", "completed", "completed"]


def test_a_double_spend_whose_wake_up_is_lost_is_told_by_the_sweep(world: World, tenant: NewTenant) -> None:
    payment = world.create(currency="BTC", amount="500")
    txid = world.pay(payment, int(payment["amount_crypto"].replace(".", "")))
    world.tick("BTC")
    world.node.doublespend("BTC", txid)
    scan_chain(world.env, "BTC")
    for body in world.aws.messages(world.env.settings.deposits_queue_url):
        handle_deposits(world.env, sqs_event(body))
    assert world.status(payment)["status"] == "failed"
    drop(world)
    world.sweep(61)
    assert statuses(world, tenant) == ["confirming", "failed"]


def drop(world: World) -> None:
    settings = world.env.settings
    for url in (settings.deposits_queue_url, settings.numbering_queue_url, settings.deliveries_queue_url):
        world.aws.messages(url)
