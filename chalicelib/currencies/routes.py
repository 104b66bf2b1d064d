"""Currencies and rates over HTTP."""

from typing import TYPE_CHECKING

from chalicelib.api.call import Call
from chalicelib.api.endpoint import Routes
from chalicelib.currencies.schemas import (
    CurrenciesInFull,
    CurrenciesQuery,
    CurrenciesWithLimits,
    CurrencyCodes,
    DetailedRate,
    RateQuery,
    SimpleRate,
)
from chalicelib.errors import InvalidCurrencyError, InvalidRequestError, RatesUnavailableError
from chalicelib.lazily import lazily

if TYPE_CHECKING:
    from chalicelib.currencies import listing, quoting
else:
    listing, quoting = lazily("chalicelib.currencies", "listing", "quoting")

routes = Routes("Currencies & Rates", __name__)


@routes.get(
    "/currencies",
    query=CurrenciesQuery,
    answer=CurrencyCodes | CurrenciesWithLimits | CurrenciesInFull,
    errors=(RatesUnavailableError,),
)
def list_currencies(call: Call) -> CurrencyCodes | CurrenciesWithLimits | CurrenciesInFull:
    """Get the currencies available for deposits or withdrawals."""
    asked: CurrenciesQuery = call.query
    if asked.include_usd and not asked.min_max:
        problem = "requires min_max=true"
        raise InvalidRequestError(f"include_usd {problem}.", details={"include_usd": [problem]})
    currencies = listing.listed(call.env, withdrawal=asked.withdrawal)
    limits = {"withdrawal": asked.withdrawal, "include_usd": asked.include_usd}
    if asked.full:
        rows = listing.in_full(call.env, currencies, min_max=asked.min_max, **limits)
        return CurrenciesInFull(currencies=rows)
    if asked.min_max:
        return CurrenciesWithLimits(currencies=listing.with_limits(call.env, currencies, **limits))
    return CurrencyCodes(currencies=[currency.code for currency in currencies])


@routes.get(
    "/rates",
    query=RateQuery,
    answer=SimpleRate | DetailedRate,
    scopes=("read",),
    errors=(InvalidCurrencyError, RatesUnavailableError),
)
def get_rate(call: Call) -> SimpleRate | DetailedRate:
    """Get the exchange rate between two currencies, and what an amount comes to."""
    return quoting.quote(call.env, call.tenant_id, call.query)
