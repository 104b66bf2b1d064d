"""The whole gateway under whatever may happen to it: money, events and chain agree, step after step."""

from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from chalicelib.currencies.workers import refresh_prices
from chalicelib.ledger.records import MovementRecord
from chalicelib.payments import pricing
from chalicelib.payments.deposits import DepositState, split
from chalicelib.payments.records import PaymentRecord
from chalicelib.payments.state import PaymentState
from chalicelib.tenants.service import create_tenant
from sandbox.chain.node import SimNode
from tests.faults import outcome, storage
from tests.faults.gateway import make_gateway
from tests.support.aws import Aws
from tests.support.clock import FakeClock
from tests.support.tokens import token_for
from tests.support.world import Receiver

DEEP = 19
PAYMENTS_MOST = 4
FACTORS = {"exact": 1.0, "tolerated": 0.996, "under": 0.4, "over": 1.7, "half": 0.5}
DUST = 4_000  # under a cent of USDT; three of them pass the bound
CURRENCY_OF = {"USDT": "USDTTRC20", "TRX": "TRX"}

# How many blocks are mined at once; what becomes of the messages that wait: all dealt with, handled twice and
# mixed up, left waiting, lost.
BLOCKS = st.sampled_from([1, DEEP])
MESSAGES = st.sampled_from(["settled", "mixed", "left", "lost"])

Payment = dict[str, Any]


class GatewayMachine(RuleBasedStateMachine):
    """One tenant on one chain: what merchants, customers, the chain, the clock and the queues do."""

    aws: Aws
    receiver: Receiver
    folder: Path
    count = 0

    payments = Bundle("payments")
    paid = Bundle("paid")
    dropped = Bundle("dropped")

    def __init__(self) -> None:
        super().__init__()
        storage.clear()
        self.clock = FakeClock()
        GatewayMachine.count += 1
        self.node = SimNode(self.folder / f"{GatewayMachine.count}.sqlite", 1, self.clock)
        self.gateway = make_gateway(self.aws, self.clock, self.node, self.receiver)
        tenant = create_tenant(self.gateway.env, "Your Company", transaction_fee="1.5")
        self.gateway.token = token_for(self.gateway.env, tenant)
        self.created: dict[str, Payment] = {}
        self.order = Random(1)

    @initialize(target=payments, fixed=st.booleans())
    def begin(self, fixed: bool) -> Any:
        return multiple(*(self.create(fixed, False, 1000, currency) for currency in CURRENCY_OF.values()))

    @rule(
        target=payments,
        fixed=st.booleans(),
        paid_by_user=st.booleans(),
        minutes=st.sampled_from([5, 30, 1000]),
        currency=st.sampled_from(["USDTTRC20", "TRX"]),
    )
    def create(self, fixed: bool, paid_by_user: bool, minutes: int, currency: str) -> Any:
        if len(self.created) == PAYMENTS_MOST:
            return multiple()
        refresh_prices(self.gateway.env)
        payment = self.gateway.create(
            callback_url=self.receiver.url,
            currency=currency,
            is_fixed_rate=fixed,
            is_fee_paid_by_user=paid_by_user,
            expiry_minutes=minutes,
        )
        self.created[payment["transaction_id"]] = payment
        return payment

    @rule(
        target=paid,
        payment=payments,
        factor=st.sampled_from(sorted(FACTORS)),
        blocks=BLOCKS,
        messages=MESSAGES,
    )
    def pay(self, payment: Payment, factor: str, blocks: int, messages: str) -> str:
        txid = self.gateway.pay(payment, int(_units(payment) * FACTORS[factor]))
        self.mine(blocks, messages)
        return txid

    @rule(target=paid, payment=payments, units=st.sampled_from([1, DUST]), blocks=BLOCKS, messages=MESSAGES)
    def pay_dust(self, payment: Payment, units: int, blocks: int, messages: str) -> str:
        txid = self.gateway.pay(payment, units)
        self.mine(blocks, messages)
        return txid

    @rule(target=paid, payment=payments, units=st.sampled_from([3_000_000, 1_234_567]), messages=MESSAGES)
    def pay_in_another_currency(self, payment: Payment, units: int, messages: str) -> str:
        token = "TRX" if payment["token"] == "USDT" else "USDT"
        txid = self.node.transfer("TRX", payment["address"], token, units)
        self.mine(1, messages)
        return txid

    @rule(payment=payments)
    def pay_in_no_currency_of_ours(self, payment: Payment) -> None:
        self.node.transfer("TRX", payment["address"], "JUNK", 1_000_000)
        self.node.transfer("TRX", payment["address"], payment["token"], 0)

    @rule(blocks=BLOCKS, messages=MESSAGES)
    def mine(self, blocks: int, messages: str) -> None:
        self.gateway.mine(blocks)
        self._scan(messages)

    @rule(target=dropped, txid=consumes(paid), depth=st.integers(1, DEEP + 2), messages=MESSAGES)
    def reorganise_without(self, txid: str, depth: int, messages: str) -> Any:
        status = self.node.status("TRX", txid)
        height = self.node.height("TRX")
        if status.state == "missing" or height < 2:
            return multiple()
        wanted = height - status.height + 1 if status.height is not None else 1
        self.node.reorg("TRX", min(height - 1, max(depth, wanted)), [txid])
        self._scan(messages)
        return txid

    @rule(depth=st.integers(1, DEEP + 2), messages=MESSAGES)
    def reorganise(self, depth: int, messages: str) -> None:
        self.node.reorg("TRX", min(depth, self.node.height("TRX")), [])
        self._scan(messages)

    @rule(target=paid, txid=consumes(dropped))
    def send_again(self, txid: str) -> str:
        self.node.rebroadcast("TRX", txid)
        return txid

    @rule(txid=consumes(paid), messages=MESSAGES)
    def double_spend(self, txid: str, messages: str) -> None:
        if self.node.status("TRX", txid).state == "mempool":
            self.node.doublespend("TRX", txid)
            self._scan(messages)

    @rule(seconds=st.sampled_from([20, 200, 1900]))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.advance(seconds)
        refresh_prices(self.gateway.env)
        self.gateway.sweep()

    @rule(messages=MESSAGES)
    def deal_with_messages(self, messages: str) -> None:
        refresh_prices(self.gateway.env)
        if messages == "settled":
            self.gateway.settle()
        elif messages == "mixed":
            self._mix()
        elif messages == "lost":  # and the process with them
            self.gateway.drop_messages()
            self.gateway.start_process()

    @invariant()
    def books_agree(self) -> None:
        outcome.check_books()

    @invariant()
    def events_are_in_order(self) -> None:
        outcome.check_log()

    @invariant()
    def no_deposit_is_credited_twice(self) -> None:
        credited: Counter[str] = Counter()
        for row in storage.records(MovementRecord, "JOURNAL#"):
            deposit_id = ":".join(row.sk.split(":")[:3])
            credited[deposit_id] += 1 if row.kind == "deposit" else -1
        assert set(credited.values()) <= {0, 1}

    @invariant()
    def credits_follow_the_terms(self) -> None:
        booked = _booked()
        for payment_id, state in _states().items():
            received, credited = state.totals.received_units, state.totals.credited_units
            assert credited == pricing.credited_total(received, state.terms, state.decimals)
            assert booked[payment_id, state.currency] == (received, credited)
            deep = [d for d in state.deposits if d.state is DepositState.CREDITED and state.owns(d)]
            assert received == sum(deposit.whole_units for deposit in deep)

    def teardown(self) -> None:
        try:
            self._come_to_rest()
            outcome.check(self.gateway)
            self._check_against_the_chain()
        finally:
            self.node.close()

    def _come_to_rest(self) -> None:
        self.gateway.mine(DEEP)
        for _ in range(6):
            refresh_prices(self.gateway.env)
            self.gateway.settle()
            self.gateway.minute()

    def _check_against_the_chain(self) -> None:
        """Every unit that lies on the chain was credited, dust that still waits for more left out."""
        states, gross = _states(), _gross()
        for payment_id, payment in self.created.items():
            arrived: Counter[str] = Counter()
            for transfer in self.node.address_transfers("TRX", payment["address"]):
                if transfer.height is not None and transfer.token in CURRENCY_OF:
                    arrived[CURRENCY_OF[transfer.token]] += transfer.units
            for deposit in states[payment_id].deposits:
                if deposit.state is DepositState.DUST:
                    arrived[deposit.currency] -= deposit.units
            assert +arrived == +gross[payment_id], "what arrived is what was booked"

    def _scan(self, messages: str) -> None:
        self.clock.advance(1)
        self.gateway.scan()
        self.deal_with_messages(messages)

    def _mix(self) -> None:
        """Handle each message twice, in any order, and leave what follows from them."""
        messages = self.gateway.take() * 2
        self.order.shuffle(messages)
        for message in messages:
            self.gateway.handle([message])


def _units(payment: Payment) -> int:
    return int(payment["amount_crypto"].replace(".", "")) // 100


def _states() -> dict[str, PaymentState]:
    return {record.sk: record.state(6) for record in storage.records(PaymentRecord, "PAYMENT#")}


def _booked() -> dict[tuple[str, str], tuple[int, int]]:
    """What the journal says of each payment and currency: what was received, and the merchant's part of it."""
    booked: defaultdict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in storage.records(MovementRecord, "JOURNAL#"):
        received, credited = booked[row.reference, row.currency]
        whole = split(abs(row.gross), 6)[0] * (1 if row.gross > 0 else -1)
        net = row.gross - row.fee - (row.gross - whole)
        booked[row.reference, row.currency] = (received + whole, credited + net)
    return booked


def _gross() -> dict[str, Counter[str]]:
    gross: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in storage.records(MovementRecord, "JOURNAL#"):
        gross[row.reference][row.currency] += row.gross
    return gross


@pytest.fixture
def receiver() -> Any:
    made = Receiver()
    yield made
    made.close()


def test_money_events_and_chain_agree_whatever_happens(aws: Aws, tmp_path: Path, receiver: Receiver) -> None:
    GatewayMachine.aws, GatewayMachine.folder, GatewayMachine.receiver = aws, tmp_path, receiver
    run_state_machine_as_test(
        GatewayMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            phases=[Phase.generate],  # shrinking would take minutes; what failed is printed step by step
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
