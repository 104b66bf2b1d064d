"""Controls of merchants: new ones, money for them, and their books and events as they truly are."""

from typing import Any

import msgspec

from chalicelib.api.fields import Amount, CurrencyCode, Name
from chalicelib.currencies.catalogue import UnknownCurrencyError
from chalicelib.errors import InvalidCurrencyError, InvalidRequestError
from chalicelib.ledger import service as ledger
from chalicelib.money import InvalidAmountError, format_units, parse_units
from chalicelib.operator.command_line import run
from chalicelib.storage.keys import PLATFORM
from chalicelib.tenants import service as tenants
from chalicelib.tenants.service import NewTenant
from chalicelib.webhooks import service as webhooks
from chalicelib.withdrawals import bookings as gas
from sandbox.controls.amounts import shown
from sandbox.controls.desk import Desk
from sandbox.controls.panel import Control
from sandbox.variables import Variables


class NewTenantRequest(msgspec.Struct):
    """A merchant to be created."""

    name: Name
    transaction_fee: Amount | None = None
    is_fee_paid_by_user: bool = False
    admin: bool = False


class Funding(msgspec.Struct):
    """Money for a merchant's master account."""

    currency: CurrencyCode
    amount: Amount


class OperatorCommand(msgspec.Struct):
    """A command of the operator's command line."""

    command: list[str]


def credentials(variables: Variables, created: NewTenant) -> dict[str, Any]:
    """Return a new tenant's credentials, as credentials.json has them."""
    return {
        "base_url": variables.base_url,
        "control_url": variables.control_url,
        "tenant_id": created.tenant_id,
        "client_id": created.client_id,
        "client_secret": created.client_secret,
        "scopes": list(created.scopes),
    }


def create(desk: Desk, body: NewTenantRequest) -> dict[str, Any]:
    """Create a merchant."""
    fee = {} if body.transaction_fee is None else {"transaction_fee": str(body.transaction_fee)}
    created = tenants.create_tenant(
        desk.env, body.name, is_fee_paid_by_user=body.is_fee_paid_by_user, admin=body.admin, **fee
    )
    return credentials(desk.variables, created)


def fund(desk: Desk, body: Funding, tenant_id: str) -> dict[str, Any]:
    """Credit the master account; the coins lie in the chain's hot wallet."""
    tenants.tenant(desk.env, tenant_id)
    try:
        currency = desk.env.catalogue.by_code(body.currency)
        units = parse_units(body.amount, currency.decimals)
    except UnknownCurrencyError as error:
        raise InvalidCurrencyError(str(error)) from None
    except InvalidAmountError as error:
        raise InvalidRequestError("Check the amount.", details={"amount": [str(error)]}) from None
    if not units:
        raise InvalidRequestError("Check the amount.", details={"amount": ["must be more than zero"]})
    desk.chains.fund_hot_wallet(currency.blockchain, currency.token, units)
    ledger.fund(desk.env, tenant_id, currency.code, units)
    desk.conductor.follow_up()
    return {"tenant_id": tenant_id, "currency": currency.code, "amount": format_units(units, currency.decimals)}


def trial_balance(desk: Desk, tenant_id: str) -> dict[str, Any]:
    """Show the merchant's books, or the platform's own: every total is zero."""
    if tenant_id != PLATFORM:
        tenants.tenant(desk.env, tenant_id)
    accounts, totals = [], {}
    for code, rows in ledger.trial_balances(desk.env, tenant_id).items():
        decimals = _decimals_of(desk, code)
        for row in rows:
            sides = {"debits": row.debit_units, "credits": row.credit_units, "balance": row.balance_units}
            amounts = {name: shown(units, decimals) for name, units in sides.items()}
            accounts.append({"account": row.account, "currency": code, **amounts})
        total_units = sum(row.balance_units for row in rows)
        totals[code] = shown(total_units, decimals) if total_units else "0"
    return {"accounts": accounts, "totals": totals}


def _decimals_of(desk: Desk, code: str) -> int:
    """Return a currency's decimals; gas may be booked in a native coin that no merchant can have."""
    gas_decimals = gas.gas_decimals(desk.env.catalogue, code)
    return desk.env.catalogue.by_code(code).decimals if gas_decimals is None else gas_decimals


def events(desk: Desk, tenant_id: str) -> dict[str, Any]:
    """Show every event that the merchant ever had, oldest first, with its deliveries' attempts."""
    tenants.tenant(desk.env, tenant_id)
    return {"events": webhooks.all_events(desk.env, tenant_id)}


def operate(desk: Desk, body: OperatorCommand) -> Any:
    """Run one command of the operator's command line."""
    try:
        answer = run(desk.env, body.command)
    except ValueError as error:
        raise InvalidRequestError(str(error), details={"command": [str(error)]}) from None
    desk.conductor.follow_up()
    return answer


CONTROLS = [
    Control("POST", "/tenants", create, NewTenantRequest, status=201),
    Control("POST", "/tenants/{tenant_id}/fund", fund, Funding),
    Control("GET", "/ledger/{tenant_id}", trial_balance),
    Control("GET", "/events/{tenant_id}", events),
    Control("POST", "/operator", operate, OperatorCommand),
]
