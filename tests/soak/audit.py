"""Holds the gateway's insides against the chain and what merchants were told, once all has come to rest."""

from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

from chalicelib.ledger.service import differences, trial_balances
from chalicelib.webhooks.service import all_events
from sandbox.chain.store import IN
from tests.soak.gateway import CHAIN, CONFIRMATIONS, Gateway
from tests.soak.model import Merchant
from tests.soak.operations import CURRENCIES, DECIMALS, OUTSIDE

SETTLED = {"completed", "failed", "cancelled", "rejected"}
PAGE = 100

Position = tuple[str, str]  # account, currency


def units(amount: str) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(8, "0")) // 10 ** (8 - DECIMALS)


class Audit:
    """One look at everything."""

    def __init__(self, gateway: Gateway, merchants: list[Merchant]) -> None:
        self.gateway, self.merchants = gateway, merchants

    def check(self) -> None:
        """Raise AssertionError at the first thing that does not add up."""
        paid_out: Counter[tuple[str, int]] = Counter()
        for merchant in self.merchants:
            self._books(merchant)
            events = self._events(merchant)
            withdrawals = self._withdrawals(merchant, events, paid_out)
            self._positions(merchant, events, withdrawals)
            self._history(merchant)
            self._lists(merchant)
        self._chain(paid_out)

    def reversals_of_spent_money(self) -> int:
        """Return how many reversals found less available than they took."""
        rows = (row for row in self.gateway.table.all("JOURNAL#") if row["k"]["S"] == "reversal")
        return sum('"receivable"' in row["e"]["S"] for row in rows)

    def _books(self, merchant: Merchant) -> None:
        env, tenant_id = self.gateway.env, merchant.tenant.tenant_id
        assert differences(env, tenant_id) == []
        for currency, rows in trial_balances(env, tenant_id).items():
            assert sum(row.balance_units for row in rows) == 0, f"the books of {currency} add up to zero"

    def _events(self, merchant: Merchant) -> list[dict[str, Any]]:
        events = all_events(self.gateway.env, merchant.tenant.tenant_id)
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1)), "the log has no gap"
        assert len({event["event_id"] for event in events}) == len(events), "no event stands twice"
        versions: defaultdict[str, int] = defaultdict(int)
        for event in events:
            version = event["data"].get("version", versions[event["transaction_id"]] + 1)
            assert version > versions[event["transaction_id"]], "an object's events are in its order"
            versions[event["transaction_id"]] = version
        return events

    def _withdrawals(
        self, merchant: Merchant, events: list[dict[str, Any]], paid_out: Counter[tuple[str, int]]
    ) -> dict[str, dict[str, Any]]:
        """Return every accepted withdrawal as it ended; all have, and what is told is what is so."""
        told = {e["transaction_id"]: e for e in events if e["event"] == "withdrawal_status_update"}
        ended: dict[str, dict[str, Any]] = {}
        for withdrawal_id, accepted in merchant.withdrawals.items():
            answer = merchant.client.post("/withdrawal/status/", {"withdrawal_id": withdrawal_id})
            assert answer.status == 200, "what was accepted is there"
            shown = ended[withdrawal_id] = answer.json
            fixed = ("requested_amount", "amount", "fee", "platform_fee", "network_fee", "address", "currency")
            assert {name: shown[name] for name in fixed} == {name: accepted[name] for name in fixed}
            assert shown["status"] in SETTLED, f"{withdrawal_id} has come to its end: {shown['status']}"
            assert told[withdrawal_id]["status"] == shown["status"], "the merchant knows how it ended"
            if self._is_paid(shown):
                paid_out[shown["transaction_hash"], units(shown["amount"])] += 1
        return ended

    def _positions(
        self, merchant: Merchant, events: list[dict[str, Any]], withdrawals: dict[str, dict[str, Any]]
    ) -> None:
        """Money on the chain, less what left, is what the accounts have, debts taken off."""
        expected: Counter[Position] = Counter({("master", code): paid for code, paid in merchant.funded.items()})
        for payment in merchant.payments.values():
            account = payment["wallet_id"] or "master"
            expected[account, payment["currency"]] += self._credited(payment)
        ended = {e["transaction_id"]: e for e in events if e["event"] == "transfer_status_update"}
        for transfer_id, asked in merchant.transfers.items():
            event = ended[transfer_id]
            assert event["status"] in {"completed", "failed"}
            if event["status"] == "completed":
                sign = 1 if event["data"]["transfer_type"] == "to_sub" else -1
                expected["master", asked["currency"]] -= sign * units(asked["amount"])
                expected[asked["wallet_id"], asked["currency"]] += sign * units(asked["amount"])
        for withdrawal in withdrawals.values():
            if withdrawal["status"] == "completed":
                expected[withdrawal["wallet_id"] or "master", withdrawal["currency"]] -= units(withdrawal["fee"])
            if self._is_paid(withdrawal):
                expected[withdrawal["wallet_id"] or "master", withdrawal["currency"]] -= units(
                    withdrawal["amount"]
                )
        assert self._shown(merchant) == {position: value for position, value in expected.items() if value}

    def _is_paid(self, withdrawal: dict[str, Any]) -> bool:
        """Tell whether a withdrawal's coins have left: a deep reorganisation may have turned round its end."""
        if not withdrawal["transaction_hash"]:
            return False
        status = self.gateway.node.status(CHAIN, withdrawal["transaction_hash"])
        is_there = status.state == "mined"
        assert is_there or withdrawal["status"] != "completed", "what is completed is on the chain at rest"
        return is_there and bool(status.ok)

    def _credited(self, payment: dict[str, Any]) -> int:
        """Return what a merchant gets of a payment, from the chain and the bargain alone."""
        token = CURRENCIES[payment["currency"]]
        arrived = sum(
            one.units
            for one in self.gateway.node.address_transfers(CHAIN, payment["address"])
            if one.direction == IN and one.token == token and one.confirmations >= CONFIRMATIONS
        )
        due = units(payment["amount_crypto"])
        return int(Fraction(arrived * (due - units(payment["fee_amount"])), due))

    def _shown(self, merchant: Merchant) -> dict[Position, int]:
        shown: dict[Position, int] = {}
        balances = merchant.client.get("/user/balances/").json
        for code, row in balances["account"].items():
            shown["master", code] = _position(row)
        for code, of_currency in balances["sub_accounts"].items():
            for row in of_currency["accounts"]:
                shown[row["account_id"], code] = _position(row)
        return {position: value for position, value in shown.items() if value}

    def _history(self, merchant: Merchant) -> None:
        """The rows of each account add up, one by one, to what it has."""
        balances = merchant.client.get("/user/balances/").json["account"]
        sums: Counter[str] = Counter()
        for row in self._rows(merchant):
            sums[row["currency"]] += _signed(row["amount"])
            assert sums[row["currency"]] == _signed(row["balance_after"]), "a row's balance is the rows' sum"
        assert +sums == +Counter({code: units(row["amount"]) for code, row in balances.items()})

    def _rows(self, merchant: Merchant) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            query = {"limit": str(PAGE), **cursor}
            page = merchant.client.get("/user/balances/history/", query=query).json
            rows += page["history"]
            if page["next_cursor"] is None:
                assert len(rows) == page["total"]
                return rows[::-1]
            cursor = {"cursor": page["next_cursor"]}

    def _lists(self, merchant: Merchant) -> None:
        """Lists count exactly what is there."""
        for path, room in (("/payments/", "PAYMENT#"), ("/withdrawal/", "WITHDRAWAL#")):
            items = self.gateway.table.all(f"{room}{merchant.tenant.tenant_id}")
            statuses = Counter(item["s"]["S"] for item in items if "s" in item and "v" in item)
            assert merchant.client.get(path, query={"limit": "1"}).json["total"] == statuses.total()
            for status, count in statuses.items():
                listed = merchant.client.get(
                    path, query={"status": status, "limit": "5", "offset": str(count // 2)}
                )
                assert listed.json["total"] == count, f"{path} counts what is {status}"

    def _chain(self, paid_out: Counter[tuple[str, int]]) -> None:
        """Every completed withdrawal is on the chain once, with its amount, and nothing else left."""
        arrived = Counter(
            (one.txid, one.units)
            for one in self.gateway.node.address_transfers(CHAIN, OUTSIDE)
            if one.direction == IN
        )
        assert arrived == paid_out


def _position(row: dict[str, Any]) -> int:
    assert units(row["pending_amount"]) == 0, "nothing is held any more"
    return units(row["amount"]) - units(row.get("owed", "0"))


def _signed(amount: str) -> int:
    return -units(amount[1:]) if amount.startswith("-") else units(amount)
