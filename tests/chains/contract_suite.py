"""What every chain must do for the gateway, whatever its node: run over the simulated one and every real one.

A test module subclasses ``ChainContract`` and gives a ``chain`` fixture that returns a ChainBackend whose hot
wallet is funded.
"""

from dataclasses import replace
from typing import cast

import pytest

from chalicelib.chains.adapter import (
    ChainUnavailableError,
    Coin,
    CoinAdapter,
    Fee,
    Payout,
    Signed,
    TransactionRefusedError,
    Transfer,
    TxStatus,
)
from tests.chains.backend import ChainBackend


def everyone(addresses):
    return set(addresses)


def only(*ours):
    return lambda addresses: set(addresses) & set(ours)


def scan(chain: ChainBackend, address: str) -> list[Transfer]:
    return chain.adapter.scan(0, chain.adapter.head().height, only(address))


def needs(reason_against: str | None) -> None:
    if reason_against:
        pytest.skip(reason_against)


def payout_of(chain: ChainBackend, to: str, units: int) -> Payout:
    return Payout(chain.hot_wallet, to, chain.token, units * chain.least_units)


def sign_payout(chain: ChainBackend, slot: int, *, to: str, units: int = 5, fee_percent: int = 100) -> Signed:
    """Sign a payout for the hot wallet's slot of that number, counted from where it stood at the beginning."""
    payout = payout_of(chain, to, units)
    if chain.adapter.slot_kind == "inputs":
        return sign_coins(chain, [payout], chain.coins(slot), fee_percent)
    fee = chain.adapter.estimate(payout)
    bumped = Fee(fee.token, fee.units * fee_percent // 100)
    number = slot + (first_slot(chain) if chain.adapter.slot_kind == "sequence" else 0)
    return chain.adapter.sign(chain.adapter.build(payout, str(number), bumped), chain.signer)


def sign_coins(chain: ChainBackend, payouts: list[Payout], coins: list[Coin], fee_percent: int = 100) -> Signed:
    adapter = cast("CoinAdapter", chain.adapter)
    spending = adapter.select(payouts, coins, adapter.fee_rate() * fee_percent // 100)
    assert spending is not None
    return adapter.sign(adapter.assemble(payouts, spending, chain.hot_wallet), chain.signer)


def first_slot(chain: ChainBackend) -> int:
    """Return where the hot wallet's numbers began, asked once: they grow with what is mined."""
    if not hasattr(chain, "began_at"):
        chain.began_at = chain.adapter.next_slot(chain.hot_wallet)
    return chain.began_at


def replace_payout(chain: ChainBackend, stuck: Signed, *, to: str, slot: int, units: int = 5) -> Signed:
    """Sign the same payout for the same slot, an eighth dearer at least."""
    payout = payout_of(chain, to, units)
    if chain.adapter.slot_kind == "inputs":
        adapter = cast("CoinAdapter", chain.adapter)
        spending = adapter.select([payout], chain.coins(slot), adapter.fee_rate())
        assert spending is not None
        raised = adapter.raised([payout], spending, spending.fee_units * 2)
        assert raised is not None
        return adapter.sign(adapter.assemble([payout], raised, chain.hot_wallet), chain.signer)
    fee = chain.adapter.estimate(payout)
    dearer = Fee(fee.token, -(-fee.units * 9 // 8) * 2)
    return chain.adapter.sign(chain.adapter.replacement(stuck.raw, dearer), chain.signer)


def send_payout(chain: ChainBackend, slot: int, **how) -> Signed:
    first_slot(chain)
    signed = sign_payout(chain, slot, **how)
    chain.adapter.broadcast(signed.raw)
    return signed


def stand(chain: ChainBackend, signed: Signed) -> TxStatus:
    """Return where a payout of ours stands."""
    return chain.adapter.status(signed.txid, chain.adapter.spends(signed.raw))


class DepositContract:
    def test_a_deposit_is_seen_in_the_mempool_and_then_in_its_block(self, chain):
        needs(chain.no_mempool)
        address, units = chain.new_address(), 100 * chain.least_units
        txid = chain.pay(address, units)
        (waiting,) = chain.adapter.mempool(only(address))
        assert (waiting.txid, waiting.to, waiting.token, waiting.units) == (txid, address, chain.token, units)
        assert (waiting.height, waiting.block_hash) == (None, None)
        chain.mine()
        head = chain.adapter.head()
        (mined,) = scan(chain, address)
        assert replace(mined, spends=None) == Transfer(
            txid, waiting.index, head.height, head.hash, chain.token, address, units, ok=True
        )
        assert chain.adapter.mempool(everyone) == []

    def test_a_deposit_is_seen_in_its_block(self, chain):
        address, units = chain.new_address(), 100 * chain.least_units
        txid = chain.pay(address, units)
        chain.mine(2)
        (mined,) = scan(chain, address)
        assert (mined.txid, mined.height, mined.units) == (txid, chain.adapter.head().height - 1, units)
        assert mined.block_hash == chain.adapter.block_hash(mined.height)

    def test_hashes_of_a_range_are_those_of_its_blocks(self, chain):
        chain.mine(3)
        height = chain.adapter.head().height
        wanted = [chain.adapter.block_hash(each) for each in range(height - 2, height + 2)]
        assert chain.adapter.block_hashes(height - 2, height + 1) == wanted
        assert wanted[-1] is None

    def test_only_transfers_to_our_addresses_are_told(self, chain):
        ours, theirs = chain.new_address(), chain.new_address()
        chain.pay(theirs, 1 * chain.least_units)
        chain.pay(ours, 2 * chain.least_units)
        waiting = [transfer.to for transfer in chain.adapter.mempool(only(ours))]
        assert waiting == ([] if chain.no_mempool else [ours])
        chain.mine()
        assert [transfer.to for transfer in scan(chain, ours)] == [ours]

    def test_an_amount_beyond_64_bits_arrives_exactly(self, chain):
        needs(chain.no_big_amounts)
        address, units = chain.new_address(), 2**80 + 1
        chain.pay(address, units)
        chain.mine()
        assert scan(chain, address)[0].units == units

    def test_a_transaction_gets_deeper_with_every_block(self, chain):
        txid = chain.pay(chain.new_address(), chain.least_units)
        assert chain.adapter.status(txid).state == ("missing" if chain.no_mempool else "mempool")
        chain.mine()
        mined = chain.adapter.status(txid)
        chain.mine(3)
        assert replace(chain.adapter.status(txid), is_final=mined.is_final) == mined
        assert (mined.state, mined.ok) == ("mined", True)
        assert chain.adapter.head().height - mined.height + 1 == 4
        assert chain.adapter.block_hash(mined.height) == mined.block_hash

    def test_a_block_that_is_not_there_is_an_error_and_never_empty(self, chain):
        height = chain.adapter.head().height
        assert chain.adapter.block_hash(height + 1) is None
        with pytest.raises(ChainUnavailableError):
            chain.adapter.scan(height, height + 1, everyone)

    def test_an_unknown_transaction_is_missing(self, chain):
        txid = chain.pay(chain.new_address(), chain.least_units)
        flipped = txid[:-1] + ("0" if txid[-1] != "0" else "1")
        assert chain.adapter.status(flipped).state == "missing"


class ReorganisationContract:
    def test_it_can_lose_a_deposit_and_the_same_bytes_can_bring_it_back(self, chain):
        address = chain.new_address()
        txid = chain.pay(address, 100 * chain.least_units)
        chain.mine(2)
        before = chain.adapter.head()
        lost_in = chain.adapter.status(txid)
        chain.reorg(2, drop=[txid])
        assert chain.adapter.head().height == before.height
        assert chain.adapter.head().hash != before.hash
        assert chain.adapter.block_hash(lost_in.height) != lost_in.block_hash
        assert scan(chain, address) == []
        assert chain.adapter.mempool(everyone) == []
        assert chain.adapter.status(txid).state == "missing"
        chain.pay_again(txid)
        chain.mine()
        assert [transfer.txid for transfer in scan(chain, address)] == [txid]

    def test_what_is_not_dropped_is_mined_again_in_its_order_in_other_blocks(self, chain):
        address = chain.new_address()
        paid = [chain.pay(address, units * chain.least_units) for units in (1, 2, 3)]
        chain.mine()
        before = scan(chain, address)
        chain.reorg(1, drop=[paid[1]])
        after = scan(chain, address)
        assert [transfer.txid for transfer in after] == [paid[0], paid[2]]
        assert {transfer.block_hash for transfer in after}.isdisjoint(each.block_hash for each in before)

    def test_it_leaves_deeper_blocks_alone(self, chain):
        chain.mine(3)
        height = chain.adapter.head().height
        hashes = chain.adapter.block_hashes(max(0, height - 20), height)
        chain.reorg(2, drop=[])
        after = chain.adapter.block_hashes(max(0, height - 20), height)
        assert after[:-2] == hashes[:-2]
        assert not set(after[-2:]) & set(hashes)


class DoubleSpendContract:
    def test_a_double_spent_deposit_is_impossible_for_ever(self, chain):
        needs(chain.no_mempool or chain.no_double_spend)
        address = chain.new_address()
        txid = chain.pay(address, 100 * chain.least_units)
        (waiting,) = chain.adapter.mempool(only(address))
        chain.doublespend(txid)
        chain.mine()
        assert chain.adapter.status(txid, waiting.spends).state == "impossible"
        assert chain.adapter.mempool(only(address)) == []
        assert scan(chain, address) == []

    def test_a_deposit_that_a_reorganisation_dropped_can_be_double_spent(self, chain):
        needs(chain.no_double_spend)
        address = chain.new_address()
        txid = chain.pay(address, 100 * chain.least_units)
        chain.mine()
        (mined,) = scan(chain, address)
        chain.reorg(1, drop=[txid])
        chain.doublespend(txid)
        chain.mine()
        # Where a mined transfer does not tell its slot, all that may be known is that it is not there.
        known = {"impossible"} if mined.spends else {"impossible", "missing"}
        assert chain.adapter.status(txid, mined.spends).state in known
        assert scan(chain, address) == []


class PayoutContract:
    def test_a_payout_arrives_and_its_id_is_known_before_it_is_sent(self, chain):
        to = chain.new_address()
        signed = sign_payout(chain, 0, to=to, units=7)
        assert stand(chain, signed).state == "missing"
        chain.adapter.broadcast(signed.raw)
        assert stand(chain, signed).state == "mempool"
        chain.mine()
        assert stand(chain, signed).ok is True
        assert [(each.txid, each.units) for each in scan(chain, to)] == [(signed.txid, 7 * chain.least_units)]

    def test_its_receipt_says_what_the_chain_took(self, chain):
        to = chain.new_address()
        payout = payout_of(chain, to, 7)
        most = chain.adapter.estimate(payout)
        native = most.token
        before = {token: chain.adapter.balance(chain.hot_wallet, token) for token in {chain.token, native}}
        signed = send_payout(chain, 0, to=to, units=7)
        assert stand(chain, signed).fee_units is None
        chain.mine()
        took = stand(chain, signed).fee_units
        assert 0 < took <= most.units
        after = {token: chain.adapter.balance(chain.hot_wallet, token) for token in before}
        spent = {chain.token: payout.units}
        spent[native] = spent.get(native, 0) + took
        assert {token: before[token] - after[token] for token in before} == spent

    def test_a_balance_counts_what_is_in_blocks_alone(self, chain):
        address = chain.new_address()
        chain.pay(address, 9 * chain.least_units)
        assert chain.adapter.balance(address, chain.token) == 0
        chain.mine()
        assert chain.adapter.balance(address, chain.token) == 9 * chain.least_units

    def test_an_impossible_one_says_how_deep_that_is(self, chain):
        needs(chain.no_double_spend)
        signed = send_payout(chain, 0, to=chain.new_address())
        chain.doublespend(signed.txid)
        assert stand(chain, signed).height is None
        chain.mine(3)
        status = stand(chain, signed)
        assert (status.state, status.height) == ("impossible", chain.adapter.head().height - 2)

    def test_the_same_bytes_twice_pay_once(self, chain):
        to = chain.new_address()
        signed = send_payout(chain, 0, to=to)
        chain.adapter.broadcast(signed.raw)
        chain.mine()
        chain.adapter.broadcast(signed.raw)
        chain.mine()
        assert len(scan(chain, to)) == 1

    def test_a_used_slot_is_refused_and_its_loser_is_impossible(self, chain):
        if chain.adapter.slot_kind == "expiry":
            pytest.skip("where payouts expire, a number is not spent")
        winner = send_payout(chain, 0, to=chain.new_address())
        chain.mine()
        loser = sign_payout(chain, 0, to=chain.new_address())
        with pytest.raises(TransactionRefusedError):
            chain.adapter.broadcast(loser.raw)
        assert stand(chain, winner).state == "mined"
        assert stand(chain, loser).state == "impossible"

    def test_two_payouts_that_pay_the_same_are_two(self, chain):
        to = chain.new_address()
        one, other = send_payout(chain, 0, to=to), send_payout(chain, 1, to=to)
        assert one.txid != other.txid
        chain.mine()
        assert sorted(each.txid for each in scan(chain, to)) == sorted([one.txid, other.txid])

    def test_stuck_at_its_fee_until_it_is_replaced_in_the_same_slot(self, chain):
        if not chain.adapter.is_replaceable:
            pytest.skip("nodes of this chain take no replacement")
        chain.set_payouts("stuck")
        to = chain.new_address()
        stuck = send_payout(chain, 0, to=to)
        chain.mine(2)
        assert stand(chain, stuck).state == "mempool"
        replacement = replace_payout(chain, stuck, to=to, slot=0)
        chain.adapter.broadcast(replacement.raw)
        chain.mine()
        assert stand(chain, replacement).state == "mined"
        assert stand(chain, stuck).state == "impossible"
        assert [transfer.txid for transfer in scan(chain, to)] == [replacement.txid]

    def test_stuck_at_its_fee_until_a_child_pays_for_it(self, chain):
        if chain.adapter.slot_kind != "inputs":
            pytest.skip("no child can pay for its parent where money lies on accounts")
        chain.set_payouts("stuck")
        to, adapter = chain.new_address(), cast("CoinAdapter", chain.adapter)
        payout = payout_of(chain, to, 5)
        spending = adapter.select([payout], chain.coins(0), adapter.fee_rate())
        stuck = adapter.sign(adapter.assemble([payout], spending, chain.hot_wallet), chain.signer)
        adapter.broadcast(stuck.raw)
        chain.mine()
        assert stand(chain, stuck).state == "mempool"
        change = adapter.change_of(stuck.raw, spending)
        child = sign_coins(chain, [], [change], fee_percent=1_000)
        adapter.broadcast(child.raw)
        chain.mine()
        assert [stand(chain, one).state for one in (stuck, child)] == ["mined", "mined"]

    def test_stuck_no_longer_is_mined_as_it_is(self, chain):
        chain.set_payouts("stuck")
        signed = send_payout(chain, 0, to=chain.new_address())
        chain.mine()
        chain.set_payouts("ok")
        chain.mine()
        assert stand(chain, signed).state == "mined"

    def test_a_reverted_payout_moves_nothing_and_has_used_its_slot(self, chain):
        needs(chain.no_revert)
        chain.set_payouts("revert")
        to = chain.new_address()
        signed = send_payout(chain, 0, to=to)
        chain.mine()
        assert stand(chain, signed).state == "mined"
        assert stand(chain, signed).ok is False
        assert stand(chain, signed).fee_units > 0
        assert all(not transfer.ok for transfer in scan(chain, to))
        chain.set_payouts("ok")
        if chain.adapter.slot_kind == "sequence":
            with pytest.raises(TransactionRefusedError):
                send_payout(chain, 0, to=to, units=6)

    def test_a_payout_that_a_reorganisation_dropped_can_be_sent_again(self, chain):
        to = chain.new_address()
        signed = send_payout(chain, 0, to=to)
        chain.mine()
        chain.reorg(1, drop=[signed.txid])
        assert stand(chain, signed).state == "missing"
        chain.adapter.broadcast(signed.raw)
        chain.mine()
        assert [transfer.txid for transfer in scan(chain, to)] == [signed.txid]

    def test_more_than_the_hot_wallet_has_is_not_paid(self, chain):
        if chain.adapter.slot_kind == "inputs":
            adapter = cast("CoinAdapter", chain.adapter)
            payout = payout_of(chain, chain.new_address(), 10**9)
            assert adapter.select([payout], chain.coins(0), adapter.fee_rate()) is None
            return
        to = chain.new_address()
        try:
            signed = send_payout(chain, 0, to=to, units=10**30)
        except (TransactionRefusedError, ValueError):
            return
        chain.mine()  # a node does not try a token's transfer out before it mines it
        assert stand(chain, signed).ok is False
        assert all(not transfer.ok for transfer in scan(chain, to))

    def test_bytes_that_were_tampered_with_are_refused(self, chain):
        signed = sign_payout(chain, 0, to=chain.new_address())
        place = len(signed.raw) // 2
        wrong = signed.raw[:place] + bytes([signed.raw[place] ^ 1]) + signed.raw[place + 1 :]
        with pytest.raises(TransactionRefusedError):
            chain.adapter.broadcast(wrong)


class OutageContract:
    def test_a_node_that_is_down_is_unavailable_and_forgets_nothing(self, chain):
        address = chain.new_address()
        signed = sign_payout(chain, 0, to=address)
        txid = chain.pay(address, chain.least_units)
        chain.break_for(60)
        for ask in (
            chain.adapter.head,
            lambda: chain.adapter.block_hashes(0, 1),
            lambda: chain.adapter.scan(0, 1, everyone),
            lambda: chain.adapter.mempool(everyone),
            lambda: chain.adapter.status(txid),
            lambda: chain.adapter.estimate(payout_of(chain, address, 1)),
            lambda: chain.adapter.broadcast(signed.raw),
        ):
            with pytest.raises(ChainUnavailableError):
                ask()
        chain.wait(61)
        chain.mine()
        assert chain.adapter.status(txid).state == "mined"


class ChainContract(DepositContract, ReorganisationContract, DoubleSpendContract, PayoutContract, OutageContract):
    """All of it."""
