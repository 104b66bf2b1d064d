"""Every route group and every Lambda on one screen; no logic.

A worker loads its room when it is called: the API, whose callers wait for its cold start, pays for its own alone.
"""

from typing import Any

from chalicelib import assembly, environment
from chalicelib.api.application import GatewayApplication
from chalicelib.api.service_routes import routes as service_routes
from chalicelib.balances.routes import routes as balance_routes
from chalicelib.currencies.routes import routes as currency_routes
from chalicelib.oauth.routes import routes as oauth_routes
from chalicelib.payments.routes import routes as payment_routes
from chalicelib.tenants.routes import routes as tenant_routes
from chalicelib.transfers.routes import routes as transfer_routes
from chalicelib.wallets.routes import routes as wallet_routes
from chalicelib.webhooks.routes import routes as webhook_routes
from chalicelib.withdrawals.routes import routes as withdrawal_routes

environment.provide(assembly.build)

app = GatewayApplication(
    "sluice",
    [
        service_routes,
        oauth_routes,
        currency_routes,
        payment_routes,
        withdrawal_routes,
        balance_routes,
        wallet_routes,
        transfer_routes,
        tenant_routes,
        webhook_routes,
    ],
)
EVERY_MINUTE = "rate(1 minute)"
EVERY_HOUR = "rate(1 hour)"
EVERY_DAY = "rate(1 day)"
EVERY_QUARTER = "rate(15 minutes)"


@app.schedule(EVERY_MINUTE)
def scan_chains(_event: Any) -> None:
    """Read new blocks, report deposits; one tick for each chain."""
    from chalicelib.chains import workers

    workers.scan_chains(environment.current())


@app.schedule(EVERY_MINUTE)
def expire_payments(_event: Any) -> None:
    """Expire the payments that fell due."""
    from chalicelib.payments import workers

    workers.expire_payments(environment.current())


@app.schedule(EVERY_MINUTE)
def sweep_outbox(_event: Any) -> None:
    """Tell again what a lost message left untold."""
    from chalicelib.payments import workers as payment_workers
    from chalicelib.payouts import workers as payout_workers
    from chalicelib.transfers import workers as transfer_workers
    from chalicelib.webhooks import workers as webhook_workers

    payment_workers.sweep_deposits(environment.current())
    transfer_workers.sweep_transfers(environment.current())
    payout_workers.sweep_payouts(environment.current())
    webhook_workers.sweep_outbox(environment.current())


@app.schedule(EVERY_MINUTE)
def sweep_retries(_event: Any) -> None:
    """Send the webhook attempts that fell due."""
    from chalicelib.webhooks import workers

    workers.sweep_retries(environment.current())


@app.schedule(EVERY_MINUTE)
def refresh_prices(_event: Any) -> None:
    """Ask the price sources and keep what they agree on; then ask the chains what payouts cost at these prices."""
    from chalicelib.currencies import workers
    from chalicelib.withdrawals import fees

    workers.refresh_prices(environment.current())
    fees.refresh_fees(environment.current())


@app.schedule(EVERY_QUARTER)
def sweep_accounts(_event: Any) -> None:
    """Bring deposits home to the hot wallets, where money lies on accounts and there is enough of it."""
    from chalicelib.sweeping import workers

    workers.sweep_accounts(environment.current())


@app.schedule(EVERY_HOUR)
def audit_chains(_event: Any) -> None:
    """Read a sample of blocks, and every range that failed, again; a run that finds something ends in an error."""
    from chalicelib.audit import workers

    workers.audit_chains(environment.current())


@app.schedule(EVERY_DAY)
def audit_custody(_event: Any) -> None:
    """Hold the books against the chains; a run in which money is missing ends in an error."""
    from chalicelib.audit import workers

    workers.audit_custody(environment.current())


@app.on_sqs_message("sluice-deposits", batch_size=10)
def handle_deposits(event: Any) -> dict[str, Any]:
    """Move payments on as deposits are seen and get deep enough."""
    from chalicelib.payments import workers

    return workers.handle_deposits(environment.current(), event.to_dict())


@app.on_sqs_message("sluice-numbering.fifo", batch_size=10)
def number_events(event: Any) -> dict[str, Any]:
    """Give a tenant's events and movements their numbers."""
    from chalicelib.webhooks import workers

    return workers.number_events(environment.current(), event.to_dict())


@app.on_sqs_message("sluice-deliveries", batch_size=10)
def deliver_webhooks(event: Any) -> dict[str, Any]:
    """Send webhooks."""
    from chalicelib.webhooks import workers

    return workers.deliver_webhooks(environment.current(), event.to_dict())


@app.on_sqs_message("sluice-transfers.fifo", batch_size=10)
def handle_transfers(event: Any) -> dict[str, Any]:
    """Carry out the transfers that wait for a master account."""
    from chalicelib.transfers import workers

    return workers.handle_transfers(environment.current(), event.to_dict())


@app.on_sqs_message("sluice-payouts.fifo", batch_size=10)
def handle_payouts(event: Any) -> dict[str, Any]:
    """Pay withdrawals out of a hot wallet, and follow them until they are settled."""
    from chalicelib.payouts import workers

    return workers.handle_payouts(environment.current(), event.to_dict())
