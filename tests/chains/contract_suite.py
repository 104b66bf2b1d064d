"""What every chain must do for the gateway, whatever its node: run over the simulated one and every real one.

A test module subclasses ``ChainContract`` and gives a ``chain`` fixture that returns a ChainBackend whose hot
wallet is funded.
"""

import pytest

from chalicelib.chains.adapter import (
    ChainUnavailableError,
    Fee,
    Payout,
    Signed,
    TransactionRefusedError,
    Transfer,
)
from tests.chains.backend import ChainBackend


def everyone(addresses):
    return set(addresses)


def only(*ours):
    return lambda addresses: set(addresses) & set(ours)


def scan(chain: ChainBackend, address: str) -> list[Transfer]:
    return chain.adapter.scan(0, chain.adapter.head().height, only(address))


def sign_payout(chain: ChainBackend, slot: int, *, to: str, units: int = 5, fee_percent: int = 100) -> Signed:
    payout = Payout(chain.hot_wallet, to, chain.token, units)
    fee = chain.adapter.estimate(payout)
    bumped = Fee(fee.token, fee.units * fee_percent // 100)
    return chain.adapter.sign(chain.adapter.build(payout, str(slot), bumped), chain.signer)


def send_payout(chain: ChainBackend, slot: int, **how) -> Signed:
    signed = sign_payout(chain, slot, **how)
    chain.adapter.broadcast(signed.raw)
    return signed


class DepositContract:
    def test_a_deposit_is_seen_in_the_mempool_and_then_in_its_block(self, chain):
        address = chain.new_address()
        txid = chain.pay(address, 100)
        (waiting,) = chain.adapter.mempool(only(address))
        assert (waiting.txid, waiting.to, waiting.token, waiting.units) == (txid, address, chain.token, 100)
        assert (waiting.height, waiting.block_hash) == (None, None)
        chain.mine()
        head = chain.adapter.head()
        assert scan(chain, address) == [
            Transfer(txid, waiting.index, head.height, head.hash, chain.token, address, 100, ok=True)
        ]
        assert chain.adapter.mempool(everyone) == []

    def test_only_transfers_to_our_addresses_are_told(self, chain):
        ours, theirs = chain.new_address(), chain.new_address()
        chain.pay(theirs, 1)
        chain.pay(ours, 2)
        assert [transfer.to for transfer in chain.adapter.mempool(only(ours))] == [ours]
        chain.mine()
        assert [transfer.to for transfer in scan(chain, ours)] == [ours]

    def test_an_amount_beyond_64_bits_arrives_exactly(self, chain):
        address, units = chain.new_address(), 2**80 + 1
        chain.pay(address, units)
        chain.mine()
        assert scan(chain, address)[0].units == units

    def test_a_transaction_gets_deeper_with_every_block(self, chain):
        txid = chain.pay(chain.new_address(), 1)
        assert chain.adapter.status(txid).state == "mempool"
        chain.mine()
        mined = chain.adapter.status(txid)
        chain.mine(3)
        assert chain.adapter.status(txid) == mined
        assert (mined.state, mined.ok) == ("mined", True)
        assert chain.adapter.head().height - mined.height + 1 == 4
        assert chain.adapter.block_hash(mined.height) == mined.block_hash

    def test_a_block_that_is_not_there_is_an_error_and_never_empty(self, chain):
        height = chain.adapter.head().height
        assert chain.adapter.block_hash(height + 1) is None
        with pytest.raises(ChainUnavailableError):
            chain.adapter.scan(height, height + 1, everyone)

    def test_an_unknown_transaction_is_missing(self, chain):
        txid = chain.pay(chain.new_address(), 1)
        flipped = txid[:-1] + ("0" if txid[-1] != "0" else "1")
        assert chain.adapter.status(flipped).state == "missing"


class ReorganisationContract:
    def test_it_can_lose_a_deposit_and_the_same_bytes_can_bring_it_back(self, chain):
        address = chain.new_address()
        txid = chain.pay(address, 100)
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
        paid = [chain.pay(address, units) for units in (1, 2, 3)]
        chain.mine()
        before = scan(chain, address)
        chain.reorg(1, drop=[paid[1]])
        after = scan(chain, address)
        assert [transfer.txid for transfer in after] == [paid[0], paid[2]]
        assert {transfer.block_hash for transfer in after}.isdisjoint(each.block_hash for each in before)

    def test_it_leaves_deeper_blocks_alone(self, chain):
        chain.mine(3)
        height = chain.adapter.head().height
        hashes = [chain.adapter.block_hash(each) for each in range(height + 1)]
        chain.reorg(2, drop=[])
        after = [chain.adapter.block_hash(each) for each in range(height + 1)]
        assert after[:-2] == hashes[:-2]
        assert not set(after[-2:]) & set(hashes)


class DoubleSpendContract:
    def test_a_double_spent_deposit_is_impossible_for_ever(self, chain):
        address = chain.new_address()
        txid = chain.pay(address, 100)
        chain.doublespend(txid)
        chain.mine()
        assert chain.adapter.status(txid).state == "impossible"
        assert chain.adapter.mempool(only(address)) == []
        assert scan(chain, address) == []

    def test_a_deposit_that_a_reorganisation_dropped_can_be_double_spent(self, chain):
        txid = chain.pay(chain.new_address(), 100)
        chain.mine()
        chain.reorg(1, drop=[txid])
        chain.doublespend(txid)
        chain.mine()
        assert chain.adapter.status(txid).state == "impossible"


class PayoutContract:
    def test_a_payout_arrives_and_its_id_is_known_before_it_is_sent(self, chain):
        to = chain.new_address()
        signed = sign_payout(chain, 0, to=to, units=7)
        assert chain.adapter.status(signed.txid).state == "missing"
        chain.adapter.broadcast(signed.raw)
        assert chain.adapter.status(signed.txid).state == "mempool"
        chain.mine()
        assert chain.adapter.status(signed.txid).ok is True
        assert [(each.txid, each.units) for each in scan(chain, to)] == [(signed.txid, 7)]

    def test_its_receipt_says_what_the_chain_took(self, chain):
        to = chain.new_address()
        payout = Payout(chain.hot_wallet, to, chain.token, 7)
        native = chain.adapter.estimate(payout).token
        before = {token: chain.adapter.balance(chain.hot_wallet, token) for token in {chain.token, native}}
        signed = send_payout(chain, 0, to=to, units=7)
        assert chain.adapter.status(signed.txid).fee_units is None
        chain.mine()
        took = chain.adapter.status(signed.txid).fee_units
        assert 0 < took <= chain.adapter.estimate(payout).units
        after = {token: chain.adapter.balance(chain.hot_wallet, token) for token in before}
        spent = {chain.token: 7}
        spent[native] = spent.get(native, 0) + took
        assert {token: before[token] - after[token] for token in before} == spent

    def test_a_balance_counts_what_is_in_blocks_alone(self, chain):
        address = chain.new_address()
        chain.pay(address, 9)
        assert chain.adapter.balance(address, chain.token) == 0
        chain.mine()
        assert chain.adapter.balance(address, chain.token) == 9

    def test_an_impossible_one_says_how_deep_that_is(self, chain):
        signed = send_payout(chain, 0, to=chain.new_address())
        chain.doublespend(signed.txid)
        assert chain.adapter.status(signed.txid).height is None
        chain.mine(3)
        status = chain.adapter.status(signed.txid)
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
        winner = send_payout(chain, 0, to=chain.new_address())
        chain.mine()
        loser = sign_payout(chain, 0, to=chain.new_address())
        with pytest.raises(TransactionRefusedError):
            chain.adapter.broadcast(loser.raw)
        assert chain.adapter.status(winner.txid).state == "mined"
        assert chain.adapter.status(loser.txid).state in ("missing", "impossible")

    def test_stuck_at_its_fee_until_it_is_replaced_in_the_same_slot(self, chain):
        chain.set_payouts("stuck")
        to = chain.new_address()
        stuck = send_payout(chain, 0, to=to)
        chain.mine(2)
        assert chain.adapter.status(stuck.txid).state == "mempool"
        replacement = send_payout(chain, 0, to=to, fee_percent=113)
        chain.mine()
        assert chain.adapter.status(replacement.txid).state == "mined"
        assert chain.adapter.status(stuck.txid).state == "impossible"
        assert [transfer.txid for transfer in scan(chain, to)] == [replacement.txid]

    def test_stuck_no_longer_is_mined_as_it_is(self, chain):
        chain.set_payouts("stuck")
        signed = send_payout(chain, 0, to=chain.new_address())
        chain.mine()
        chain.set_payouts("ok")
        chain.mine()
        assert chain.adapter.status(signed.txid).state == "mined"

    def test_a_reverted_payout_moves_nothing_and_has_used_its_slot(self, chain):
        chain.set_payouts("revert")
        to = chain.new_address()
        signed = send_payout(chain, 0, to=to)
        chain.mine()
        assert chain.adapter.status(signed.txid).state == "mined"
        assert chain.adapter.status(signed.txid).ok is False
        assert all(not transfer.ok for transfer in scan(chain, to))
        chain.set_payouts("ok")
        with pytest.raises(TransactionRefusedError):
            send_payout(chain, 0, to=to, units=6)

    def test_a_payout_that_a_reorganisation_dropped_can_be_sent_again(self, chain):
        to = chain.new_address()
        signed = send_payout(chain, 0, to=to)
        chain.mine()
        chain.reorg(1, drop=[signed.txid])
        assert chain.adapter.status(signed.txid).state == "missing"
        chain.adapter.broadcast(signed.raw)
        chain.mine()
        assert [transfer.txid for transfer in scan(chain, to)] == [signed.txid]

    def test_more_than_the_hot_wallet_has_is_refused(self, chain):
        with pytest.raises(TransactionRefusedError):
            send_payout(chain, 0, to=chain.new_address(), units=10**30)

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
        txid = chain.pay(address, 1)
        chain.break_for(60)
        for ask in (
            chain.adapter.head,
            lambda: chain.adapter.scan(0, 1, everyone),
            lambda: chain.adapter.mempool(everyone),
            lambda: chain.adapter.status(txid),
            lambda: chain.adapter.broadcast(signed.raw),
        ):
            with pytest.raises(ChainUnavailableError):
                ask()
        chain.wait(61)
        assert chain.adapter.status(txid).state == "mempool"


class ChainContract(DepositContract, ReorganisationContract, DoubleSpendContract, PayoutContract, OutageContract):
    """All of it."""
