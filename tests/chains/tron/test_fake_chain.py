"""The fake node keeps TRON's rules about energy, new accounts, notes, expiry and solid blocks."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Fee, Payout
from sandbox.chain.errors import ChainRequestError, UnknownTransactionError
from sandbox.nodes.hand import ChainHand


def send(chain, payout: Payout, slot: int = 0, fee: Fee | None = None):
    fee = fee or chain.adapter.estimate(payout)
    signed = chain.adapter.sign(chain.adapter.build(payout, str(slot), fee), chain.signer)
    chain.adapter.broadcast(signed.raw)
    return signed


def test_too_low_a_fee_limit_is_mined_and_has_cost_it_all_and_moved_nothing(usdt):
    payout = Payout(usdt.hot_wallet, usdt.new_address(), "USDT", 5)
    signed = send(usdt, payout, fee=Fee("TRX", 1_000_000))
    before = usdt.hand.balance(usdt.hot_wallet, "TRX")
    usdt.mine()
    status = usdt.adapter.status(signed.txid)
    assert (status.state, status.ok) == ("mined", False)
    assert 995_000 <= status.fee_units <= 1_000_000
    assert before - usdt.hand.balance(usdt.hot_wallet, "TRX") == status.fee_units
    assert usdt.hand.balance(payout.to, "USDT") == 0
    info = usdt.http.ask("/wallet/gettransactioninfobyid", {"value": signed.txid})
    assert info["receipt"]["result"] == "OUT_OF_ENERGY"
    assert "log" not in info


def test_what_a_first_transfer_to_a_holder_of_nothing_needs_is_twice_what_the_next_needs(usdt):
    to = usdt.new_address()
    fees = []
    for slot in range(2):
        signed = send(usdt, Payout(usdt.hot_wallet, to, "USDT", 5), slot)
        usdt.mine()
        fees.append(usdt.adapter.status(signed.txid).fee_units)
    assert fees[0] - fees[1] == 66_000 * 100


def test_a_new_account_costs_its_activation_and_the_next_payment_its_bytes(trx):
    to = trx.new_address()
    fees = []
    for slot in range(2):
        signed = send(trx, Payout(trx.hot_wallet, to, "TRX", 5), slot)
        trx.mine()
        fees.append(trx.adapter.status(signed.txid).fee_units)
    assert fees[0] == 1_100_000
    assert 260_000 < fees[1] < 280_000


def test_a_token_does_not_activate_an_account(usdt):
    to = usdt.new_address()
    send(usdt, Payout(usdt.hot_wallet, to, "USDT", 5))
    usdt.mine()
    assert usdt.adapter.activation(to) == 1_100_000


def test_a_note_costs_one_trx_more(trx):
    trx.hand.fund(to := trx.new_address(), "TRX", 1)
    plain, noted = (Payout(trx.hot_wallet, to, "TRX", 5, memo) for memo in (None, "invoice 17"))
    costs = [trx.adapter.estimate(payout).units for payout in (plain, noted)]
    assert costs[1] - costs[0] == 1_000_000 + len("invoice 17") * 1000 + 2 * 1000
    signed = send(trx, noted)
    trx.mine()
    assert trx.adapter.status(signed.txid).fee_units == costs[1]


def test_a_stuck_payout_leaves_the_pool_when_it_expires(trx):
    trx.set_payouts("stuck")
    signed = send(trx, Payout(trx.hot_wallet, trx.new_address(), "TRX", 5))
    trx.mine(199)
    assert trx.adapter.status(signed.txid).state == "mempool"
    trx.mine(1)
    assert trx.adapter.status(signed.txid).state == "missing"


def test_solid_is_eighteen_blocks_behind_and_cannot_be_replaced(trx):
    trx.mine(5)
    head = trx.adapter.head()
    assert head.height - head.final_height == 18
    with pytest.raises(ChainRequestError):
        trx.reorg(19, [])
    assert trx.adapter.head() == head
    trx.reorg(18, [])
    assert trx.adapter.head().final_height == head.final_height


def test_block_ids_begin_with_their_height_and_chain(trx):
    blocks = trx.http.ask("/wallet/getblockbylimitnext", {"startNum": 3, "endNum": 6})["block"]
    assert [int(block["blockID"][:16], 16) for block in blocks] == [3, 4, 5]
    assert blocks[1]["block_header"]["raw_data"]["parentHash"] == blocks[0]["blockID"]


def test_an_unknown_path_is_not_found(trx):
    with pytest.raises(ChainUnavailableError, match="404"):
        trx.http.ask("/wallet/getmoney", {})


def test_its_hand_shows_what_moved(usdt):
    to = usdt.new_address()
    txid = usdt.pay(to, 7)
    usdt.mine(2)
    shown = usdt.hand.transaction(txid)
    assert (shown.confirmations, shown.ok, shown.outputs[0].token, shown.outputs[0].units) == (2, True, "USDT", 7)
    (view,) = usdt.hand.address_transfers(to)
    assert (view.direction, view.units, view.confirmations) == ("in", 7, 2)


def test_its_hand_has_what_the_hands_at_real_nodes_have(usdt):
    for name in vars(ChainHand):
        assert name.startswith("_") or callable(getattr(usdt.hand, name)), name


def test_its_hand_says_what_it_cannot_do(usdt, trx):
    with pytest.raises(UnknownTransactionError):
        usdt.hand.transaction("ab" * 32)
    with pytest.raises(UnknownTransactionError):
        usdt.hand.pay_again("ab" * 32)
    txid = usdt.pay(usdt.new_address(), 5)
    with pytest.raises(ChainRequestError):
        usdt.hand.pay_again(txid)
    usdt.mine()
    with pytest.raises(ChainRequestError):
        usdt.hand.doublespend(txid)
    with pytest.raises(ChainRequestError):
        usdt.hand.set_payouts("perhaps")
    with pytest.raises(ChainRequestError):
        trx.pay(trx.new_address(), 0)
