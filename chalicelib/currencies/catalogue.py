"""The catalogue: every currency that can be taken or paid out, found by any name that callers use."""

from functools import cache
from pathlib import Path

from chalicelib.currencies.blockchains import UnknownBlockchainError, blockchain_by_name
from chalicelib.currencies.catalogue_file import CatalogueEntries, read_entries
from chalicelib.currencies.catalogue_rules import check_entries
from chalicelib.currencies.currency import Currency, Fiat, Token

_FILE = Path(__file__).with_name("catalogue.json")


class UnknownCurrencyError(ValueError):
    """What the caller named is no currency of ours; the message says what to send instead.

    Attributes:
        field: the part of the request that is wrong: ``currency``, ``blockchain`` or ``token``.
    """

    def __init__(self, message: str, field: str = "currency") -> None:
        super().__init__(message)
        self.field = field


class Catalogue:
    """All currencies, tokens and fiats, in the order in which the data lists them.

    Args:
        entries: what the data file says; it is checked here, so that no unchecked catalogue exists.

    Raises:
        CatalogueError: the entries break a rule of the catalogue.
    """

    def __init__(self, entries: CatalogueEntries) -> None:
        check_entries(entries)
        self._entries = entries
        self._by_code = {currency.code: currency for currency in entries.currencies}
        self._fiats = {fiat.code: fiat for fiat in entries.fiats}
        self._by_chain_token = {(c.blockchain, c.token): c for c in entries.currencies}
        self._by_contract = {
            (c.blockchain, _contract_key(c.family, c.contract)): c for c in entries.currencies if c.contract
        }
        self._stable = frozenset(token.symbol for token in entries.tokens if token.is_stable)

    def all(self) -> tuple[Currency, ...]:
        """Return every currency, disabled ones included."""
        return self._entries.currencies

    def tokens(self) -> tuple[Token, ...]:
        """Return every token, whichever blockchains it is on: what price sources are asked for."""
        return self._entries.tokens

    def fiats(self) -> tuple[Fiat, ...]:
        """Return the government currencies that prices may be stated in."""
        return self._entries.fiats

    def stable_symbols(self) -> frozenset[str]:
        """Return the symbols of the tokens that are meant to be worth one US dollar."""
        return self._stable

    def currencies_on(self, blockchain: str) -> tuple[Currency, ...]:
        """Return the currencies of one blockchain, named by its code or any alias.

        Raises:
            UnknownCurrencyError: no blockchain of ours is called that.
        """
        code = _blockchain_code(blockchain)
        return tuple(currency for currency in self._entries.currencies if currency.blockchain == code)

    def most_confirmations(self, blockchain: str) -> int:
        """Return how many blocks, its own included, make anything on a blockchain final enough.

        Raises:
            UnknownCurrencyError: no blockchain of ours is called that.
        """
        return max(currency.confirmations for currency in self.currencies_on(blockchain))

    def by_code(self, code: str) -> Currency:
        """Find a currency by its code, in any case.

        Raises:
            UnknownCurrencyError: there is none; a bare token such as ``USDT`` gets the codes it may have meant.
        """
        found = self._by_code.get(_upper(code))
        if found is None:
            raise UnknownCurrencyError(self._advice(_upper(code)))
        return found

    def by_code_or_fiat(self, code: str) -> Currency | Fiat:
        """Find a currency or a fiat by its code, in any case: what a rate can be from or to.

        Raises:
            UnknownCurrencyError: there is neither.
        """
        return self._fiats.get(_upper(code)) or self.by_code(code)

    def fiat(self, code: str) -> Fiat:
        """Find a fiat by its code, in any case.

        Raises:
            UnknownCurrencyError: prices cannot be stated in it.
        """
        found = self._fiats.get(_upper(code))
        if found is None:
            raise UnknownCurrencyError(f"A price can be stated in {', '.join(self._fiats)}.", "price_currency")
        return found

    def by_chain_token(self, blockchain: str, token: str) -> Currency:
        """Find the currency that a token is on a blockchain; code or alias, any case.

        Raises:
            UnknownCurrencyError: no such blockchain, or the token is not taken there.
        """
        code = _blockchain_code(blockchain)
        found = self._by_chain_token.get((code, _upper(token)))
        if found is None:
            tokens = ", ".join(currency.token for currency in self.currencies_on(code))
            raise UnknownCurrencyError(f"That token is not served on {code}: send one of {tokens}.", "token")
        return found

    def by_contract(self, blockchain: str, contract: str) -> Currency | None:
        """Find the currency of a token contract, or nothing when the contract is a stranger's.

        Args:
            blockchain: the short code, as chain adapters write it.
            contract: the contract's address; on EVM chains its case does not count, on TRON it does.
        """
        family = blockchain_by_name(blockchain).family
        return self._by_contract.get((blockchain, _contract_key(family, contract)))

    def resolve(
        self, currency: str | None = None, blockchain: str | None = None, token: str | None = None
    ) -> Currency:
        """Find the currency a request means: by its code, or by blockchain and token.

        Args:
            currency: a currency code; when blockchain or token come along, they must say the same.
            blockchain: a code or alias.
            token: a token's symbol.

        Raises:
            UnknownCurrencyError: too little is named, it does not exist, or it contradicts itself.
        """
        if currency is not None:
            return _agreeing(self.by_code(currency), blockchain, token)
        if blockchain is None and token is None:
            raise UnknownCurrencyError("Send currency (such as USDTTRC20), or blockchain and token.")
        if blockchain is None:
            raise UnknownCurrencyError("Send blockchain along with token, or send currency.", "blockchain")
        if token is None:
            raise UnknownCurrencyError("Send token along with blockchain, or send currency.", "token")
        return self.by_chain_token(blockchain, token)

    def _advice(self, code: str) -> str:
        """Say what to send in place of an unknown code; what was sent is not repeated."""
        meant = [currency.code for currency in self._entries.currencies if currency.token == code]
        if meant:
            return f"{code} is a token, not a currency: send one of {', '.join(meant)}."
        return "There is no such currency: GET /currencies/ lists the codes, such as USDTTRC20."


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue that ships with the code, read and checked once in a process.

    Raises:
        CatalogueError: the shipped data is wrong.
    """
    return Catalogue(read_entries(_FILE.read_text(encoding="utf-8")))


def _upper(name: str) -> str:
    """Bring a caller's name to upper case; a non-ASCII one never matches (``ı`` would become ``I``)."""
    return name.strip().upper() if name.isascii() else ""


def _contract_key(family: str, contract: str) -> str:
    return contract.lower() if family == "EVM" else contract


def _blockchain_code(blockchain: str) -> str:
    try:
        return blockchain_by_name(blockchain).code
    except UnknownBlockchainError as error:
        raise UnknownCurrencyError(str(error), "blockchain") from error


def _agreeing(currency: Currency, blockchain: str | None, token: str | None) -> Currency:
    """Return the currency unless the blockchain or the token sent with it names another."""
    if blockchain is not None and _blockchain_code(blockchain) != currency.blockchain:
        raise UnknownCurrencyError(
            f"{currency.code} is on {currency.blockchain}: leave blockchain out or send that.", "blockchain"
        )
    if token is not None and _upper(token) != currency.token:
        raise UnknownCurrencyError(f"{currency.code} is {currency.token}: leave token out or send that.", "token")
    return currency
