"""Where transactions stand: final only when solid, impossible only when a solid block has outlived them."""

from contextlib import nullcontext

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Payout

INFO, SOLID_INFO = "/wallet/gettransactioninfobyid", "/walletsolidity/gettransactioninfobyid"


@pytest.fixture
def stuck(trx):
    """A payout that waits, with its slot."""
    trx.set_payouts("stuck")
    payout = Payout(trx.hot_wallet, trx.new_address(), "TRX", 5)
    signed = trx.adapter.sign(trx.adapter.build(payout, "0", trx.adapter.estimate(payout)), trx.signer)
    trx.adapter.broadcast(signed.raw)
    return signed.txid, trx.adapter.spends(signed.raw)


def test_what_is_mined_is_final_once_it_is_solid(trx):
    txid = trx.pay(trx.new_address(), 5)
    trx.mine(18)
    assert trx.adapter.status(txid).is_final is False
    trx.mine()
    status = trx.adapter.status(txid)
    assert (status.state, status.ok, status.is_final) == ("mined", True, True)
    assert status.height == trx.adapter.head().final_height


def test_it_is_impossible_once_a_solid_block_has_outlived_it_and_not_a_block_sooner(trx, stuck):
    txid, expiration = stuck
    states = []
    for _ in range(200 + 19):
        trx.mine()
        status = trx.adapter.status(txid, expiration)
        states.append(status.state)
    assert states == ["mempool"] * 199 + ["missing"] * 19 + ["impossible"]
    assert status.height == trx.adapter.head().final_height
    assert trx.node.chain.blocks[status.height].time_ms > int(expiration)
    assert trx.node.chain.blocks[status.height - 1].time_ms <= int(expiration)
    assert trx.adapter.status(txid).state == "missing"


def test_one_mined_in_the_last_block_that_could_take_it_never_looks_impossible(trx, stuck):
    txid, expiration = stuck
    trx.mine(198)
    trx.set_payouts("ok")
    for _ in range(30):
        trx.mine()
        assert trx.adapter.status(txid, expiration).state == "mined"


def test_a_solid_receipt_counts_even_if_the_full_node_has_none(trx):
    txid = trx.pay(trx.new_address(), 5)
    expiration = str(trx.node.chain.pool[txid].transaction.expiration_ms)
    trx.mine(300)
    trx.between.changes[INFO] = lambda answer: {}
    assert trx.adapter.status(txid, expiration).state == "mined"


def test_another_provider_that_knows_it_keeps_it_from_being_impossible(trx):
    txid = trx.pay(trx.new_address(), 5)
    expiration = str(trx.node.chain.pool[txid].transaction.expiration_ms)
    trx.mine(300)
    trx.between.changes = {INFO: lambda answer: {}, SOLID_INFO: lambda answer: {}}
    assert trx.adapter.status(txid, expiration).state == "impossible"
    trx.between.other_nodes = [trx.http]
    with pytest.raises(ChainUnavailableError):
        trx.adapter.status(txid, expiration)


def test_a_node_that_keeps_no_receipts_calls_nothing_impossible(trx):
    txid = trx.pay(trx.new_address(), 5)
    expiration = str(trx.node.chain.pool[txid].transaction.expiration_ms)
    trx.mine(300)
    trx.pay(trx.new_address(), 5)
    trx.mine(20)
    trx.between.changes = {INFO: lambda answer: {}, SOLID_INFO: lambda answer: {}}
    with pytest.raises(ChainUnavailableError, match="keeps no receipts"):
        trx.adapter.status(txid, expiration)


def test_another_provider_that_does_not_answer_keeps_nothing(trx, stuck):
    class Dead:
        def ask(self, *_):
            raise ChainUnavailableError("down")

        def pinned(self):
            return nullcontext()

    trx.mine(300)
    trx.between.other_nodes = [Dead()]
    assert trx.adapter.status(*stuck).state == "impossible"


def test_the_solid_block_is_asked_for_before_the_transaction(trx, stuck):
    trx.between.asked.clear()
    trx.adapter.status(*stuck)
    assert trx.between.asked.index("/walletsolidity/getblock") < trx.between.asked.index(INFO)


def test_a_block_that_went_while_it_was_looked_up_is_an_error(trx):
    txid = trx.pay(trx.new_address(), 5)
    trx.mine()
    receipt = trx.http.ask(INFO, {"value": txid})
    trx.reorg(1, drop=[txid])
    trx.between.changes[INFO] = lambda answer: receipt
    with pytest.raises(ChainUnavailableError):
        trx.adapter.status(txid)


def test_a_receipt_of_another_transaction_is_an_error(trx):
    txid = trx.pay(trx.new_address(), 5)
    trx.mine()
    trx.between.changes[INFO] = lambda answer: {**answer, "id": "ab" * 32}
    with pytest.raises(ChainUnavailableError):
        trx.adapter.status(txid)


def test_another_transaction_of_the_pool_is_an_error(trx):
    txid = trx.pay(trx.new_address(), 5)
    assert trx.adapter.status(txid).state == "mempool"
    trx.between.changes["/wallet/gettransactionfrompending"] = lambda answer: {**answer, "txID": "ab" * 32}
    with pytest.raises(ChainUnavailableError):
        trx.adapter.status(txid)


def test_a_receipt_that_says_failed_is_not_ok_whatever_the_block_says(usdt):
    txid = usdt.pay(usdt.new_address(), 5)
    usdt.mine()
    assert usdt.adapter.status(txid).ok is True
    usdt.between.changes[INFO] = lambda answer: {**answer, "result": "FAILED"}
    assert usdt.adapter.status(txid).ok is False


@pytest.mark.parametrize("result", ["REVERT", "OUT_OF_TIME", None])
def test_a_block_that_does_not_say_success_is_not_ok_whatever_the_receipt_says(usdt, result):
    def changed(answer):
        answer["block"][0]["transactions"][0]["ret"] = [{"contractRet": result}]
        return answer

    txid = usdt.pay(usdt.new_address(), 5)
    usdt.mine()
    usdt.between.changes["/wallet/getblockbylimitnext"] = changed
    assert usdt.adapter.status(txid).ok is False


def test_a_dropped_deposit_becomes_impossible_by_its_own_expiration(usdt):
    address = usdt.new_address()
    txid = usdt.pay(address, 5)
    usdt.mine()
    (seen,) = usdt.adapter.scan(usdt.hand.height(), usdt.hand.height(), lambda them: {address} & set(them))
    usdt.reorg(1, drop=[txid])
    assert usdt.adapter.status(txid, seen.spends).state == "missing"
    usdt.mine(222)
    assert usdt.adapter.status(txid, seen.spends).state == "impossible"
