"""Built, signed, and read again: every input signed by its own key, every output exact."""

import json

import pytest
from coincurve import PublicKey
from embit.script import Script
from embit.transaction import Transaction
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.chains.adapter import HOT_WALLET_PATH, Coin, Payout, Spending
from chalicelib.chains.hdkeys import deposit_address
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.utxo.adapter import UtxoAdapter
from chalicelib.chains.utxo.script import key_hash, script_code, script_of
from tests.chains.private_derivation import ABANDON_SEED, account_xpub
from tests.chains.utxo.account import AccountSigner
from tests.chains.utxo.patience import PATIENT
from tests.chains.utxo.test_coin_selection import ACCOUNT, ADAPTER, coins_of, families, payouts_to

LARGE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@PATIENT
@given(
    families,
    st.lists(st.integers(10**6, 10**9), min_size=1, max_size=6),
    st.lists(st.integers(6_000, 10**5), max_size=6),
)
def test_every_input_is_signed_by_the_key_that_its_coin_pays_to(family, units, paid):
    adapter, account = ADAPTER[family], ACCOUNT[family]
    payouts, coins = payouts_to(family, paid), coins_of(units)
    spending = adapter.select(payouts, coins, 2_000)
    signed = adapter.sign(adapter.assemble(payouts, spending, account.address("1/0")), account)
    oracle = Transaction.parse(signed.raw)
    assert oracle.txid().hex() == signed.txid
    for place, (coin, spent) in enumerate(zip(spending.coins, oracle.vin, strict=True)):
        signature, public_key = spent.witness.items
        assert public_key == account.child(coin.key_path).public_key
        digest = oracle.sighash_segwit(place, Script(script_code(key_hash(public_key))), coin.units)
        assert PublicKey(public_key).verify(signature[:-1], digest, hasher=None)
        assert coin.outpoint == f"{spent.txid.hex()}:{spent.vout}"
    outputs = [(each.value, each.script_pubkey.data) for each in oracle.vout]
    assert outputs[:-1] == [(each.units, script_of(each.to, family)) for each in payouts]
    assert outputs[-1] == (spending.change_units, script_of(account.address("1/0"), family))
    assert adapter.spends(signed.raw) == ",".join(coin.outpoint for coin in spending.coins)


def test_bitcoins_payouts_say_that_they_may_be_replaced_and_litecoins_do_not():
    for family, sequence in (("BTC", 0xFFFFFFFD), ("LTC", 0xFFFFFFFF)):
        assert ADAPTER[family].is_replaceable == (family == "BTC")
        (spent,) = Transaction.parse(_signed(family)[0].raw).vin
        assert spent.sequence == sequence


def test_the_change_is_a_coin_of_the_hot_wallet_that_a_child_can_spend():
    for family in ("BTC", "LTC"):
        adapter = ADAPTER[family]
        signed, spending = _signed(family)
        change = adapter.change_of(signed.raw, spending)
        assert change == Coin(f"{signed.txid}:1", spending.change_units, HOT_WALLET_PATH)
        child = adapter.select([], [change], 50_000)
        raw = adapter.sign(adapter.assemble([], child, ACCOUNT[family].address("1/0")), ACCOUNT[family]).raw
        assert adapter.spends(raw) == change.outpoint
        assert (child.fee_units, child.change_units) == (5_500, spending.change_units - 5_500)
        assert adapter.size(raw) in (109, 110)


def test_another_transactions_change_is_not_taken_for_it():
    signed, spending = _signed("BTC")
    with pytest.raises(ValueError, match="not that change"):
        ADAPTER["BTC"].change_of(signed.raw, Spending(spending.coins, spending.fee_units, 1))


def test_what_does_not_add_up_is_not_built():
    _, spending = _signed("BTC")
    payouts, sender = payouts_to("BTC", [10_000]), ACCOUNT["BTC"].address("1/0")
    for fee, change in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        wrong = Spending(spending.coins, spending.fee_units + fee, spending.change_units + change)
        with pytest.raises(ValueError, match="do not add up"):
            ADAPTER["BTC"].assemble(payouts, wrong, sender)
    dust = Spending(spending.coins, spending.fee_units + spending.change_units - 100, 100)
    with pytest.raises(ValueError, match="do not relay"):
        ADAPTER["BTC"].assemble(payouts, dust, sender)


def test_what_is_stored_before_signing_holds_no_key_and_says_all():
    _, spending = _signed("BTC")
    unsigned = ADAPTER["BTC"].assemble(payouts_to("BTC", [10_000]), spending, ACCOUNT["BTC"].address("1/0"))
    content = json.loads(unsigned.payload)
    assert content["coins"] == [[coin.outpoint, coin.units, coin.key_path] for coin in spending.coins]
    assert [units for units, _ in content["outputs"]] == [10_000, spending.change_units]


def test_a_signer_of_one_key_cannot_sign_for_an_account():
    _, spending = _signed("BTC")
    unsigned = ADAPTER["BTC"].assemble(payouts_to("BTC", [10_000]), spending, ACCOUNT["BTC"].address("1/0"))
    with pytest.raises(KeyError):
        ADAPTER["BTC"].sign(unsigned, LocalSigner(b"\1" * 32))


def test_a_signer_that_gives_a_high_s_is_not_believed():
    class Careless(AccountSigner):
        def child(self, key_path):
            return self

        @property
        def public_key(self):
            return super().child("1/0").public_key

        def sign(self, digest):
            compact = super().child("1/0").sign(digest)
            return compact[:32] + (LARGE - int.from_bytes(compact[32:], "big")).to_bytes(32, "big")

    _, spending = _signed("BTC")
    unsigned = ADAPTER["BTC"].assemble(payouts_to("BTC", [10_000]), spending, ACCOUNT["BTC"].address("1/0"))
    with pytest.raises(ValueError, match="lower half"):
        ADAPTER["BTC"].sign(unsigned, Careless(bytes(32), "BTC"))


@pytest.mark.parametrize(("family", "coin"), [("BTC", 0), ("LTC", 2)])
def test_deposit_addresses_are_children_that_the_account_signs_for(family, coin):
    xpub = account_xpub(84, coin)
    account = AccountSigner(ABANDON_SEED, family)
    assert [account.address(f"0/{number}") for number in range(3)] == [
        deposit_address(family, xpub, number) for number in range(3)
    ]


def test_a_single_payout_with_a_slot_is_not_how_coins_are_spent():
    adapter = UtxoAdapter("LTC", None)
    with pytest.raises(TypeError, match="select and assemble"):
        adapter.build(Payout("", "", "LTC", 1), "0", None)
    with pytest.raises(TypeError, match="raised"):
        adapter.replacement(b"", None)
    assert (adapter.next_slot("any"), adapter.slot_kind) == (0, "inputs")


def _signed(family):
    adapter, account = ADAPTER[family], ACCOUNT[family]
    payouts = payouts_to(family, [10_000])
    spending = adapter.select(payouts, coins_of([10**6]), 2_000)
    return adapter.sign(adapter.assemble(payouts, spending, account.address("1/0")), account), spending
