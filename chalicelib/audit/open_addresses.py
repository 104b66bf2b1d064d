"""Coin that came without a trace: a contract can send a chain's own coin without a log, and no scan sees it.

The addresses of payments whose time is not long over are asked for their balance. What is there beyond the
deposits that were seen, in two runs, is listed for the operator, as money of no currency is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice

from pynamodb.expressions.operand import Path

from chalicelib.audit.records import RescanState
from chalicelib.chains.networks import EVM, FAMILY_OF, NATIVE_TOKEN_OF
from chalicelib.chains.records import StrayDeposit
from chalicelib.environment import Environment
from chalicelib.payments.records import PaymentRecord
from chalicelib.payouts.records import HotWallet
from chalicelib.storage import keys
from chalicelib.storage.records import Key, Record
from chalicelib.storage.unit_of_work import delete, put
from chalicelib.sweeping.records import HoldingRecord

INDEX = "expiry_index"
HOUR_SECONDS = 3600
LONGEST_EXPIRY_HOURS = 169
HOURS_AFTER = 24  # a customer's money may have come in time, and nobody noticed
MOST_PAYMENTS = 2_000  # those that expire soonest; the others' turn comes
MOST_SUSPECTS = 500
BY_BALANCE = "balance"
"""What stands in the place of a transaction: nobody knows which one it was."""


def payments(env: Environment) -> list[PaymentRecord]:
    """Return the payments on EVM chains that wait for money, or did until lately; the soonest to expire first."""
    found: list[PaymentRecord] = []
    for keys_of_some in _batches(_expiring(env)):
        records = env.store.get_many(PaymentRecord, keys_of_some)
        found += [record for record in records.values() if _family(env, record) == EVM]
    return found


def look(
    env: Environment, blockchain: str, opened: Iterable[PaymentRecord], state: RescanState
) -> list[StrayDeposit]:
    """Compare what lies at open payments' addresses with what was seen to come there, in the chain's own coin.

    Args:
        env: the environment.
        blockchain: the short code of an EVM chain.
        opened: open payments, of any chain.
        state: what the audit remembers of the chain; its suspects are replaced, and stored.

    Returns:
        What was listed for the operator in this run.

    Raises:
        ChainUnavailableError: the node does not answer.
    """
    of_it = [one for one in opened if env.catalogue.by_code(one.currency).blockchain == blockchain]
    moved, strays = _moved(env, blockchain, of_it), _strays(env, blockchain)
    surplus = {
        one.address: (one, units)
        for one in of_it
        if one.address not in moved and (units := _surplus(env, blockchain, one, strays)) is not None
    }
    listed = []
    for address, (payment, units) in surplus.items():
        sure_units = min(units, state.suspects.get(address, 0))
        if sure_units > 0:
            listed.append(_stray(env, blockchain, payment, sure_units))
            env.store.commit(put(listed[-1]))
        elif units == 0 and address in strays[BY_BALANCE]:
            env.store.commit(delete(_key(blockchain, address)))  # the scanner has seen it since
    suspects = [(address, units) for address, (_, units) in surplus.items() if units > 0]
    state.suspects = dict(suspects[:MOST_SUSPECTS])
    env.store.commit(put(state))
    return listed


def _expiring(env: Environment) -> Iterable[Key]:
    now = int(env.clock.now())
    from_there = Path("xa") >= (now - HOURS_AFTER * HOUR_SECONDS) * 1000
    hours = range(-HOURS_AFTER, LONGEST_EXPIRY_HOURS + 1)
    for hour in hours:
        bucket = keys.expiry_bucket(now + hour * HOUR_SECONDS)
        yield from (one.key for one in env.store.query_all(Record, bucket, from_there, index=INDEX))


def _batches(found: Iterable[Key]) -> Iterable[Sequence[Key]]:
    bounded = iter(islice(found, MOST_PAYMENTS))
    while some := list(islice(bounded, 100)):
        yield some


def _family(env: Environment, record: PaymentRecord) -> str:
    return FAMILY_OF[env.catalogue.by_code(record.currency).blockchain]


def _moved(env: Environment, blockchain: str, opened: Iterable[PaymentRecord]) -> set[str]:
    """Return the addresses that we have sent something to or from: their balance says nothing about customers."""
    wanted = {keys.hot_wallet(blockchain, f"0/{one.address_index}"): one.address for one in opened}
    used = env.store.get_many(HotWallet, list(wanted)) if wanted else {}
    named = [keys.holding(blockchain, address) for address in wanted.values()]
    held = env.store.get_many(HoldingRecord, named) if named else {}
    return {wanted[key] for key in used} | {one.address for one in held.values() if one.move}


def _strays(env: Environment, blockchain: str) -> dict[str, dict[str, int]]:
    """Return what of the chain's own coin is listed already, by address: as it was seen, and by balance."""
    listed: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    listed[BY_BALANCE] = defaultdict(int)
    for one in env.store.query_all(StrayDeposit, keys.stray_deposits(), Record.sk.startswith(f"{blockchain}#")):
        if one.token == NATIVE_TOKEN_OF[blockchain]:
            listed[BY_BALANCE if one.txid == BY_BALANCE else "seen"][one.address] += int(one.units)
    return listed


def _surplus(
    env: Environment, blockchain: str, payment: PaymentRecord, strays: dict[str, dict[str, int]]
) -> int | None:
    """Return how much more lies at a payment's address than came there; None where that cannot be told."""
    state = payment.state(env.catalogue.by_code(payment.currency).decimals)
    if state.deposits_count > len(state.deposits):
        return None
    native_token = NATIVE_TOKEN_OF[blockchain]
    seen_units = sum(
        one.units
        for one in state.deposits
        if not one.is_lost
        and one.blockchain == blockchain
        and env.catalogue.by_code(one.currency).token == native_token
    )
    there_units = env.chains[blockchain].balance(payment.address, native_token)
    return max(0, there_units - seen_units - strays["seen"][payment.address])


def _stray(env: Environment, blockchain: str, payment: PaymentRecord, units: int) -> StrayDeposit:
    pk, sk = _key(blockchain, payment.address)
    return StrayDeposit(
        pk=pk,
        sk=sk,
        blockchain=blockchain,
        token=NATIVE_TOKEN_OF[blockchain],
        units=str(units),
        address=payment.address,
        txid=BY_BALANCE,
        tenant_id=payment.pk.partition("#")[2],
        payment_id=payment.sk,
        seen_at=int(env.clock.now()),
    )


def _key(blockchain: str, address: str) -> Key:
    return keys.stray_deposit(blockchain, f"{BY_BALANCE}:{address}", 0)
