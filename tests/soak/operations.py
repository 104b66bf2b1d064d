"""Everything that merchants, customers, operators, chains, queues and clocks do, each as one random operation."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from chalicelib.ledger import service as ledger
from chalicelib.operator.command_line import run
from sandbox.chain.node import SimNode
from tests.soak.gateway import CHAIN, CONFIRMATIONS, Gateway
from tests.soak.model import Merchant, Tally
from tests.support.client import Answer

CURRENCIES = {"USDTTRC20": "USDT", "TRX": "TRX"}
DECIMALS = 6
OUTSIDE = "TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC"
FACTORS = (1, 1, 1, 1, Decimal("0.4"), Decimal("0.6"), Decimal("1.7"))
DEEPEST_REORG = 6
PAYMENTS_KEPT = 60  # customers pay the newest; older ones only now and then
SHARE_OF_FAULTS = 0.12


class Operations:
    """The operations of one soak."""

    def __init__(self, gateway: Gateway, merchants: list[Merchant], tally: Tally) -> None:
        self.gateway, self.merchants, self.tally = gateway, merchants, tally
        self.random = gateway.random
        self.paid: list[tuple[str, str]] = []  # transaction, address
        self.keys = 0
        self.reorganised_after_credit = 0
        self.payouts_dropped = 0
        self.kinds: dict[str, tuple[int, Callable[[], bool]]] = {
            "create_payment": (9, self.create_payment),
            "pay": (12, self.pay),
            "mine": (11, self.mine),
            "reorganise": (4, self.reorganise),
            "spend_then_reorganise": (4, self.spend_then_reorganise),
            "work": (14, self.work),
            "wait": (4, self.wait),
            "create_wallet": (4, self.create_wallet),
            "transfer_to_user": (7, self.transfer_to_user),
            "withdraw_to_master": (6, self.withdraw_to_master),
            "withdraw": (9, self.withdraw),
            "cancel": (4, self.cancel),
            "refund": (4, self.refund),
            "look": (5, self.look),
            "payouts_outcome": (4, self.payouts_outcome),
            "lose": (4, self.lose),
            "freeze": (4, self.freeze),
            "fund": (4, self.fund),
        }
        self.weights = [weight for weight, _ in self.kinds.values()]

    def one(self) -> None:
        """Do one operation."""
        kind = self.random.choices(list(self.kinds), self.weights)[0]
        self.tally.note(kind, succeeded=bool(self.kinds[kind][1]()))

    @property
    def merchant(self) -> Merchant:
        return self.random.choice(self.merchants)

    @property
    def node(self) -> SimNode:
        return self.gateway.node

    def key(self) -> dict[str, str]:
        self.keys += 1
        return {"Idempotency-Key": f"soak-{self.keys}"}

    def ask(self, merchant: Merchant, path: str, body: dict[str, Any]) -> Answer:
        """Post with a key, again and again until there is an answer; a twin of it must get the same one."""
        headers = self.key()

        def post() -> Answer:
            return merchant.client.post(path, body, headers=headers)

        answer = self.gateway.ask(post, SHARE_OF_FAULTS)
        if answer.status < 300 and self.random.random() < 0.1:
            again = self.gateway.ask(post, 0)
            assert (again.status, again.text) == (answer.status, answer.text), "a key answers as the first time"
        return answer

    def create_payment(self) -> bool:
        merchant, random = self.merchant, self.random
        body: dict[str, Any] = {
            "amount": f"{random.randint(11, 400)}.{random.randint(0, 99):02d}",
            "currency": random.choice(list(CURRENCIES)),
            "is_fixed_rate": random.random() < 0.8,
            "is_fee_paid_by_user": random.random() < 0.5,
            "expiry_minutes": random.choice([5, 30, 600]),
        }
        if merchant.wallets and random.random() < 0.4:
            body["wallet_id"] = random.choice(merchant.wallets)["wallet_id"]
        answer = self.ask(merchant, "/payments/", body)
        if answer.status != 201:
            return False
        merchant.payments[answer.json["transaction_id"]] = answer.json
        return True

    def _payment(self) -> tuple[Merchant, dict[str, Any]] | None:
        merchant = self.merchant
        ids = list(merchant.payments)
        if not ids:
            return None
        kept = ids if self.random.random() < 0.05 else ids[-PAYMENTS_KEPT:]
        return merchant, merchant.payments[self.random.choice(kept)]

    def pay(self) -> bool:
        found = self._payment()
        if found is None:
            return False
        _, payment = found
        units = int(Decimal(payment["amount_crypto"]) * self.random.choice(FACTORS) * 10**DECIMALS)
        txid = self.node.transfer(CHAIN, payment["address"], payment["token"], units)
        self.paid.append((txid, payment["address"]))
        self.gateway.mine(self.random.choice([0, 1, 1, CONFIRMATIONS]), SHARE_OF_FAULTS)
        return True

    def mine(self) -> bool:
        self.gateway.mine(self.random.choice([1, 1, 1, CONFIRMATIONS]), SHARE_OF_FAULTS)
        return True

    def reorganise(self) -> bool:
        depth = self.random.randint(1, DEEPEST_REORG)
        height = self.node.height(CHAIN)
        if depth >= height:
            return False
        dropped, deep = [], False
        for txid, address in self.paid[-40:]:
            if self.random.random() < 0.5:
                continue
            seen = [one for one in self.node.address_transfers(CHAIN, address) if one.txid == txid]
            if seen and seen[0].height is not None and seen[0].height > height - depth:
                dropped.append(txid)
                deep |= seen[0].confirmations >= CONFIRMATIONS
        payouts = self._payouts_above(height - depth) if self.random.random() < 0.4 else []
        self.node.reorg(CHAIN, depth, [*dropped, *payouts])
        self.reorganised_after_credit += deep
        self.payouts_dropped += len(payouts)
        gone = set(dropped)
        for txid in dropped:
            if self.random.random() < 0.3:
                self.node.rebroadcast(CHAIN, txid)
                gone.discard(txid)
        self.paid = [one for one in self.paid if one[0] not in gone][-400:]
        self.gateway.mine(1, SHARE_OF_FAULTS)
        return True

    def _payouts_above(self, height: int) -> list[str]:
        """Return payouts in the newest blocks that may be lost: none that failed, these are not sent again."""
        found = []
        for merchant in self.merchants:
            for withdrawal_id in list(merchant.withdrawals)[-12:]:
                shown = merchant.client.post("/withdrawal/status/", {"withdrawal_id": withdrawal_id}).json
                if shown.get("status") not in {"submitted", "completed"} or not shown["transaction_hash"]:
                    continue
                status = self.node.status(CHAIN, shown["transaction_hash"])
                if status.ok and status.height is not None and status.height > height:
                    found.append(shown["transaction_hash"])
        return found

    def spend_then_reorganise(self) -> bool:
        """A thief pays, has the money moved on as soon as it is credited, and takes the payment back."""
        merchant = self.merchant
        wallet = self.ask(merchant, "/wallets/", {"name": "A thief"})
        body = {"amount": "60", "currency": "USDTTRC20", "wallet_id": wallet.json["wallet_id"]}
        payment = self.ask(merchant, "/payments/", body).json
        if "transaction_id" not in payment:
            return False
        merchant.payments[payment["transaction_id"]] = payment
        units = int(Decimal(payment["amount_crypto"]) * 10**DECIMALS)
        txid = self.node.transfer(CHAIN, payment["address"], payment["token"], units)
        self.gateway.mine(CONFIRMATIONS, 0)
        self.gateway.settle()
        moved = {"wallet_id": wallet.json["wallet_id"], "currency": "USDTTRC20", "amount": "59"}
        if self.random.random() < 0.5:
            answer = self.ask(merchant, "/wallets/withdraw-to-master/", moved)
            is_moved = answer.status == 202
            if is_moved:
                merchant.transfers[answer.json["transfer_id"]] = moved
                self.gateway.settle()
        else:
            is_moved = self._accepted(merchant, self.ask(merchant, "/withdrawal/", {**moved, "address": OUTSIDE}))
        self.node.reorg(CHAIN, CONFIRMATIONS, [txid])
        self.reorganised_after_credit += 1
        self.gateway.mine(1, SHARE_OF_FAULTS)
        return is_moved

    def work(self) -> bool:
        """Workers come round: some batches, or all there is."""
        for _ in range(self.random.choice([3, 10, 40])):
            if not self.gateway.work(SHARE_OF_FAULTS):
                break
        return True

    def wait(self) -> bool:
        self.gateway.minutes(self.random.choice([1, 1, 2, 6]), SHARE_OF_FAULTS)
        for merchant in self.merchants:
            merchant.client = self.gateway.client_of(merchant.tenant)
        return True

    def create_wallet(self) -> bool:
        merchant = self.merchant
        answer = self.ask(
            merchant, "/wallets/", {"name": f"Wallet {self.keys}", "external_id": f"user-{self.keys}"}
        )
        if answer.status != 201:
            return False
        merchant.wallets.append(answer.json)
        return True

    def transfer_to_user(self) -> bool:
        return self._transfer("/wallets/transfer-to-user/", "master")

    def withdraw_to_master(self) -> bool:
        return self._transfer("/wallets/withdraw-to-master/", "wallet")

    def _transfer(self, path: str, source: str) -> bool:
        merchant = self.merchant
        if not merchant.wallets:
            return False
        wallet = self.random.choice(merchant.wallets)
        account = None if source == "master" else wallet["wallet_id"]
        found = self._available(merchant, account)
        if found is None:
            return False
        currency, available = found
        body = {"wallet_id": wallet["wallet_id"], "currency": currency, "amount": self._part(available)}
        answer = self.ask(merchant, path, body)
        if answer.status != 202:
            return False
        merchant.transfers[answer.json["transfer_id"]] = body
        return True

    def withdraw(self) -> bool:
        return self._withdraw_from(self.merchant)

    def _withdraw_from(self, merchant: Merchant) -> bool:
        wallet = self.random.choice(merchant.wallets)["wallet_id"] if merchant.wallets else None
        wallet = wallet if self.random.random() < 0.4 else None
        found = self._available(merchant, wallet)
        if found is None:
            return False
        currency, available = found
        body: dict[str, Any] = {
            "currency": currency,
            "amount": self._part(available),
            "address": OUTSIDE,
            "final_amount": self.random.random() < 0.2,
        }
        if wallet:
            body["wallet_id"] = wallet
        if self.random.random() < 0.3:
            body["custom_id"] = f"own-{self.keys}"
        return self._accepted(merchant, self.ask(merchant, "/withdrawal/", body))

    def refund(self) -> bool:
        found = next((one for one in (self._payment() for _ in range(5)) if one and self._is_paid(*one)), None)
        if found is None:
            return False
        merchant, payment = found
        body: dict[str, Any] = {"address": OUTSIDE}
        if self.random.random() < 0.7:
            body["amount"] = f"{self.random.randint(6, 30)}"
        path = f"/payments/{payment['transaction_id']}/refund/"
        return self._accepted(merchant, self.ask(merchant, path, body))

    def _is_paid(self, merchant: Merchant, payment: dict[str, Any]) -> bool:
        asked = {"transaction_id": payment["transaction_id"]}
        return bool(merchant.client.post("/payments/status/", asked).json["status"] == "completed")

    def _accepted(self, merchant: Merchant, answer: Answer) -> bool:
        if answer.status != 201:
            return False
        merchant.withdrawals[answer.json["withdrawal_id"]] = answer.json
        return True

    def cancel(self) -> bool:
        merchant = self.merchant
        if self.random.random() < 0.8:  # the merchant thinks better of it at once
            self._withdraw_from(merchant)
        newest = list(merchant.withdrawals)[-2:]
        if not newest:
            return False
        chosen = newest[-1] if self.random.random() < 0.8 else newest[0]
        if self.random.random() < 0.4:
            command = ["withdrawal", "reject", chosen, "--reason", "It looks odd"]
            return self._operate(command)
        return self.ask(merchant, f"/withdrawal/{chosen}/cancel/", {}).status == 200

    def _operate(self, command: list[str]) -> bool:
        try:
            done, _ = self.gateway.struck(lambda: run(self.gateway.env, command), SHARE_OF_FAULTS)
        except Exception:  # noqa: BLE001 -- refused, or away for a moment: the operator would look and ask again
            return False
        return done

    def look(self) -> bool:
        """Someone reads: nothing may break by it, and a page is a page."""
        merchant = self.merchant
        path, query = self.random.choice(
            [
                ("/payments/", {"status": "completed"}),
                ("/payments/", {"offset": "3", "limit": "5"}),
                ("/withdrawal/", {"status": "completed", "sort": "created_asc"}),
                ("/user/balances/", {}),
                ("/user/balances/history/", {"type": "withdrawal"}),
                ("/wallets/", {"limit": "5"}),
                ("/events/", {"after": "3"}),
                ("/withdrawal/available-currencies/", {}),
            ]
        )
        answer = merchant.client.get(path, query=query)
        assert answer.status == 200, answer.text
        return True

    def payouts_outcome(self) -> bool:
        self.node.set_payouts(CHAIN, self.random.choice(["ok", "ok", "ok", "revert", "stuck"]))
        return True

    def lose(self) -> bool:
        """The queues lose all they hold, or a process ends, or both."""
        if self.random.random() < 0.4:
            self.gateway.sqs.drop()
        self.gateway.start_process()
        return True

    def freeze(self) -> bool:
        verb = self.random.choice(["freeze", "unfreeze", "unfreeze", "unfreeze"])
        return self._operate(["tenant", verb, self.merchant.tenant.tenant_id])

    def unfreeze(self, merchant: Merchant) -> None:
        run(self.gateway.env, ["tenant", "unfreeze", merchant.tenant.tenant_id])

    def fund(self) -> bool:
        """The operator adds money of the platform's, which the merchant may spend."""
        merchant = self.merchant
        currency = self.random.choice(list(CURRENCIES))
        units = self.random.randint(20, 300) * 10**DECIMALS
        ledger.fund(self.gateway.env, merchant.tenant.tenant_id, currency, units)
        merchant.funded[currency] += units
        return True

    def _available(self, merchant: Merchant, wallet_id: str | None) -> tuple[str, Decimal] | None:
        """Return a currency that an account has something of, and how much."""
        if wallet_id is None:
            shown = merchant.client.get("/user/balances/").json["account"]
            rows = [(code, row["available_balance"]) for code, row in shown.items()]
        else:
            answer = merchant.client.post("/wallets/balances/", {"wallet_id": wallet_id})
            rows = [(row["currency"], row["available_balance"]) for row in answer.json["balances"]]
        having = [(code, Decimal(amount)) for code, amount in rows if Decimal(amount) > 0]
        return self.random.choice(having) if having else None

    def _part(self, available: Decimal) -> str:
        share = self.random.choice([Decimal(1), Decimal("0.9"), Decimal("0.5"), Decimal("0.2"), Decimal("0.1")])
        return str(max((available * share).quantize(Decimal("0.01"), rounding="ROUND_DOWN"), Decimal("0.01")))
