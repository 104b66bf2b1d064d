"""What the scanner takes for a reorganisation, and that it works one off whatever stops in between."""

from typing import Any

import pytest

from chalicelib.chains import failed_ranges, reorganisations, scanner, workers
from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.records import BlockRecord, ChainCursor
from chalicelib.chains.workers import scan_chain, scan_chains
from chalicelib.payments.workers import sweep_deposits
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import ConflictError, update
from chalicelib.tenants.service import NewTenant
from tests.chains.scanner.other_nodes import Acting, Behind, Branch, OtherNode
from tests.journeys.books import books
from tests.support.world import World

PAID = 100_000_000
DEPTH = 19
DONE = {"custody": PAID, "master": -99_000_000, "fees": -1_000_000}


def blocks(world: World) -> list[BlockRecord]:
    return list(world.env.store.query_all(BlockRecord, keys.blocks("TRX")))


def cursor(world: World) -> ChainCursor:
    found = world.env.store.get(ChainCursor, keys.chain_cursor("TRX"))
    assert found is not None
    return found


def paid(world: World, mined: int) -> tuple[dict[str, Any], str]:
    payment = world.create()
    txid = world.pay(payment, PAID)
    world.mine(count=mined)
    return payment, txid


def answered_by(world: World, node: Any) -> Any:
    """Have another provider answer from now on; returns the one that did."""
    chains: Any = world.env.chains
    before, chains["TRX"] = chains["TRX"], node
    return before


def go_on(world: World, blocks_more: int = DEPTH + 2) -> None:
    world.mine(count=blocks_more)
    for _ in range(4):
        world.sweep(400)


class TestANodeThatIsBehind:
    @pytest.mark.parametrize(
        ("mined", "behind", "state", "for_workers"),
        [
            (2, 2, "missing", True),
            (2, 2, "missing", False),
            (2, 2, "mempool", True),
            (DEPTH + 1, DEPTH + 1, "missing", True),
        ],
    )
    def test_it_takes_nothing_back(
        self, world: World, tenant: NewTenant, mined: int, behind: int, state: str, for_workers: bool
    ) -> None:
        payment, _ = paid(world, mined)
        before = world.status(payment)["status"], cursor(world).next_height
        good = answered_by(world, Behind(world.env.chains["TRX"], behind, state))
        scan_chain(world.env, "TRX")
        if not for_workers:
            answered_by(world, good)
        world.settle()
        assert (world.status(payment)["status"], cursor(world).next_height) == before
        assert [block.lost_at for block in blocks(world)] == [None]
        answered_by(world, good)
        go_on(world)
        after = world.status(payment)
        assert (after["status"], after["labels"]) == ("completed", [])
        assert books(world, tenant) == DONE

    @pytest.mark.parametrize("behind", [1, scanner.HASHES_KEPT - 1, scanner.HASHES_KEPT + 2])
    def test_it_is_said_so(self, world: World, behind: int) -> None:
        for _ in range(scanner.HASHES_KEPT + 5):
            world.node.mine("TRX")
        world.tick()
        answered_by(world, Behind(world.env.chains["TRX"], behind))
        with pytest.raises(ChainUnavailableError, match="behind"):
            scanner.tick(world.env, "TRX")

    def test_one_that_lacks_a_block_below_its_head_tells_nothing(self, world: World) -> None:
        paid(world, 3)

        class Lacking(OtherNode):
            def block_hash(self, height: int) -> str | None:
                return None if height == 4 else self.inner.block_hash(height)

        answered_by(world, Lacking(world.env.chains["TRX"]))
        with pytest.raises(ChainUnavailableError, match="lacks block 4"):
            scanner.tick(world.env, "TRX")
        assert [block.lost_at for block in blocks(world)] == [None]


def test_another_branch_that_is_shorter_is_a_reorganisation(world: World, tenant: NewTenant) -> None:
    payment, txid = paid(world, 3)
    world.node.reorg("TRX", 3, [txid])
    good = answered_by(world, Behind(world.env.chains["TRX"], 1))
    world.tick()
    assert (world.status(payment)["status"], world.status(payment)["labels"]) == ("waiting", ["REORGED"])
    assert (cursor(world).next_height, cursor(world).gave_up_from) == (4, None)
    answered_by(world, good)
    go_on(world)
    assert world.status(payment)["status"] == "waiting"
    assert books(world, tenant) == {}


@pytest.mark.parametrize(
    ("mined", "breaks", "for_workers"),
    [(2, True, False), (2, False, False), (2, False, True), (DEPTH + 1, True, False), (DEPTH + 1, False, True)],
)
def test_what_a_node_on_another_branch_had_given_up_comes_back(
    world: World, tenant: NewTenant, mined: int, breaks: bool, for_workers: bool
) -> None:
    payment, _ = paid(world, mined)
    good = answered_by(world, Branch(world.env.chains["TRX"], 2, breaks=breaks))
    scan_chain(world.env, "TRX")
    assert [block.lost_at is None for block in blocks(world)] == [False]
    assert cursor(world).gave_up_from == (2 if breaks else None)
    if not for_workers:
        answered_by(world, good)
    world.settle()
    answered_by(world, good)
    go_on(world)
    assert [block.lost_at for block in blocks(world)] == [None]
    assert cursor(world).gave_up_from is None
    assert world.status(payment)["status"] == "completed"
    assert books(world, tenant) == DONE


@pytest.mark.parametrize("broken", ["give_up_blocks", "store_blocks", "look_again_from", "store_mempool"])
def test_a_reorganisation_is_worked_off_whatever_stops_in_between(
    world: World, tenant: NewTenant, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    payment, txid = paid(world, DEPTH + 1)
    for _ in range(3):
        world.sweep(400)  # the sweep is done with the block
    world.node.reorg("TRX", DEPTH + 1, [txid])

    def fail(*_: Any) -> None:
        raise ChainUnavailableError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(scanner.sightings, broken, fail)
        world.tick()
        assert books(world, tenant) == DONE
    go_on(world, 1)
    assert cursor(world).gave_up_from is None
    assert world.status(payment)["labels"] == ["REORGED", "REVERSED"]
    assert books(world, tenant) == {}


class TestTheLease:
    def test_who_has_lost_it_gives_nothing_up(self, world: World) -> None:
        paid(world, 2)
        self.have_it_taken_before(world, "block_hash")
        with pytest.raises(ConflictError):
            scanner.tick(world.env, "TRX")
        assert [block.lost_at for block in blocks(world)] == [None]
        assert (cursor(world).next_height, cursor(world).gave_up_from) == (4, None)

    def test_who_loses_it_between_two_blocks_gives_up_no_more(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paid(world, 2)
        lower = reorganisations._lower

        def lose_it(*given: Any) -> None:
            lower(*given)
            self.take(world)

        monkeypatch.setattr(reorganisations, "_lower", lose_it)
        answered_by(world, Branch(world.env.chains["TRX"], 2))
        with pytest.raises(ConflictError):
            scanner.tick(world.env, "TRX")
        assert [block.lost_at for block in blocks(world)] == [None]
        assert cursor(world).gave_up_from == 2, "who has it now goes on with that"

    def test_who_was_overtaken_while_taking_it_reads_the_cursor_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.mine(count=2)
        world.node.reorg("TRX", 1)
        real = scanner.update

        def overtaken(*given: Any) -> Any:
            monkeypatch.setattr(scanner, "update", real)
            assert scanner.tick(world.env, "TRX")  # and the cursor is as high as before
            return real(*given)

        monkeypatch.setattr(scanner, "update", overtaken)
        assert not scanner.tick(world.env, "TRX")

    def test_one_chain_that_has_lost_it_holds_up_no_other(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticked = []

        def tick(_: Any, blockchain: str) -> bool:
            ticked.append(blockchain)
            raise ConflictError(blockchain)

        monkeypatch.setattr(workers.scanner, "tick", tick)
        scan_chains(world.env)
        assert ticked == sorted(world.env.chains)

    def take(self, world: World) -> None:
        taken = update(keys.chain_cursor("TRX"), [ChainCursor.lease_owner.set("another")])
        world.env.store.commit(taken)

    def have_it_taken_before(self, world: World, question: str) -> None:
        branch = Branch(world.env.chains["TRX"], 2)
        answered_by(world, Acting(branch, question, lambda: self.take(world)))


class TestARange:
    def test_it_follows_the_block_that_was_read_before(self, world: World, tenant: NewTenant) -> None:
        """The chain changes after the walk back has looked at that block, and before the range is read."""
        payment, txid = paid(world, 1)
        height = world.node.height("TRX")
        world.node.mine("TRX")
        reorg = Acting(world.env.chains["TRX"], "block_hashes", lambda: world.node.reorg("TRX", 2, [txid]))
        good = answered_by(world, reorg)
        with pytest.raises(ChainUnavailableError, match="before that was read"):
            scanner.tick(world.env, "TRX")
        assert cursor(world).next_height == height + 1
        answered_by(world, good)
        go_on(world)
        assert [block.lost_at is None for block in blocks(world)] == [False]
        assert world.status(payment)["status"] in ("waiting", "expired")
        assert books(world, tenant) == {}

    def test_it_is_read_whole(self, world: World) -> None:
        class Lacking(OtherNode):
            def block_hashes(self, first: int, last: int) -> list[str | None]:
                return [*self.inner.block_hashes(first, last)[:-1], None]

            def block_hash(self, height: int) -> str | None:
                return None if height == self.inner.head().height else self.inner.block_hash(height)

        world.node.mine("TRX")
        answered_by(world, Lacking(world.env.chains["TRX"]))
        with pytest.raises(ChainUnavailableError, match="lacks"):
            scanner.tick(world.env, "TRX")

    def test_what_was_stored_of_a_block_that_went_while_it_was_read_is_given_up(
        self, world: World, tenant: NewTenant
    ) -> None:
        payment = world.create()
        txid = world.pay(payment, PAID)
        world.node.mine("TRX")
        reorg = Acting(world.env.chains["TRX"], "scan", lambda: world.node.reorg("TRX", 1, [txid]), after=True)
        good = answered_by(world, reorg)
        scan_chain(world.env, "TRX")
        assert failed_ranges.noted(world.env, "TRX") == [(2, 2)]
        assert [block.lost_at for block in blocks(world)] == [None]
        answered_by(world, good)
        world.clock.advance(400)
        sweep_deposits(world.env)  # tells of it before anybody knows better
        world.settle()
        assert world.status(payment)["status"] == "confirming"
        go_on(world)
        assert [block.lost_at is None for block in blocks(world)] == [False]
        assert world.status(payment)["status"] in ("waiting", "expired")
        assert books(world, tenant) == {}
