"""A withdrawal as an item, what its hot wallet keeps of it, and the hot wallet. Names are short in storage."""

import base64
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.ledger.accounts import holder_account
from chalicelib.storage.attributes import CompactJsonAttribute, IntegerAttribute, OptionalIntegerAttribute
from chalicelib.storage.records import Record


@dataclass(frozen=True, slots=True)
class Attempt:
    """A payment signed for a withdrawal's slot; of all that were, the chain can take one at most.

    Attributes:
        txid: the id that it has on the chain.
        raw: the bytes that go to the node, the same at every retry; empty where a batch has them.
        fee_units: what it offers the chain at most, in units of the native coin.
        signed_at: Unix milliseconds.
    """

    txid: str
    raw: bytes
    fee_units: int
    signed_at: int


class WithdrawalRecord(Record):
    """A withdrawal. Times are Unix milliseconds, amounts smallest units; it is its own journal row.

    Attributes:
        requested: what was asked for, in the currency.
        amount: what the recipient gets.
        platform_fee: the platform's fee.
        network_fee: what the merchant pays for the network, fixed at acceptance.
        wallet_id: the sub-account it leaves; none for the master.
        payment_id: the payment that it refunds, if it is a refund.
        is_final_amount: whether the fees came on top of what was asked for.
        lk: the list index's partition: the merchant's withdrawals by amount.
        lv: the amount in forty digits, and the id.
        usd_cents: what it used of the merchant's limits, and
        limit_day: the UTC day that it used it of, as days since 1970.
        signed: attempts as stored: see ``attempts``.
        slot: the hot wallet's slot that every attempt spends.
        mined: which attempt was seen mined: its place in the list.
        height: the block that it was seen in, by height, and
        block_hash: by hash.
        gas: ``[native coin's code, units]`` that the chain took for it, once it is settled or has failed.
        repaid: what of a released hold went to the account's debt.
        untold: steps whose telling may not have been numbered yet: see ``steps.py``.
        is_batched: 1 when one transaction pays it and others: the bytes of its attempts lie in that batch.
        source: the key that it leaves, as a path below the account; none for the hot wallet.
        purpose: why we move money of our own, ``top-up`` or ``sweep``; none for a merchant's withdrawal.
        blockchain: the chain of such a move, and
        token: what it moves: it need not be a currency of the catalogue.
    """

    currency = UnicodeAttribute(attr_name="c")
    status = UnicodeAttribute(attr_name="s")
    version = IntegerAttribute(attr_name="v")
    requested = IntegerAttribute(attr_name="r")
    amount = IntegerAttribute(attr_name="m")
    platform_fee = IntegerAttribute(attr_name="pf")
    network_fee = IntegerAttribute(attr_name="nf")
    wallet_id = UnicodeAttribute(attr_name="w", null=True)
    address = UnicodeAttribute(attr_name="a")
    memo = UnicodeAttribute(attr_name="mm", null=True)
    custom_id = UnicodeAttribute(attr_name="ci", null=True)
    callback_url = UnicodeAttribute(attr_name="cb", null=True)
    payment_id = UnicodeAttribute(attr_name="p", null=True)
    created_at = IntegerAttribute(attr_name="ca")
    updated_at = IntegerAttribute(attr_name="ua")
    completed_at = OptionalIntegerAttribute(attr_name="da")
    error_message = UnicodeAttribute(attr_name="em", null=True)
    is_final_amount = IntegerAttribute(attr_name="f", default=0)
    lk = UnicodeAttribute(null=True)
    lv = UnicodeAttribute(null=True)
    usd_cents = OptionalIntegerAttribute(attr_name="u")
    limit_day = OptionalIntegerAttribute(attr_name="ld")
    signed = CompactJsonAttribute(attr_name="t", null=True)
    slot = OptionalIntegerAttribute(attr_name="n")
    mined = OptionalIntegerAttribute(attr_name="i")
    height = OptionalIntegerAttribute(attr_name="h")
    block_hash = UnicodeAttribute(attr_name="bh", null=True)
    gas = CompactJsonAttribute(attr_name="g", null=True)
    repaid = OptionalIntegerAttribute(attr_name="o")
    untold = CompactJsonAttribute(attr_name="l", null=True)
    is_batched = OptionalIntegerAttribute(attr_name="b")
    source = UnicodeAttribute(attr_name="k", null=True)
    purpose = UnicodeAttribute(attr_name="y", null=True)
    blockchain = UnicodeAttribute(attr_name="bc", null=True)
    token = UnicodeAttribute(attr_name="tk", null=True)

    @property
    def is_internal(self) -> bool:
        """Whether it moves our own money from one address of ours to another: nobody's balance changes."""
        return self.purpose is not None

    @property
    def tenant_id(self) -> str:
        """The merchant."""
        return self.pk.partition("#")[2]

    @property
    def account(self) -> str:
        """The account whose money it is."""
        return holder_account(self.wallet_id)

    @property
    def held_units(self) -> int:
        """What is held for it: all that leaves the account when it is settled."""
        if self.is_internal:
            return 0
        return self.amount + self.platform_fee + self.network_fee

    @property
    def attempts(self) -> list[Attempt]:
        """All that was ever signed for it, oldest first."""
        return [read_attempt(stored) for stored in self.signed or []]


def stored_attempt(attempt: Attempt) -> list[Any]:
    """Return an attempt in its stored shape."""
    return [attempt.txid, base64.b64encode(attempt.raw).decode(), attempt.fee_units, attempt.signed_at]


def read_attempt(stored: list[Any]) -> Attempt:
    """Return an attempt out of its stored shape."""
    txid, raw, fee_units, signed_at = stored
    return Attempt(txid, base64.b64decode(raw), fee_units, signed_at)


class OpenPayout(Record):
    """A withdrawal that its hot wallet follows from acceptance to its end, or watches from a signed one's end on.

    What a turn over many watched ones needs lies here, so that it need not read the withdrawals.

    Attributes:
        tenant_id: the merchant.
        ended: the final status of a watched one; none while it is followed. The rest is of watched ones.
        version: counts the changes since.
        slot: the hot wallet's slot that it spends.
        source: the key that it leaves; none for the hot wallet.
        filler: what is to spend its slot in its place, an attempt as stored: see ``filling.py`` of the payouts.
        confirmations: how many blocks its currency asks for.
        height: the block that it was seen mined in, by height, and
        block_hash: by hash; none while it is in no block.
        is_ok: 1 when what was mined did what it was for, 0 when it was reverted.
        corrections: how often the books were corrected since its end.
    """

    tenant_id = UnicodeAttribute(attr_name="t")
    ended = UnicodeAttribute(attr_name="e", null=True)
    version = OptionalIntegerAttribute(attr_name="v")
    slot = OptionalIntegerAttribute(attr_name="n")
    confirmations = OptionalIntegerAttribute(attr_name="c")
    height = OptionalIntegerAttribute(attr_name="h")
    block_hash = UnicodeAttribute(attr_name="bh", null=True)
    is_ok = OptionalIntegerAttribute(attr_name="k")
    corrections = OptionalIntegerAttribute(attr_name="o")
    source = UnicodeAttribute(attr_name="y", null=True)
    filler = CompactJsonAttribute(attr_name="f", null=True)
