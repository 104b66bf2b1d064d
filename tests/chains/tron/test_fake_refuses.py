"""The fake node refuses what a real one does: a good transaction is taken, each mutation of it is not."""

from dataclasses import replace

import pytest

from chalicelib.chains.adapter import ChainUnavailableError, Payout, TransactionRefusedError
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.tron import transaction, trc20
from chalicelib.chains.tron.accounts import account_of
from sandbox.fake_tron.errors import RefusedError
from tests.chains.tron_backend import TronBackend

DAY_MS = 24 * 3600 * 1000


@pytest.fixture(params=["TRX", "USDT"])
def chain(request):
    backend = TronBackend(request.param)
    yield backend
    backend.close()


def good_raw(chain: TronBackend, slot: int = 0, units: int = 5) -> bytes:
    payout = Payout(chain.hot_wallet, chain.new_address(), chain.token, units)
    return chain.adapter.build(payout, str(slot), chain.adapter.estimate(payout)).payload


def signed(raw_data: bytes, signer: LocalSigner) -> bytes:
    digest = transaction.digest_of(raw_data)
    return transaction.join(raw_data, transaction.with_recovery(digest, signer.sign(digest), signer.public_key))


def mutated(chain: TronBackend, **changes) -> bytes:
    """A good transaction with other fields, properly signed by its owner."""
    good = transaction.decode_raw(good_raw(chain))
    return signed(transaction.encode_raw(replace(good, **changes)), chain.signer)


def with_action(raw_data: bytes, **changes) -> bytes:
    good = transaction.decode_raw(raw_data)
    return transaction.encode_raw(replace(good, action=replace(good.action, **changes)))


def is_refused(chain: TronBackend, raw: bytes, code: str) -> bool:
    """Whether the node says no with that code, and holds nothing of it."""
    answer = chain.http.ask("/wallet/broadcasthex", {"transaction": raw.hex()})
    assert answer.get("result") is not True
    assert chain.http.ask("/wallet/getpendingsize", {}) == {"pendingSize": 0}
    return answer["code"] == code


def test_the_good_transaction_itself_is_taken(chain):
    raw = signed(good_raw(chain), chain.signer)
    assert chain.http.ask("/wallet/broadcasthex", {"transaction": raw.hex()})["result"] is True
    assert chain.http.ask("/wallet/getpendingsize", {}) == {"pendingSize": 1}


def test_a_wrong_signature(chain):
    raw_data, signature = transaction.split(signed(good_raw(chain), chain.signer))
    wrong = bytes([signature[0] ^ 1]) + signature[1:]
    assert is_refused(chain, transaction.join(raw_data, wrong), "SIGERROR")


def test_the_wrong_one_of_the_two_recovery_values(chain):
    raw_data, signature = transaction.split(signed(good_raw(chain), chain.signer))
    wrong = signature[:-1] + bytes([27 + 28 - signature[-1]])
    assert is_refused(chain, transaction.join(raw_data, wrong), "SIGERROR")


def test_another_key(chain):
    assert is_refused(chain, signed(good_raw(chain), LocalSigner(b"\x07" * 32)), "SIGERROR")


def test_another_owner(chain):
    other = account_of(chain.new_address())
    raw_data = with_action(good_raw(chain), owner=other)
    assert is_refused(chain, signed(raw_data, chain.signer), "SIGERROR")


def test_a_changed_amount_under_the_old_signature(chain):
    raw = good_raw(chain)
    _, signature = transaction.split(signed(raw, chain.signer))
    action = transaction.decode_raw(raw).action
    if isinstance(action, transaction.CoinTransfer):
        changed = with_action(raw, units=action.units + 1)
    else:
        to, units = trc20.read_transfer_data(action.data)
        changed = with_action(raw, data=trc20.transfer_data(to, units + 1))
    assert is_refused(chain, transaction.join(changed, signature), "SIGERROR")


def test_a_changed_receiver_under_the_old_signature(chain):
    raw = good_raw(chain)
    _, signature = transaction.split(signed(raw, chain.signer))
    other = chain.new_address()
    if isinstance(transaction.decode_raw(raw).action, transaction.CoinTransfer):
        changed = with_action(raw, to=account_of(other))
    else:
        changed = with_action(raw, data=trc20.transfer_data(other, 5))
    assert is_refused(chain, transaction.join(changed, signature), "SIGERROR")


def test_a_later_expiration_under_the_old_signature(chain):
    raw = good_raw(chain)
    _, signature = transaction.split(signed(raw, chain.signer))
    good = transaction.decode_raw(raw)
    changed = transaction.encode_raw(replace(good, expiration_ms=good.expiration_ms + 1))
    assert is_refused(chain, transaction.join(changed, signature), "SIGERROR")


def test_the_hash_of_another_block_than_the_number_says(chain):
    assert is_refused(chain, mutated(chain, ref_block_hash=b"\x01" * 8), "TAPOS_ERROR")


def test_the_number_of_a_block_that_is_not_there_yet(chain):
    height = chain.hand.height() + 1
    assert is_refused(chain, mutated(chain, ref_block_bytes=height.to_bytes(2, "big")), "TAPOS_ERROR")


def test_a_block_that_a_reorganisation_replaced(chain):
    good = transaction.decode_raw(good_raw(chain))
    header = chain.node.chain.head
    on_head = replace(
        good,
        ref_block_bytes=header.height.to_bytes(8, "big")[6:8],
        ref_block_hash=bytes.fromhex(header.hash)[8:16],
    )
    raw = signed(transaction.encode_raw(on_head), chain.signer)
    chain.reorg(1, drop=[])
    assert is_refused(chain, raw, "TAPOS_ERROR")


def test_an_expiration_that_is_the_newest_blocks_time(chain):
    now_ms = chain.node.chain.head.time_ms
    assert is_refused(chain, mutated(chain, expiration_ms=now_ms), "TRANSACTION_EXPIRATION_ERROR")


def test_good_bytes_that_have_expired_meanwhile(chain):
    raw = signed(good_raw(chain), chain.signer)
    chain.mine(600 // 3 + 1)
    assert is_refused(chain, raw, "TRANSACTION_EXPIRATION_ERROR")


def test_an_expiration_more_than_a_day_ahead(chain):
    now_ms = chain.node.chain.head.time_ms
    assert is_refused(chain, mutated(chain, expiration_ms=now_ms + DAY_MS + 1), "TRANSACTION_EXPIRATION_ERROR")


def test_a_duplicate_of_what_is_mined(chain):
    raw = signed(good_raw(chain), chain.signer)
    chain.adapter.broadcast(raw)
    chain.mine()
    assert is_refused(chain, raw, "DUP_TRANSACTION_ERROR")


def test_a_payer_that_nobody_ever_sent_anything(chain):
    poor = LocalSigner(b"\x09" * 32)
    owner = account_of(address_of_public_key("TRX", poor.public_key))
    raw_data = with_action(good_raw(chain), owner=owner)
    assert is_refused(chain, signed(raw_data, poor), "CONTRACT_VALIDATE_ERROR")


def test_a_payer_without_the_coin_for_its_bytes(chain):
    chain.hand.fund(chain.hot_wallet, "TRX", -chain.hand.balance(chain.hot_wallet, "TRX"))
    raw = signed(good_raw(chain), chain.signer)
    assert is_refused(chain, raw, "BANDWITH_ERROR")


@pytest.mark.parametrize("chain", ["TRX"], indirect=True)
class TestCoins:
    def test_zero(self, chain):
        raw_data = with_action(good_raw(chain), units=0)
        assert is_refused(chain, signed(raw_data, chain.signer), "CONTRACT_VALIDATE_ERROR")

    def test_to_oneself(self, chain):
        raw_data = with_action(good_raw(chain), to=account_of(chain.hot_wallet))
        assert is_refused(chain, signed(raw_data, chain.signer), "CONTRACT_VALIDATE_ERROR")

    def test_to_a_contract(self, chain):
        raw_data = with_action(good_raw(chain), to=account_of(chain.adapter._contracts["USDT"]))
        assert is_refused(chain, signed(raw_data, chain.signer), "CONTRACT_VALIDATE_ERROR")

    def test_all_that_is_there_leaving_nothing_for_the_fee(self, chain):
        raw_data = with_action(good_raw(chain), units=chain.hand.balance(chain.hot_wallet, "TRX"))
        assert is_refused(chain, signed(raw_data, chain.signer), "CONTRACT_VALIDATE_ERROR")


@pytest.mark.parametrize("chain", ["USDT"], indirect=True)
class TestCalls:
    def test_a_contract_that_is_none(self, chain):
        raw_data = with_action(good_raw(chain), contract=account_of(chain.new_address()))
        assert is_refused(chain, signed(raw_data, chain.signer), "CONTRACT_VALIDATE_ERROR")

    def test_a_fee_limit_above_the_largest(self, chain):
        assert is_refused(chain, mutated(chain, fee_limit_units=15_000_000_001), "CONTRACT_VALIDATE_ERROR")


def test_the_adapter_says_why(chain):
    with pytest.raises(TransactionRefusedError, match="TAPOS_ERROR: Tapos check error"):
        chain.adapter.broadcast(mutated(chain, ref_block_hash=b"\x01" * 8))


def test_a_node_in_trouble_is_unavailable_and_has_not_refused(chain):
    chain.node.chain.take = _busy
    with pytest.raises(ChainUnavailableError):
        chain.adapter.broadcast(signed(good_raw(chain), chain.signer))


def _busy(raw):
    raise RefusedError("SERVER_BUSY", "Server is busy.")
