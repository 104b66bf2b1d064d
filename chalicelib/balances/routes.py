"""Balances over HTTP."""

from typing import TYPE_CHECKING

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.balances.schemas import Balances, Fees, History, HistoryQuery
from chalicelib.errors import InvalidCurrencyError, NotFoundError
from chalicelib.lazily import lazily

if TYPE_CHECKING:
    from chalicelib.balances import fees, history, service
else:
    fees, history, service = lazily("chalicelib.balances", "fees", "history", "service")

routes = Routes("Balances", __name__)


@routes.get("/user/balances", answer=Balances)
def get_balances(call: Call) -> Balances:
    """Get all balances, the master account's and the sub-accounts'."""
    return service.balances(call.env, call.tenant_id)


@routes.get(
    "/user/balances/history",
    query=HistoryQuery,
    answer=History,
    scopes=("read",),
    errors=(InvalidCurrencyError, NotFoundError),
)
def get_history(call: Call) -> History:
    """Get the history of an account's movements, newest first."""
    return history.history(call.env, call.tenant_id, call.query)


@routes.get("/user/fees", answer=Fees, scopes=("admin",))
def get_fees(call: Call) -> Fees:
    """Get what the platform has taken from the tenant in fees, by currency, and the newest of it."""
    return fees.fees(call.env, call.tenant_id)
