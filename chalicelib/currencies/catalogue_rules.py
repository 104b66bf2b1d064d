"""What must be true of the catalogue before one currency of it may be used.

The catalogue is data that people edit; a wrong decimal or a limit below the fee would cost money in silence.
So the process refuses to start with it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction

from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.currencies.catalogue_file import CatalogueEntries, CatalogueError
from chalicelib.currencies.currency import Currency, Token

_CODE = re.compile(r"[A-Z0-9]{2,20}")
_CONTRACT_FORMS = {
    "EVM": re.compile(r"0x[0-9a-fA-F]{40}"),
    "TRX": re.compile(r"T[1-9A-HJ-NP-Za-km-z]{33}"),
}
_WEIGHT_UNITS = {"EVM": {"gas"}, "BTC": {"vbyte"}, "LTC": {"vbyte"}, "TRX": {"energy", "bandwidth"}}
_MAX_DECIMALS = 18
# A deposit is worth a cent or so before it is booked on its own; ten times either way is a slipped decimal.
_DUST_USD_MIN = Fraction(1, 1000)
_DUST_USD_MAX = Fraction(1, 10)


def check_entries(entries: CatalogueEntries) -> None:
    """Refuse a catalogue that contradicts itself, its blockchains, or sense.

    Raises:
        CatalogueError: naming the entry and the rule that it breaks.
    """
    tokens = {token.symbol: token for token in entries.tokens}
    for problem in (
        *_repeats(entries),
        *_fiat_problems(entries),
        *_token_problems(entries.tokens),
        *(
            f"{currency.code}: {problem}"
            for currency in entries.currencies
            for problem in _currency_problems(currency, tokens)
        ),
    ):
        raise CatalogueError(problem)


def _repeats(entries: CatalogueEntries) -> Iterator[str]:
    """Yield whatever would make a look-up ambiguous."""
    currencies = entries.currencies
    names = [*(fiat.code for fiat in entries.fiats), *(token.symbol for token in entries.tokens)]
    yield from _twice("a fiat or token", names)
    yield from _twice("the code", [fiat.code for fiat in entries.fiats] + [c.code for c in currencies])
    yield from _twice("the token", [f"{c.token} on {c.blockchain}" for c in currencies])
    contracts = [f"{c.contract.lower()} on {c.blockchain}" for c in currencies if c.contract]
    yield from _twice("the contract", contracts)


def _twice(what: str, values: Iterable[str]) -> Iterator[str]:
    return (f"{what} {value} is listed more than once" for value, times in Counter(values).items() if times > 1)


def _fiat_problems(entries: CatalogueEntries) -> Iterator[str]:
    references = {fiat.code: fiat.reference_usd for fiat in entries.fiats}
    if references.get("USD") != 1:
        yield "USD must be among the fiats, with reference_usd 1"
    for code, usd in references.items():
        if usd <= 0 or not _CODE.fullmatch(code):
            yield f"{code}: a fiat needs an upper-case code and a reference_usd above zero"


def _token_problems(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.reference_usd <= 0 or not _CODE.fullmatch(token.symbol):
            yield f"{token.symbol}: a token needs an upper-case symbol and a reference_usd above zero"
        if token.is_stable and token.reference_usd != 1:
            yield f"{token.symbol}: a stable token's reference_usd must be 1"


def _currency_problems(currency: Currency, tokens: dict[str, Token]) -> Iterator[str]:
    if not _CODE.fullmatch(currency.code):
        yield "code must be 2 to 20 upper-case letters and digits"
    if currency.code in tokens and currency.code != currency.token:
        yield "code must not be the symbol of another token"
    if not 0 <= currency.decimals <= _MAX_DECIMALS:
        yield f"decimals must be between 0 and {_MAX_DECIMALS}"
    yield from _contract_problems(currency)
    yield from _limit_problems(currency)
    yield from _dust_problems(currency, tokens[currency.token])
    if currency.confirmations < 1:
        yield "confirmations must be at least 1"
    if currency.payout_weight < 1 or currency.payout_weight_unit not in _WEIGHT_UNITS[currency.family]:
        yield f"network_fee needs a payout_weight above zero in {sorted(_WEIGHT_UNITS[currency.family])}"


def _contract_problems(currency: Currency) -> Iterator[str]:
    chain = blockchain_by_name(currency.blockchain)
    is_native = currency.token == chain.native_token
    if is_native != (currency.contract is None):
        yield f"contract must be null for {chain.native_token} on {chain.code}, and for nothing else there"
    if is_native and currency.decimals != chain.native_decimals:
        yield f"decimals must be {chain.native_decimals} for the coin of {chain.code}"
    form = _CONTRACT_FORMS.get(currency.family)
    if currency.contract is not None and (form is None or not form.fullmatch(currency.contract)):
        yield f"contract is not an address that a contract on {chain.code} can have"


def _limit_problems(currency: Currency) -> Iterator[str]:
    if not 0 < currency.deposit_min_units < currency.deposit_max_units:
        yield "deposit.min must be above zero and below deposit.max"
    if not 0 < currency.withdrawal_min_units < currency.withdrawal_max_units:
        yield "withdrawal.min must be above zero and below withdrawal.max"
    if not 0 < currency.network_fee_units < currency.withdrawal_min_units:
        yield "network_fee.amount must be above zero and below withdrawal.min, or nothing would reach anyone"


def _dust_problems(currency: Currency, token: Token) -> Iterator[str]:
    if not 0 < currency.dust_units < currency.deposit_min_units:
        yield "dust must be above zero and below deposit.min"
    worth_usd = Fraction(currency.dust_units, 10**currency.decimals) * token.reference_usd
    if not _DUST_USD_MIN <= worth_usd <= _DUST_USD_MAX:
        yield f"dust must be worth about 0.01 USD, not {float(worth_usd):.6f}"
