"""Estimating, building, replacing and sending payouts."""

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Fee, Payout, TransactionRefusedError
from chalicelib.chains.evm import decoding, signing
from chalicelib.chains.evm.abi import transfer_call
from chalicelib.chains.evm.fees import SLACK_UNITS
from chalicelib.chains.evm.transaction import InvalidTransactionError
from chalicelib.chains.networks import EVM
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.local import LocalSigner
from tests.chains.evm.fake_node import GWEI, USDT, FakeNode, adapter_of, address, hash_of, refusing, unavailable

SIGNER = LocalSigner(b"\x11" * 32)
SENDER = address_of_public_key(EVM, SIGNER.public_key)
TO = address(1)
COIN, TOKEN = Payout(SENDER, TO, "ETH", 5), Payout(SENDER, TO, "USDT", 5)
PRICE = 2 * 10 * GWEI + 2 * GWEI  # twice the next base fee, and the usual priority


@pytest.fixture
def node():
    return FakeNode()


def built(adapter, payout, units, slot="7"):
    unsigned = adapter.build(payout, slot, Fee("ETH", units))
    return decoding.decode_unsigned(unsigned.payload)


def sent(adapter, payout=COIN, slot="7", units=10**16):
    return adapter.sign(adapter.build(payout, slot, Fee("ETH", units)), SIGNER)


class TestEstimate:
    def test_coin(self, node):
        assert adapter_of(node).estimate(COIN) == Fee("ETH", 21_000 * (PRICE + SLACK_UNITS))

    def test_a_token_with_room_for_a_contract_that_changes(self, node):
        assert adapter_of(node).estimate(TOKEN) == Fee("ETH", 60_000 * (PRICE + SLACK_UNITS))

    def test_the_node_tries_out_what_will_be_sent(self, node):
        adapter_of(node).estimate(COIN)
        adapter_of(node).estimate(TOKEN)
        data = "0x" + transfer_call(TO, 5).hex()
        assert node.asked_of("eth_estimateGas") == [
            ({"from": SENDER, "to": TO, "value": "0x5", "data": "0x"},),
            ({"from": SENDER, "to": USDT, "value": "0x0", "data": data},),
        ]

    @pytest.mark.parametrize(("payout", "gas"), [(COIN, 21_000), (TOKEN, 78_000)])
    def test_what_cannot_be_tried_out_takes_the_usual(self, node, payout, gas):
        node.overrides["eth_estimateGas"] = refusing(3, "execution reverted")
        assert adapter_of(node).estimate(payout).units == gas * (PRICE + SLACK_UNITS)

    @pytest.mark.parametrize(("sender", "to"), [("", ""), (SENDER, ""), ("", TO)])
    @pytest.mark.parametrize(("token", "gas"), [("ETH", 21_000), ("USDT", 78_000)])
    def test_a_usual_payout_is_nobodys_in_particular(self, node, sender, to, token, gas):
        found = adapter_of(node).estimate(Payout(sender, to, token, 0))
        assert found == Fee("ETH", gas * (PRICE + SLACK_UNITS))
        assert node.asked_of("eth_estimateGas") == []

    @pytest.mark.parametrize(
        ("blockchain", "native", "price"),
        [
            ("ETH", "ETH", PRICE),
            ("BSC", "BNB", 3 * GWEI),  # one gas price
            ("MATIC", "POL", 2 * 10 * GWEI + 25 * GWEI),  # its floor
            ("ARB", "ETH", 2 * 10 * GWEI + GWEI),  # its cap
        ],
    )
    def test_each_chain_by_its_own_data(self, node, blockchain, native, price):
        found = adapter_of(node, blockchain).estimate(Payout(SENDER, TO, native, 5))
        assert found == Fee(native, 21_000 * (price + SLACK_UNITS))

    def test_where_gas_pays_for_bytes_the_node_is_always_asked(self, node):
        def estimate(call):
            if call["from"] == SENDER:
                return refusing(3, "execution reverted")()
            return hex(400_000 if len(call["data"]) > 2 else 300_000)

        node.overrides["eth_estimateGas"] = estimate
        adapter = adapter_of(node, "ARB")
        price = 2 * 10 * GWEI + GWEI + SLACK_UNITS
        usual = (400_000 + 65_000 - 21_000) * 12 // 10
        assert adapter.estimate(TOKEN).units == adapter.estimate(Payout("", "", "USDT", 0)).units == usual * price
        assert adapter.estimate(COIN).units == 360_000 * price

    def test_and_one_that_estimates_nothing_at_all_is_of_no_use(self, node):
        node.overrides["eth_estimateGas"] = refusing()
        with pytest.raises(ChainUnavailableError):
            adapter_of(node, "ARB").estimate(TOKEN)

    @pytest.mark.parametrize("answer", ["0x0", "0x5207", "1", None, 21_000, "0x", "-0x1", "0x" + "f" * 65])
    def test_an_estimate_that_makes_no_sense_is_an_error(self, node, answer):
        node.overrides["eth_estimateGas"] = lambda call: answer
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).estimate(COIN)

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            {},
            [],
            {"baseFeePerGas": [], "reward": []},
            {"baseFeePerGas": ["0x1"]},
            {"baseFeePerGas": ["0x1"], "reward": None},
            {"baseFeePerGas": ["0x1"], "reward": [[]]},
            {"baseFeePerGas": [1], "reward": [["0x1"]]},
        ],
    )
    def test_a_fee_history_that_makes_no_sense_is_an_error(self, node, answer):
        node.overrides["eth_feeHistory"] = lambda *params: answer
        with pytest.raises(ChainUnavailableError):
            adapter_of(node).estimate(COIN)

    def test_another_chains_token_is_the_callers_mistake(self, node):
        with pytest.raises(KeyError):
            adapter_of(node).estimate(Payout("", "", "BNB", 0))


class TestBuild:
    def test_coin_goes_to_its_receiver(self, node):
        found = built(adapter_of(node), COIN, 10**16)
        assert (found.chain_id, found.nonce, found.gas) == (1, 7, 21_000)
        assert (found.to, found.value_units, found.data) == (bytes.fromhex(TO[2:]), 5, b"")

    def test_a_token_goes_to_its_contract_with_a_call(self, node):
        found = built(adapter_of(node), TOKEN, 10**16)
        assert (found.to, found.value_units) == (bytes.fromhex(USDT[2:]), 0)
        assert (found.data, found.gas) == (transfer_call(TO, 5), 60_000)

    @pytest.mark.parametrize("units", [21_000 * 9, 21_000 * 50 + 1, 10**15, 10**18])
    def test_it_never_takes_more_than_the_fee(self, node, units):
        found = built(adapter_of(node), COIN, units)
        assert 0 < found.price_units * found.gas <= units
        above_units = found.price_units - PRICE if 2 * found.price_units >= 3 * PRICE else 0
        assert found.priority_units == min(2 * GWEI + above_units, found.price_units)

    def test_what_was_estimated_pays_what_was_quoted(self, node):
        adapter = adapter_of(node)
        assert built(adapter, TOKEN, adapter.estimate(TOKEN).units).price_units == PRICE

    def test_a_fee_that_pays_no_gas_is_refused(self, node):
        with pytest.raises(ValueError, match="fee"):
            built(adapter_of(node), COIN, 21_000)

    @pytest.mark.parametrize("to", ["", "0x12", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"])
    @pytest.mark.parametrize("token", ["ETH", "USDT"])
    def test_what_goes_to_no_address_is_refused(self, node, to, token):
        with pytest.raises(ValueError, match="address"):
            built(adapter_of(node), Payout(SENDER, to, token, 5), 10**16)

    @pytest.mark.parametrize("token", ["ETH", "USDT"])
    def test_what_the_sender_does_not_have_is_not_sent_to_be_reverted(self, node, token):
        node.overrides |= {"eth_estimateGas": refusing(3, "execution reverted")}
        payout = Payout(SENDER, TO, token, 10**18 + 1)
        with pytest.raises(ValueError, match="less than"):
            built(adapter_of(node), payout, 10**16)
        assert adapter_of(node).estimate(payout).units  # what it would cost can be told all the same

    @pytest.mark.parametrize(("token", "units", "gas"), [("ETH", 10**18, 21_000), ("USDT", 7, 78_000)])
    def test_what_would_fail_for_another_reason_is_built_with_the_usual_gas(self, node, token, units, gas):
        node.overrides |= {"eth_estimateGas": refusing(3, "execution reverted")}
        assert built(adapter_of(node), Payout(SENDER, TO, token, units), 10**16).gas == gas

    @pytest.mark.parametrize("token", ["ETH", "USDT"])
    def test_an_amount_that_fits_no_chain_is_refused(self, node, token):
        with pytest.raises(ValueError, match="fit"):
            built(adapter_of(node), Payout(SENDER, TO, token, 2**256), 10**16)

    @pytest.mark.parametrize(
        ("blockchain", "chain_id", "is_legacy"),
        [("ETH", 1, False), ("ARB", 42161, False), ("BSC", 56, True), ("MATIC", 137, False)],
    )
    def test_the_chain_id_is_ours_and_not_the_nodes(self, node, blockchain, chain_id, is_legacy):
        node.overrides["eth_chainId"] = unavailable
        adapter = adapter_of(node, blockchain)
        found = built(adapter, TOKEN, 10**16)
        assert (found.chain_id, found.priority_units is None) == (chain_id, is_legacy)
        assert node.asked_of("eth_chainId") == []

    def test_the_nonce_is_ours_and_not_the_nodes(self, node):
        assert built(adapter_of(node), COIN, 10**16, slot="123").nonce == 123
        assert node.asked_of("eth_getTransactionCount") == []

    def test_a_signed_one_knows_its_slot_and_id(self, node):
        adapter = adapter_of(node)
        signed = sent(adapter)
        assert adapter.spends(signed.raw) == f"{SENDER}:7"
        node.overrides["eth_sendRawTransaction"] = lambda raw: signed.txid
        adapter.broadcast(signed.raw)


class TestReplacement:
    @pytest.mark.parametrize("blockchain", ["ETH", "ARB", "BSC", "MATIC"])
    @pytest.mark.parametrize("token", [True, False])
    def test_it_pays_the_same_once_more_for_an_eighth_more(self, node, blockchain, token):
        adapter = adapter_of(node, blockchain)
        native = adapter.estimate(Payout("", "", "USDT", 0)).token
        payout = TOKEN if token else Payout(SENDER, TO, native, 5)
        fee = adapter.estimate(payout)
        first = adapter.sign(adapter.build(payout, "7", fee), SIGNER)
        more = Fee(fee.token, -(-fee.units * 9 // 8))
        second = adapter.sign(adapter.replacement(first.raw, more), SIGNER)
        before, after = (decoding.decode_signed(each.raw)[0] for each in (first, second))
        assert adapter.spends(second.raw) == adapter.spends(first.raw)
        assert (after.to, after.value_units, after.data) == (before.to, before.value_units, before.data)
        assert 8 * after.price_units >= 9 * before.price_units
        assert after.price_units * after.gas <= more.units
        assert before.priority_units is None or 8 * after.priority_units >= 9 * before.priority_units
        assert second.txid != first.txid

    @pytest.mark.parametrize("percent", [0, 100, 110, 112])
    def test_a_tenth_more_is_refused_although_some_nodes_take_it(self, node, percent):
        adapter = adapter_of(node)
        units = adapter.estimate(COIN).units
        first = sent(adapter, units=units)
        with pytest.raises(ValueError, match="eighth"):
            adapter.replacement(first.raw, Fee("ETH", units * percent // 100))

    def test_another_chains_bytes_are_not_replaced(self, node):
        first = sent(adapter_of(node, "MATIC"), TOKEN)
        with pytest.raises(InvalidTransactionError, match="another chain"):
            adapter_of(node).replacement(first.raw, Fee("ETH", 10**18))

    def test_bytes_that_are_no_transaction_are_not_replaced(self, node):
        with pytest.raises(InvalidTransactionError):
            adapter_of(node).replacement(b"\x02", Fee("ETH", 10**18))


class TestBroadcast:
    @pytest.mark.parametrize("words", ["already known", "nonce too low", "ALREADY_EXISTS: already imported", ""])
    @pytest.mark.parametrize("is_mined", [True, False])
    def test_a_refusal_of_what_the_node_has_is_none_whatever_it_says(self, node, words, is_mined):
        adapter = adapter_of(node)
        signed = sent(adapter)
        shown = {"hash": signed.txid, "blockHash": hash_of("some") if is_mined else None}
        node.overrides |= {
            "eth_sendRawTransaction": refusing(-32000, words),
            "eth_getTransactionByHash": lambda txid: shown if txid == signed.txid else None,
        }
        adapter.broadcast(signed.raw)

    @pytest.mark.parametrize("words", ["already known", "nonce too low", "insufficient funds"])
    def test_a_refusal_of_what_it_does_not_have_is_one_whatever_it_says(self, node, words):
        adapter = adapter_of(node)
        signed = sent(adapter)
        node.overrides["eth_sendRawTransaction"] = refusing(-32000, words)
        with pytest.raises(TransactionRefusedError, match=words):
            adapter.broadcast(signed.raw)

    @pytest.mark.parametrize("answer", [None, "", "0x12", hash_of("another"), {}, True])
    def test_another_answer_than_its_id_is_nonsense(self, node, answer):
        adapter = adapter_of(node)
        signed = sent(adapter)
        node.overrides["eth_sendRawTransaction"] = lambda raw: answer
        with pytest.raises(ChainUnavailableError):
            adapter.broadcast(signed.raw)

    def test_no_answer_is_not_a_refusal(self, node):
        adapter = adapter_of(node)
        signed = sent(adapter)
        node.overrides["eth_sendRawTransaction"] = unavailable
        with pytest.raises(ChainUnavailableError):
            adapter.broadcast(signed.raw)

    def test_after_a_refusal_and_no_answer_nothing_is_known(self, node):
        adapter = adapter_of(node)
        signed = sent(adapter)
        node.overrides |= {"eth_sendRawTransaction": refusing(), "eth_getTransactionByHash": unavailable}
        with pytest.raises(ChainUnavailableError):
            adapter.broadcast(signed.raw)

    def test_bytes_that_are_no_transaction_are_the_nodes_to_refuse(self, node):
        node.overrides["eth_sendRawTransaction"] = refusing(-32602, "rlp: value size exceeds")
        with pytest.raises(TransactionRefusedError):
            adapter_of(node).broadcast(b"nonsense")

    def test_words_without_end_are_cut(self, node):
        node.overrides["eth_sendRawTransaction"] = refusing(1, "x" * 10_000)
        with pytest.raises(TransactionRefusedError) as refused:
            adapter_of(node).broadcast(b"nonsense")
        assert len(str(refused.value)) <= 200


def test_the_sender_is_told_by_the_signature(node):
    signed = sent(adapter_of(node))
    assert signing.sender_of(signed.raw)[0] == SENDER
