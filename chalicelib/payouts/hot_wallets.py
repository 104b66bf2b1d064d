"""A hot wallet as one turn of its worker sees it: its signer, its next slot, what it can still pay."""

import logging
from dataclasses import dataclass, field
from functools import cached_property

from chalicelib.chains.adapter import ChainAdapter, Fee, Head, Payout, Signer, TxStatus, Unsigned
from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.chains.public_keys import address_of_public_key
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.payouts.records import CoinBatch, HotWallet
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Record
from chalicelib.storage.unit_of_work import Write, update
from chalicelib.withdrawals import protection
from chalicelib.withdrawals.records import Attempt, WithdrawalRecord

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Turn:
    """What the wallets of one blockchain share while its worker has its turn: each is asked for once.

    Attributes:
        head: the newest block when the turn began.
        signed_count: how many withdrawals were signed for the first time in it.
        hashes: blocks' hashes, by height.
        frozen: whether a merchant's withdrawals are frozen, by tenant.
        alarms: what the operator was told already.
        wallets: the wallets that were opened, by the key that they spend with.
        pushed: the batches that were looked at for being stuck.
        usual_fees: what a usual payout of a token costs now, in units of the native coin.
    """

    head: Head
    signed_count: int = 0
    hashes: dict[int, str | None] = field(default_factory=dict)
    frozen: dict[str, bool] = field(default_factory=dict)
    alarms: set[str] = field(default_factory=set)
    wallets: dict[str | None, "Wallet"] = field(default_factory=dict)
    pushed: set[str] = field(default_factory=set)
    usual_fees: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class Wallet:
    """One key's money on a blockchain: the hot wallet, or a deposit account that is being swept.

    Attributes:
        env: the environment.
        blockchain: the short code.
        adapter: its node.
        signer: its key.
        turn: what all wallets of the blockchain share.
        source: the key's path below the account; None for the hot wallet.
    """

    env: Environment
    blockchain: str
    adapter: ChainAdapter
    signer: Signer
    turn: Turn
    source: str | None = None
    _balances: dict[str, int] = field(default_factory=dict)
    _taken: dict[str, dict[str, int]] = field(default_factory=dict)
    _batches: dict[int, CoinBatch] = field(default_factory=dict)
    _counter: HotWallet | None = None

    @property
    def head(self) -> Head:
        """The newest block when the turn began."""
        return self.turn.head

    @cached_property
    def address(self) -> str:
        """Where its payouts leave from."""
        return address_of_public_key(FAMILY_OF[self.blockchain], self.signer.public_key)

    @property
    def native_token(self) -> str:
        """The coin that its gas is paid in."""
        return NATIVE_TOKEN_OF[self.blockchain]

    def of(self, source: str | None) -> "Wallet":
        """Return the wallet of another key of the same blockchain, in the same turn.

        Raises:
            KeyError: the signer holds no account with such a key.
        """
        opened = self.turn.wallets
        if source not in opened:
            assert source is not None, "the hot wallet is opened first"
            signer = opened[None].signer.child(source)
            opened[source] = Wallet(self.env, self.blockchain, self.adapter, signer, self.turn, source)
        return opened[source]

    def currency(self, record: WithdrawalRecord) -> Currency:
        """Return a withdrawal's currency."""
        return self.env.catalogue.by_code(record.currency)

    def confirmations(self, record: WithdrawalRecord) -> int:
        """Return how many blocks, its own included, make a withdrawal's transaction final enough."""
        if record.is_internal:
            return self.env.catalogue.most_confirmations(self.blockchain)
        return self.currency(record).confirmations

    def payout(self, record: WithdrawalRecord) -> Payout:
        """Return what is to be paid for a withdrawal: the same, whatever the fee."""
        token = record.token or self.currency(record).token
        return Payout(self.address, record.address, token, record.amount, record.memo)

    def sign(self, record: WithdrawalRecord, slot: int, fee_units: int) -> Attempt:
        """Sign a withdrawal's payout for a slot. The bytes are worth nothing until they are stored."""
        unsigned = self.adapter.build(self.payout(record), str(slot), Fee(self.native_token, fee_units))
        return self.signed(unsigned, fee_units)

    def sign_dearer(self, newest: Attempt, fee_units: int) -> Attempt:
        """Sign the same payment for the same slot at a higher fee: made out of the bytes that it replaces."""
        return self.signed(self.adapter.replacement(newest.raw, Fee(self.native_token, fee_units)), fee_units)

    def signed(self, unsigned: Unsigned, fee_units: int) -> Attempt:
        """Sign what was built."""
        signed = self.adapter.sign(unsigned, self.signer)
        return Attempt(signed.txid, signed.raw, fee_units, int(self.env.clock.now() * 1000))

    def raw(self, record: WithdrawalRecord, attempt: Attempt) -> bytes:
        """Return an attempt's bytes: the withdrawal's own, or those of the batch that it is paid in."""
        if attempt.raw:
            return attempt.raw
        if not self.batch(record).has(attempt.txid):
            self.forget_batches()  # another worker has replaced it since: the withdrawal was read after that
        return self.batch(record).raw_of(attempt.txid)

    def seen(self, record: WithdrawalRecord) -> list[TxStatus]:
        """Return where all that was signed for a withdrawal stands now, oldest first."""
        attempts = record.attempts
        return [self.status(attempt.txid, self.raw(record, attempt)) for attempt in attempts]

    def status(self, txid: str, raw: bytes) -> TxStatus:
        """Return where a transaction of ours stands now."""
        return self.adapter.status(txid, self.adapter.spends(raw))

    def batch(self, record: WithdrawalRecord) -> CoinBatch:
        """Return the batch that a withdrawal is paid in."""
        assert record.slot is not None, "what is signed has its slot"
        if record.slot not in self._batches:
            found = self.env.store.get(CoinBatch, keys.coin_batch(self.blockchain, record.slot))
            assert found is not None, "a batch stays as long as its withdrawals are followed"
            self._batches[record.slot] = found
        return self._batches[record.slot]

    def forget_batches(self) -> None:
        """Read batches anew: one was changed."""
        self._batches.clear()

    def usual_fee_units(self, token: str) -> int:
        """Return what a usual payout of a token costs now, whoever gets it."""
        if token not in self.turn.usual_fees:
            usual = Payout(sender="", to="", token=token, units=0)
            self.turn.usual_fees[token] = self.adapter.estimate(usual).units
        return self.turn.usual_fees[token]

    def block_hash(self, height: int) -> str | None:
        """Return the hash of the block at that height, as it was in this turn."""
        if height not in self.turn.hashes:
            self.turn.hashes[height] = self.adapter.block_hash(height)
        return self.turn.hashes[height]

    def next_slot(self) -> int:
        """Return the slot that the next payout takes: from our own counter, never from the node.

        Only where the counter begins is the node asked, once: a wallet may have been used before it was ours.
        """
        self._counter = self.env.store.get(HotWallet, self._key)
        return self._counter.next_slot if self._counter else self.adapter.next_slot(self.address)

    def taking(self, slot: int) -> Write:
        """Return the write that gives a slot away, if it is still the next one."""
        is_next = (HotWallet.next_slot == slot) if self._counter else Record.pk.does_not_exist()
        taken = [HotWallet.next_slot.set(slot + 1), HotWallet.address.set(self.address)]
        return update(self._key, taken, is_next)

    def reserve(self, record: WithdrawalRecord, fee_units: int) -> None:
        """Reckon with what a signed payout will take that is in no block yet."""
        if not record.is_batched:
            self._taken[record.sk] = self._needs(record, fee_units)

    def set_free(self, record: WithdrawalRecord) -> None:
        """Reckon with it no longer: it is in a block, or at its end."""
        self._taken.pop(record.sk, None)

    def lacks(self, record: WithdrawalRecord, fee_units: int) -> str | None:
        """Return the token that a payout needs more of than is there and free, or None."""
        needs = self._needs(record, fee_units)
        return next((token for token, units in needs.items() if self._free_units(token) < units), None)

    def is_frozen(self, tenant_id: str) -> bool:
        """Tell whether a merchant's withdrawals are frozen: read once a turn, demanded again by each signature."""
        if tenant_id not in self.turn.frozen:
            self.turn.frozen[tenant_id] = protection.is_frozen(self.env, tenant_id)
        return self.turn.frozen[tenant_id]

    def note_frozen(self, tenant_id: str) -> None:
        """Take note that a signature was refused for it."""
        self.turn.frozen[tenant_id] = True

    def alarm(self, problem: str) -> None:
        """Tell the operator what keeps payouts waiting: once a turn, however many wait."""
        if problem not in self.turn.alarms:
            self.turn.alarms.add(problem)
            logger.error("payouts wait on %s: %s", self.blockchain, problem)

    @property
    def _key(self) -> Key:
        return keys.hot_wallet(self.blockchain, self.source)

    def _needs(self, record: WithdrawalRecord, fee_units: int) -> dict[str, int]:
        needs = {self.payout(record).token: record.amount}
        needs[self.native_token] = needs.get(self.native_token, 0) + fee_units
        return needs

    def _free_units(self, token: str) -> int:
        if token not in self._balances:
            self._balances[token] = self.adapter.balance(self.address, token)
        return self._balances[token] - sum(needs.get(token, 0) for needs in self._taken.values())


def wallet(env: Environment, blockchain: str) -> Wallet:
    """Open a blockchain's hot wallet for one turn.

    Raises:
        ChainUnavailableError: its node does not answer.
    """
    adapter = env.chains[blockchain]
    turn = Turn(adapter.head())
    opened = Wallet(env, blockchain, adapter, env.signers[blockchain], turn)
    turn.wallets[None] = opened
    return opened
