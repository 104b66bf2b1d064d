"""The re-scan: what a scan missed is found, told of, and credited once; what is right stays as it is."""

from random import Random

import pytest

from chalicelib.audit import rescan as rescanning
from chalicelib.audit import workers
from chalicelib.audit.alarms import AuditAlarmError
from chalicelib.audit.comparing import Finding
from chalicelib.chains import failed_ranges, scanner, sightings
from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.records import BlockRecord, ChainCursor, DepositSweepCursor
from chalicelib.chains.workers import scan_chain
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import delete, put
from chalicelib.tenants.service import NewTenant
from tests.journeys.books import books
from tests.support.world import World

PAID = 100_000_000
DEPTH = 19


def rescan(world: World, seed: int = 1) -> list[Finding]:
    found = list(rescanning.rescan(world.env, "TRX", Random(seed)))
    world.settle()
    return found


def blocks(world: World) -> list[BlockRecord]:
    return list(world.env.store.query_all(BlockRecord, keys.blocks("TRX")))


def forget(world: World) -> None:
    for block in blocks(world):
        world.env.store.commit(delete(block.key))


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make scans see nothing: the bug that the audit is for."""
    monkeypatch.setattr(scanner.sightings, "store_blocks", lambda *_: [])


def test_a_missed_deposit_is_found_alarmed_and_credited_once(
    world: World, tenant: NewTenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rescan(world)
    payment = world.create()
    with monkeypatch.context() as patch:
        blind(patch)
        txid = world.pay(payment, PAID)
        world.mine(count=DEPTH + 1)
    world.sweep()
    assert world.status(payment)["status"] == "waiting"
    with pytest.raises(AuditAlarmError, match="1 transfers"):
        workers.audit_chains(world.env, Random(1))
    world.settle()
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    (block,) = blocks(world)
    for named in (str(block.height), txid, str(PAID), "never seen"):
        assert named in line.getMessage()
    assert world.status(payment)["status"] == "completed"
    workers.audit_chains(world.env, Random(1))
    world.settle()
    world.sweep()
    assert books(world, tenant)["custody"] == PAID


def test_the_sweep_tells_what_the_audit_stored_and_could_not_tell(
    world: World, tenant: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescan(world)
    payment, later = world.create(), world.create()
    with monkeypatch.context() as patch:
        blind(patch)
        world.pay(payment, PAID)
        world.mine()
    world.pay(later, PAID)
    world.mine(count=DEPTH)
    for _ in range(5):
        world.sweep(300)
    cursor = world.env.store.get(DepositSweepCursor, keys.sweep("deposits#TRX"))
    assert cursor is not None
    with monkeypatch.context() as patch:
        patch.setattr(world.queues, "report_deposits", lambda _: None)
        (found,) = rescanning.rescan(world.env, "TRX", Random(1))
    assert cursor.from_height > found.height
    for _ in range(5):
        world.sweep(300)
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant)["custody"] == 2 * PAID


def test_a_deposit_that_was_forgotten_after_it_was_credited_is_not_credited_twice(
    world: World, tenant: NewTenant
) -> None:
    rescan(world)
    payment = world.create()
    world.pay(payment, PAID)
    world.mine(count=DEPTH + 1)
    forget(world)
    assert [one.kind for one in rescan(world)] == ["missed"]
    assert books(world, tenant)["custody"] == PAID
    assert rescan(world) == []


def test_what_the_chain_does_not_show_is_an_alarm_and_no_reversal(
    world: World, tenant: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescan(world)
    payment = world.create()
    world.pay(payment, PAID)
    world.mine(count=DEPTH + 1)
    with monkeypatch.context() as patch:
        patch.setattr(world.nodes.adapters["TRX"], "scan", lambda *_: [], raising=False)
        assert [one.kind for one in rescan(world)] == ["vanished"]
    (block,) = blocks(world)
    assert len(block.sightings) == 1
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant)["custody"] == PAID


def test_another_amount_is_an_alarm_and_is_stored_as_the_chain_has_it(world: World) -> None:
    rescan(world)
    world.pay(world.create(), PAID)
    world.mine(count=DEPTH + 1)
    (block,) = blocks(world)
    block.sightings = [{**one, "units": "1"} for one in block.sightings]
    world.env.store.commit(put(block))
    (found,) = rescan(world)
    assert (found.kind, found.units, found.stored_units) == ("amount", PAID, 1)
    assert [one["units"] for one in blocks(world)[0].sightings] == [str(PAID)]


def test_the_sample_is_bounded_drawn_by_its_seed_and_deep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rescan(world)
    for _ in range(60):
        world.node.mine("TRX")
    scan_chain(world.env, "TRX")
    monkeypatch.setattr(rescanning, "BLOCKS_IN_SAMPLE", 8)
    cursor = world.env.store.get(ChainCursor, keys.chain_cursor("TRX"))
    assert cursor is not None
    drawn = [rescanning._sample(world.env, "TRX", cursor, 61, Random(seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    for one in drawn:
        assert len(set(one)) == 8
        assert all(first == last for first, last in one)
        assert 2 <= min(one)[0] <= max(one)[0] <= 61 - 19
    monkeypatch.setattr(rescanning, "BLOCKS_BACK", 0)
    narrow = rescanning._sample(world.env, "TRX", cursor, 61, Random(1))
    assert min(narrow)[0] >= cursor.next_height - len(cursor.hashes)


@pytest.mark.parametrize("is_remembered", [True, False])
def test_a_block_that_was_reorganised_since_is_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch, is_remembered: bool
) -> None:
    if not is_remembered:
        monkeypatch.setattr(ChainCursor, "remembers", lambda *_: None)
    rescan(world)
    world.pay(world.create(), PAID)
    world.mine(count=DEPTH + 1)
    world.node.reorg("TRX", DEPTH + 1)
    assert rescan(world) == []
    assert [block.lost_at for block in blocks(world)] == [None]
    world.tick()
    assert rescan(world) == []


@pytest.mark.parametrize("is_of_ours", [True, False])
def test_a_deep_block_that_is_another_and_was_never_given_up_is_an_alarm(world: World, is_of_ours: bool) -> None:
    """The scanner stands on the chain, so no walk back ever comes down to it."""
    rescan(world)
    payment = world.create()
    if is_of_ours:
        world.pay(payment, PAID)
    world.mine(count=DEPTH + 1)
    if is_of_ours:
        (block,) = blocks(world)
        forget(world)
        sightings.store_block(world.env, "TRX", 2, "another", block.sightings)
    else:
        cursor = world.env.store.get(ChainCursor, keys.chain_cursor("TRX"))
        assert cursor is not None
        cursor.hashes = ["another" if place == 1 else each for place, each in enumerate(cursor.hashes)]
        world.env.store.commit(put(cursor))
    (found,) = rescan(world)
    assert (found.kind, found.height, found.is_repaired) == ("replaced", 2, False)
    assert str(found).startswith("block 2 of TRX")
    with pytest.raises(AuditAlarmError):
        workers.audit_chains(world.env, Random(1))


def test_a_range_that_failed_is_noted_and_read_again_once(
    world: World, tenant: NewTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescan(world)
    payment = world.create()
    world.pay(payment, PAID)
    read_blocks = sightings.read_blocks

    def broken(*_: object) -> None:
        raise ChainUnavailableError("half an answer")

    with monkeypatch.context() as patch:
        patch.setattr(sightings, "read_blocks", broken)
        world.mine(count=3)
    assert failed_ranges.noted(world.env, "TRX") == [(2, 4)]
    assert rescan(world) == []
    assert failed_ranges.noted(world.env, "TRX") == [(2, 4)], "the scanner has not been there yet"
    with monkeypatch.context() as patch:
        blind(patch)
        world.tick()
    seen: list[tuple[int, int]] = []

    def counted(env: object, blockchain: str, first: int, last: int) -> object:
        seen.append((first, last))
        return read_blocks(world.env, blockchain, first, last)

    monkeypatch.setattr(sightings, "read_blocks", counted)
    assert [one.kind for one in rescan(world)] == ["missed"]
    assert seen == [(2, 4)]
    assert failed_ranges.noted(world.env, "TRX") == []
    assert rescan(world) == []
    assert seen == [(2, 4)]
    world.mine(count=DEPTH)
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant)["custody"] == PAID


def test_a_chain_that_is_away_keeps_its_failed_ranges_and_holds_up_no_other(world: World) -> None:
    failed_ranges.note(world.env, "TRX", 1, 1)
    world.node.set_outage("TRX", 60)
    workers.audit_chains(world.env, Random(1))
    assert failed_ranges.noted(world.env, "TRX") == [(1, 1)]
    world.node.set_outage("TRX", 0)
    workers.audit_chains(world.env, Random(1))
    assert failed_ranges.noted(world.env, "TRX") == []
