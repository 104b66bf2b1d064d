"""Payouts: what they cost at most, bytes of their own, and a life of ten minutes."""

from dataclasses import replace

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Fee, Payout, TransactionRefusedError
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.tron import transaction

PRICES = "/wallet/getchainparameters"


def priced(**values):
    def changed(answer):
        for each in answer["chainParameter"]:
            if each["key"] in values:
                each["value"] = values[each["key"]]
        return answer

    return changed


def payout(chain, token, units=5, to=None, memo=None):
    return Payout(chain.hot_wallet, to or chain.new_address(), token, units, memo)


def built(chain, wanted, slot="0", fee=None):
    unsigned = chain.adapter.build(wanted, slot, fee or chain.adapter.estimate(wanted))
    return transaction.decode_raw(unsigned.payload)


def test_trx_to_an_active_account_costs_its_bytes_and_to_a_new_one_the_account(trx):
    trx.hand.fund(active := trx.new_address(), "TRX", 1)
    units = trx.adapter.estimate(payout(trx, "TRX", to=active)).units
    assert 260_000 < units < 280_000
    assert trx.adapter.estimate(payout(trx, "TRX")).units == 1_100_000


def test_what_is_activated_is_told_with_its_cost(trx):
    trx.hand.fund(active := trx.new_address(), "TRX", 1)
    assert trx.adapter.activation(active) == 0
    assert trx.adapter.activation(trx.new_address()) == 1_100_000


def test_a_token_costs_the_energy_of_its_dearest_receiver_with_a_margin_and_its_bytes(usdt):
    units = usdt.adapter.estimate(payout(usdt, "USDT")).units
    energy_units = 130_285 * 100 * 6 // 5
    assert energy_units + 340_000 < units < energy_units + 360_000


def test_who_holds_the_token_now_may_have_none_when_he_is_paid(usdt):
    usdt.hand.fund(holder := usdt.new_address(), "USDT", 1)
    to_holder, to_another = payout(usdt, "USDT", to=holder), payout(usdt, "USDT")
    assert usdt.adapter.estimate(to_holder) == usdt.adapter.estimate(to_another)


def test_a_usual_payout_needs_neither_payer_nor_receiver(trx, usdt):
    assert trx.adapter.estimate(Payout("", "", "TRX", 10)).units == 1_100_000
    usual = usdt.adapter.estimate(Payout("", "", "USDT", 10)).units
    assert 131_000 * 120 < usual < 131_000 * 120 + 360_000


def test_a_payer_without_the_token_is_told_the_usual_cost(usdt):
    poor = Payout(usdt.new_address(), usdt.new_address(), "USDT", 10)
    assert usdt.adapter.estimate(poor).units >= 131_000 * 120


def test_dearer_energy_and_bytes_make_a_dearer_payout(usdt):
    before = usdt.adapter.estimate(payout(usdt, "USDT")).units
    usdt.between.changes[PRICES] = priced(getEnergyFee=200)
    energy = usdt.adapter.estimate(payout(usdt, "USDT")).units
    usdt.between.changes[PRICES] = priced(getTransactionFee=2000)
    size = usdt.adapter.estimate(payout(usdt, "USDT")).units
    assert (energy - before, size - before > 340_000) == (130_285 * 120, True)


def test_a_payout_can_never_cost_more_than_its_fee(usdt):
    wanted = payout(usdt, "USDT")
    fee = usdt.adapter.estimate(wanted)
    signed = usdt.adapter.sign(usdt.adapter.build(wanted, "0", fee), usdt.signer)
    limit = transaction.decode_raw(transaction.split(signed.raw)[0]).fee_limit_units
    assert limit + (len(signed.raw) + 64) * 1000 <= fee.units
    assert limit >= 130_285 * 100


@pytest.mark.parametrize("token", ["TRX", "USDT"])
def test_a_fee_that_no_longer_suffices_builds_nothing(usdt, token):
    wanted = payout(usdt, token)
    with pytest.raises(ChainUnavailableError):
        usdt.adapter.build(wanted, "0", Fee("TRX", 300_000))


def test_the_fee_limit_is_at_most_what_the_chain_allows(usdt):
    assert built(usdt, payout(usdt, "USDT"), fee=Fee("TRX", 10**12)).fee_limit_units == 15_000_000_000


def test_trx_has_no_fee_limit(trx):
    assert built(trx, payout(trx, "TRX")).fee_limit_units == 0


def test_it_lives_ten_minutes_from_the_newest_block_and_refers_to_a_solid_one(trx):
    made, chain = built(trx, payout(trx, "TRX"), "7"), trx.node.chain
    assert made.expiration_ms == chain.head.time_ms + 600_000 + 7
    solid = chain.blocks[chain.solid_height]
    assert made.ref_block_bytes == solid.height.to_bytes(2, "big")
    assert made.ref_block_hash.hex() == solid.hash[16:32]


def test_slots_with_different_numbers_have_different_bytes_even_if_they_pay_the_same(trx):
    wanted = payout(trx, "TRX")
    numbers = [*range(5), 999, 1000, 1001, 2000, 1_000_000 - 1]
    bodies = {trx.adapter.build(wanted, str(number), Fee("TRX", 10**7)).payload for number in numbers}
    assert len(bodies) == len(numbers)


def test_the_same_slot_at_another_time_is_another_transaction(trx):
    wanted = payout(trx, "TRX")
    first = built(trx, wanted)
    trx.mine()
    assert built(trx, wanted).expiration_ms == first.expiration_ms + 3000


def test_a_note_is_in_the_bytes(trx):
    assert built(trx, payout(trx, "TRX", memo="invoice ☕")).memo == "invoice ☕".encode()


@pytest.mark.parametrize(("token", "units"), [("TRX", 2**63), ("USDT", 2**256)])
def test_an_amount_that_the_chain_cannot_count_is_refused(usdt, token, units):
    with pytest.raises(TransactionRefusedError):
        usdt.adapter.estimate(payout(usdt, token, units))
    with pytest.raises(TransactionRefusedError):
        usdt.adapter.build(payout(usdt, token, units), "0", Fee("TRX", 10**9))


def test_a_payment_that_the_contract_would_undo_is_not_signed(usdt):
    wanted = payout(usdt, "USDT", usdt.hand.balance(usdt.hot_wallet, "USDT") + 1)
    with pytest.raises(TransactionRefusedError, match="would undo"):
        usdt.adapter.build(wanted, "0", usdt.adapter.estimate(wanted))


def test_another_key_than_the_senders_signs_nothing(trx):
    wanted = payout(trx, "TRX")
    unsigned = trx.adapter.build(wanted, "0", trx.adapter.estimate(wanted))
    with pytest.raises(ValueError, match="not that of the sender"):
        trx.adapter.sign(unsigned, LocalSigner(b"\x05" * 32))


def test_a_key_below_an_account_signs_where_it_is_named(trx):
    class Account:
        public_key = LocalSigner(b"\x06" * 32).public_key

        def child(self, path):
            assert path == "0/17"
            return trx.signer

    wanted = payout(trx, "TRX")
    unsigned = trx.adapter.build(wanted, "0", trx.adapter.estimate(wanted))
    (digest,) = unsigned.digests
    below = replace(unsigned, digests=(replace(digest, key_path="0/17"),))
    assert trx.adapter.sign(below, Account()).txid == trx.adapter.sign(unsigned, trx.signer).txid


def test_its_id_is_known_before_it_is_sent_and_its_slot_is_its_expiration(trx):
    wanted = payout(trx, "TRX")
    signed = trx.adapter.sign(trx.adapter.build(wanted, "3", trx.adapter.estimate(wanted)), trx.signer)
    assert int(trx.adapter.spends(signed.raw)) == trx.node.chain.head.time_ms + 600_003
    trx.adapter.broadcast(signed.raw)
    trx.mine()
    assert trx.adapter.status(signed.txid).state == "mined"


def test_expired_bytes_that_were_mined_are_known_and_no_error(trx):
    wanted = payout(trx, "TRX")
    signed = trx.adapter.sign(trx.adapter.build(wanted, "3", trx.adapter.estimate(wanted)), trx.signer)
    trx.adapter.broadcast(signed.raw)
    trx.mine(300)
    trx.adapter.broadcast(signed.raw)


def test_bytes_that_are_no_transaction_are_refused_without_being_sent(trx):
    trx.between.asked.clear()
    for raw in (b"", b"\x00", b"nonsense", bytes(200)):
        with pytest.raises(TransactionRefusedError):
            trx.adapter.broadcast(raw)
    assert trx.between.asked == []


def test_nothing_is_replaced_and_no_number_comes_from_the_node(trx):
    assert (trx.adapter.slot_kind, trx.adapter.is_replaceable) == ("expiry", False)
    assert trx.adapter.next_slot(trx.hot_wallet) == 0
    with pytest.raises(TypeError):
        trx.adapter.replacement(b"", Fee("TRX", 1))
