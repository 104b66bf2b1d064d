"""A hot wallet as one turn of its worker sees it: its signer, its next slot, what it can still pay."""

import logging
from dataclasses import dataclass, field

from chalicelib.chains.adapter import ChainAdapter, Fee, Head, Payout, Signer
from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.storage import keys
from chalicelib.storage.records import Record
from chalicelib.storage.unit_of_work import Write, update
from chalicelib.withdrawals import protection
from chalicelib.withdrawals.records import Attempt, HotWallet, WithdrawalRecord

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Wallet:
    """A blockchain's hot wallet during one run: what it asks the node for once is kept for that run.

    Attributes:
        env: the environment.
        blockchain: the short code.
        adapter: its node.
        signer: its key.
        head: the newest block when the run began.
        signed_count: how many withdrawals were signed for the first time in it.
    """

    env: Environment
    blockchain: str
    adapter: ChainAdapter
    signer: Signer
    head: Head
    signed_count: int = 0
    _frozen: dict[str, bool] = field(default_factory=dict)
    _balances: dict[str, int] = field(default_factory=dict)
    _taken: dict[str, dict[str, int]] = field(default_factory=dict)
    _hashes: dict[int, str | None] = field(default_factory=dict)
    _alarms: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        """Where its payouts leave from."""
        return address_of_public_key(FAMILY_OF[self.blockchain], self.signer.public_key)

    @property
    def native_token(self) -> str:
        """The coin that its gas is paid in."""
        return NATIVE_TOKEN_OF[self.blockchain]

    def currency(self, record: WithdrawalRecord) -> Currency:
        """Return a withdrawal's currency."""
        return self.env.catalogue.by_code(record.currency)

    def payout(self, record: WithdrawalRecord) -> Payout:
        """Return what is to be paid for a withdrawal: the same, whatever the fee."""
        return Payout(self.address, record.address, self.currency(record).token, record.amount, record.memo)

    def sign(self, record: WithdrawalRecord, slot: int, fee_units: int) -> Attempt:
        """Sign a withdrawal's payout for a slot. The bytes are worth nothing until they are stored."""
        fee = Fee(self.native_token, fee_units)
        unsigned = self.adapter.build(self.payout(record), str(slot), fee)
        signed = self.adapter.sign(unsigned, self.signer)
        return Attempt(signed.txid, signed.raw, fee_units, int(self.env.clock.now() * 1000))

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, as it was in this run."""
        if height not in self._hashes:
            self._hashes[height] = self.adapter.block_hash(height)
        return self._hashes[height]

    def next_slot(self) -> int:
        """Return the slot that the next payout takes: from our own counter, never from the node."""
        record = self.env.store.get(HotWallet, keys.hot_wallet(self.blockchain))
        return record.next_slot if record else 0

    def taking(self, slot: int) -> Write:
        """Return the write that gives a slot away, if it is still the next one."""
        is_next = (HotWallet.next_slot == slot) if slot else Record.pk.does_not_exist()
        return update(keys.hot_wallet(self.blockchain), [HotWallet.next_slot.set(slot + 1)], is_next)

    def reserve(self, record: WithdrawalRecord, fee_units: int) -> None:
        """Reckon with what a signed payout will take that is in no block yet."""
        needs = {self.currency(record).token: record.amount}
        needs[self.native_token] = needs.get(self.native_token, 0) + fee_units
        self._taken[record.sk] = needs

    def set_free(self, record: WithdrawalRecord) -> None:
        """Reckon with it no longer: it is in a block, or at its end."""
        self._taken.pop(record.sk, None)

    def lacks(self, record: WithdrawalRecord, fee_units: int) -> str | None:
        """Return the token that a payout needs more of than is there and free, or None."""
        needs = {self.currency(record).token: record.amount}
        needs[self.native_token] = needs.get(self.native_token, 0) + fee_units
        return next((token for token, units in needs.items() if self._free_units(token) < units), None)

    def is_frozen(self, tenant_id: str) -> bool:
        """Tell whether a merchant's withdrawals are frozen: read once a run, demanded again by each signature."""
        if tenant_id not in self._frozen:
            self._frozen[tenant_id] = protection.is_frozen(self.env, tenant_id)
        return self._frozen[tenant_id]

    def note_frozen(self, tenant_id: str) -> None:
        """Take note that a signature was refused for it."""
        self._frozen[tenant_id] = True

    def alarm(self, problem: str) -> None:
        """Tell the operator what keeps payouts waiting: once a run, however many wait."""
        if problem not in self._alarms:
            self._alarms.add(problem)
            logger.error("payouts wait on %s: %s", self.blockchain, problem)

    def _free_units(self, token: str) -> int:
        if token not in self._balances:
            self._balances[token] = self.adapter.balance(self.address, token)
        return self._balances[token] - sum(needs.get(token, 0) for needs in self._taken.values())


def wallet(env: Environment, blockchain: str) -> Wallet:
    """Open a blockchain's hot wallet for one run.

    Raises:
        ChainUnavailableError: its node does not answer.
    """
    adapter = env.chains[blockchain]
    return Wallet(env, blockchain, adapter, env.signers[blockchain], adapter.head())
