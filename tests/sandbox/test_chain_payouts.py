"""Which payouts the simulated node takes, and what becomes of them: it is as strict as real nodes are."""

import json

import pytest

from chalicelib.chains.adapter import Fee, Payout
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.sim.transaction import InvalidTransactionError, digest_of, join
from sandbox.chain.errors import BroadcastRefusedError
from tests.chains.sim_backend import SimBackend


@pytest.fixture
def chain(tmp_path):
    backend = SimBackend(tmp_path / "chains.sqlite", "TRX")
    yield backend
    backend.close()


def signed(chain, slot=0, units=5, fee_percent=100, sender=None, signer=None, to=None):
    payout = Payout(sender or chain.hot_wallet, to or chain.new_address(), "USDT", units)
    fee = chain.adapter.estimate(payout)
    unsigned = chain.adapter.build(payout, str(slot), Fee(fee.token, fee.units * fee_percent // 100))
    return chain.adapter.sign(unsigned, signer or chain.signer)


def signed_payload(chain, payload: bytes) -> bytes:
    return join(payload, chain.signer.public_key, chain.signer.sign(digest_of(payload)))


def test_a_stranger_cannot_spend_from_the_hot_wallet(chain):
    with pytest.raises(InvalidTransactionError, match="not the sender's"):
        chain.node.broadcast("TRX", signed(chain, signer=LocalSigner(b"\1" * 32)).raw)


def test_another_form_of_the_same_payload_is_refused(chain):
    payload = signed(chain).raw.rsplit(b".", 2)[0]
    spaced = json.dumps(json.loads(payload), sort_keys=True).encode()
    with pytest.raises(InvalidTransactionError, match="canonical"):
        chain.node.broadcast("TRX", signed_payload(chain, spaced))


@pytest.mark.parametrize("units", [-1, True, 1.5, "5", None])
def test_an_amount_that_is_no_whole_number_is_refused(chain, units):
    fields = json.loads(signed(chain).raw.rsplit(b".", 2)[0]) | {"units": units}
    payload = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(InvalidTransactionError):
        chain.node.broadcast("TRX", signed_payload(chain, payload))


@pytest.mark.parametrize("raw", [b"", b"..", b"{}..", b"{}.00.00", b"\xff.00.00", b"[].00.00"])
def test_noise_is_refused(chain, raw):
    with pytest.raises(InvalidTransactionError):
        chain.node.broadcast("TRX", raw)


def test_a_transaction_of_another_chain_is_refused(chain):
    with pytest.raises(BroadcastRefusedError, match="for TRX"):
        chain.node.broadcast("ETH", signed(chain).raw)


def test_a_fee_below_the_chains_is_refused(chain):
    with pytest.raises(BroadcastRefusedError, match="fee"):
        chain.node.broadcast("TRX", signed(chain, fee_percent=99).raw)


def test_a_replacement_must_pay_an_eighth_more(chain):
    first = chain.node.broadcast("TRX", signed(chain).raw)
    with pytest.raises(BroadcastRefusedError, match=r"12\.5 %"):
        chain.node.broadcast("TRX", signed(chain, fee_percent=112).raw)
    assert chain.node.status("TRX", first).state == "mempool"
    second = chain.node.broadcast("TRX", signed(chain, fee_percent=113).raw)
    assert chain.node.status("TRX", first).state == "missing"
    assert chain.node.status("TRX", second).state == "mempool"


def test_a_payout_without_gas_is_refused(chain):
    poor = LocalSigner(b"\2" * 32)
    sender = address_of_public_key("TRX", poor.public_key)
    chain.node.transfer("TRX", sender, "USDT", 100)
    chain.mine()
    with pytest.raises(BroadcastRefusedError, match="too little TRX"):
        chain.node.broadcast("TRX", signed(chain, sender=sender, signer=poor).raw)


def test_payouts_that_together_exceed_the_coin_are_mined_but_revert(chain):
    first = chain.node.broadcast("TRX", signed(chain, slot=0, units=6 * 10**19).raw)
    second = chain.node.broadcast("TRX", signed(chain, slot=1, units=6 * 10**19).raw)
    chain.mine()
    assert chain.node.status("TRX", first).ok is True
    assert chain.node.status("TRX", second).ok is False
    assert chain.node.balance("TRX", chain.hot_wallet, "USDT") == 4 * 10**19


def test_a_reverted_payout_costs_its_fee_and_shows_no_transfer(chain):
    chain.set_payouts("revert")
    to = chain.new_address()
    coin = chain.node.balance("TRX", chain.hot_wallet, "TRX")
    chain.node.broadcast("TRX", signed(chain, to=to).raw)
    chain.mine()
    assert chain.node.balance("TRX", chain.hot_wallet, "TRX") == coin - chain.node.fee("TRX", "USDT")[1]
    assert chain.node.balance("TRX", chain.hot_wallet, "USDT") == 10**20
    assert chain.node.address_transfers("TRX", to) == []


def test_both_sides_see_a_payout(chain):
    to = chain.new_address()
    txid = chain.node.broadcast("TRX", signed(chain, to=to).raw)
    chain.mine()
    for address, direction in ((to, "in"), (chain.hot_wallet, "out")):
        views = chain.node.address_transfers("TRX", address)
        assert [(each.txid, each.direction, each.units) for each in views] == [(txid, direction, 5)]


def test_a_reorganisation_gives_fee_and_coin_back(chain):
    before = [chain.node.balance("TRX", chain.hot_wallet, token) for token in ("USDT", "TRX")]
    txid = chain.node.broadcast("TRX", signed(chain).raw)
    chain.mine()
    chain.reorg(1, [txid])
    assert [chain.node.balance("TRX", chain.hot_wallet, token) for token in ("USDT", "TRX")] == before


def test_a_doublespent_payout_has_lost_its_slot_for_ever(chain):
    victim = signed(chain)
    chain.node.broadcast("TRX", victim.raw)
    chain.node.doublespend("TRX", victim.txid)
    for raw in (victim.raw, signed(chain, fee_percent=200).raw):
        with pytest.raises(BroadcastRefusedError, match="used already"):
            chain.node.broadcast("TRX", raw)
    assert chain.node.status("TRX", victim.txid).state == "impossible"


def test_a_later_sequence_waits_for_the_earlier_ones(chain):
    first, second = signed(chain, slot=0), signed(chain, slot=1)
    chain.node.broadcast("TRX", second.raw)
    chain.mine()
    assert chain.node.status("TRX", second.txid).state == "mempool"
    chain.node.broadcast("TRX", first.raw)
    chain.mine()
    assert [chain.node.status("TRX", one.txid).state for one in (first, second)] == ["mined", "mined"]


def test_a_reorganisation_that_drops_a_payout_sends_later_ones_back_to_the_mempool(chain):
    first, second = signed(chain, slot=0), signed(chain, slot=1)
    for one in (first, second):
        chain.node.broadcast("TRX", one.raw)
    chain.mine()
    chain.reorg(1, [first.txid])
    assert [chain.node.status("TRX", one.txid).state for one in (first, second)] == ["missing", "mempool"]
    chain.mine()
    assert chain.node.status("TRX", second.txid).state == "mempool"
    chain.node.broadcast("TRX", first.raw)
    chain.mine()
    assert [chain.node.status("TRX", one.txid).state for one in (first, second)] == ["mined", "mined"]


def test_a_reorganisation_mines_payouts_again_however_they_had_arrived(chain):
    first, second = signed(chain, slot=0), signed(chain, slot=1)
    for one in (second, first):
        chain.node.broadcast("TRX", one.raw)
    chain.mine()
    chain.reorg(1, [])
    assert [chain.node.status("TRX", one.txid).height for one in (first, second)] == [chain.node.height("TRX")] * 2


def test_the_hot_wallet_is_left_just_so_much(chain):
    for units in (7, 10**21, 0):
        assert chain.node.set_hot_wallet("TRX", "USDT", units) == chain.hot_wallet
        assert chain.node.balance("TRX", chain.hot_wallet, "USDT") == units
