"""Reading the catalogue's JSON into currencies, refusing what is misspelt, missing or of the wrong type.

Whether the values make sense together is for ``catalogue_rules`` to say.
"""

import json
from fractions import Fraction
from typing import Any, NamedTuple

from chalicelib.currencies.blockchains import UnknownBlockchainError, blockchain_by_name
from chalicelib.currencies.currency import Currency, Fiat, Token
from chalicelib.money import InvalidAmountError, parse_units

_REFERENCE_DECIMALS = 8


class CatalogueError(ValueError):
    """The catalogue's data is wrong; the message names the entry, the field and what is wrong with it."""


class CatalogueEntries(NamedTuple):
    """What the file lists, in its order."""

    fiats: tuple[Fiat, ...]
    tokens: tuple[Token, ...]
    currencies: tuple[Currency, ...]


class _Row:
    """One JSON object with exactly the expected fields, read field by field with its type checked."""

    def __init__(self, row: object, where: str, *fields: str) -> None:
        if not isinstance(row, dict):
            raise CatalogueError(f"{where} must be an object")
        for problem, names in (("lacks", set(fields) - set(row)), ("has unknown", set(row) - set(fields))):
            if names:
                raise CatalogueError(f"{where} {problem} {', '.join(sorted(names))}")
        self._row: dict[str, Any] = row
        self._where = where

    def text(self, field: str) -> str:
        return str(self._typed(field, str, "a text that is not empty"))

    def text_or_null(self, field: str) -> str | None:
        return None if self._row[field] is None else self.text(field)

    def flag(self, field: str) -> bool:
        return bool(self._typed(field, bool, "true or false"))

    def whole(self, field: str) -> int:
        return int(self._typed(field, int, "a whole number"))

    def units(self, field: str, decimals: int) -> int:
        try:
            return parse_units(self.text(field), decimals)
        except InvalidAmountError as error:
            raise CatalogueError(f"{self._where}: {field} {error}") from error

    def usd(self, field: str) -> Fraction:
        return Fraction(self.units(field, _REFERENCE_DECIMALS), 10**_REFERENCE_DECIMALS)

    def part(self, field: str, *fields: str) -> "_Row":
        return _Row(self._row[field], f"{self._where}: {field}", *fields)

    def rows(self, field: str) -> list[object]:
        return list(self._typed(field, list, "a list that is not empty"))

    def _typed(self, field: str, kind: type, wanted: str) -> Any:
        value = self._row[field]
        if type(value) is not kind or value in ("", []):  # not isinstance: true is no whole number
            raise CatalogueError(f"{self._where}: {field} must be {wanted}")
        return value


def read_entries(text: str) -> CatalogueEntries:
    """Read the catalogue's JSON.

    Raises:
        CatalogueError: it is no JSON, a field is missing, unknown, repeated or of the wrong type, or a currency
            names a token or a blockchain that does not exist.
    """
    try:
        parsed = json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise CatalogueError(f"the catalogue is not JSON: {error}") from error
    file = _Row(parsed, "the catalogue", "fiats", "tokens", "currencies")
    tokens = tuple(_read_token(row) for row in file.rows("tokens"))
    by_symbol = {token.symbol: token for token in tokens}
    return CatalogueEntries(
        fiats=tuple(_read_fiat(row) for row in file.rows("fiats")),
        tokens=tokens,
        currencies=tuple(_read_currency(row, by_symbol) for row in file.rows("currencies")),
    )


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of its pairs; a field written twice would otherwise lose its first value in silence."""
    row = dict(pairs)
    if len(row) != len(pairs):
        raise CatalogueError(f"a field is written twice in the entry with the fields {', '.join(row)}")
    return row


def _read_fiat(entry: object) -> Fiat:
    row = _Row(entry, _label(entry, "code", "a fiat"), "code", "name", "reference_usd")
    return Fiat(row.text("code"), row.text("name"), row.usd("reference_usd"))


def _read_token(entry: object) -> Token:
    row = _Row(entry, _label(entry, "symbol", "a token"), "symbol", "name", "is_stable", "reference_usd")
    return Token(row.text("symbol"), row.text("name"), row.flag("is_stable"), row.usd("reference_usd"))


_CURRENCY_FIELDS = (
    *("code", "token", "blockchain", "decimals", "contract", "is_popular"),
    *("deposit", "withdrawal", "confirmations", "network_fee", "dust"),
)


def _read_currency(entry: object, tokens: dict[str, Token]) -> Currency:
    row = _Row(entry, _label(entry, "code", "a currency"), *_CURRENCY_FIELDS)
    deposit, withdrawal = (row.part(side, "enabled", "min", "max") for side in ("deposit", "withdrawal"))
    fee = row.part("network_fee", "amount", "payout_weight", "weight_unit")
    code, symbol, decimals = row.text("code"), row.text("token"), row.whole("decimals")
    if symbol not in tokens:
        raise CatalogueError(f"{code}: token {symbol} is not among the catalogue's tokens")
    try:
        chain = blockchain_by_name(row.text("blockchain"))
    except UnknownBlockchainError as error:
        raise CatalogueError(f"{code}: blockchain: {error}") from error
    return Currency(
        code=code,
        name=tokens[symbol].name,
        token=symbol,
        blockchain=chain.code,
        family=chain.family,
        decimals=decimals,
        contract=row.text_or_null("contract"),
        is_popular=row.flag("is_popular"),
        is_stable=tokens[symbol].is_stable,
        deposit_min_units=deposit.units("min", decimals),
        deposit_max_units=deposit.units("max", decimals),
        withdrawal_min_units=withdrawal.units("min", decimals),
        withdrawal_max_units=withdrawal.units("max", decimals),
        confirmations=row.whole("confirmations"),
        network_fee_units=fee.units("amount", decimals),
        payout_weight=fee.whole("payout_weight"),
        payout_weight_unit=fee.text("weight_unit"),
        dust_units=row.units("dust", decimals),
        deposit_enabled=deposit.flag("enabled"),
        withdrawal_enabled=withdrawal.flag("enabled"),
    )


def _label(entry: object, field: str, fallback: str) -> str:
    """Name an entry in an error: by its own code where it has one."""
    return str(entry.get(field, fallback)) if isinstance(entry, dict) else fallback
