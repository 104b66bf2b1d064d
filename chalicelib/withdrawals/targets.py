"""Whom a withdrawal may go to: addresses with their checksums, and memos where a chain has any."""

from chalicelib.chains.adapter import AddressInfo
from chalicelib.chains.addresses import InvalidAddressError as UnreadableAddressError
from chalicelib.chains.addresses import payable
from chalicelib.currencies import service as currencies
from chalicelib.currencies.blockchains import BLOCKCHAINS, UnknownBlockchainError, blockchain_by_name
from chalicelib.currencies.currency import Currency
from chalicelib.environment import Environment
from chalicelib.errors import InvalidAddressError, InvalidCurrencyError, InvalidRequestError
from chalicelib.withdrawals.schemas import AddressVerdict, ValidateAddress

FAMILIES = tuple(dict.fromkeys(chain.family for chain in BLOCKCHAINS))
_WITH_MEMO = frozenset({"TRX"})  # a transaction's note; no chain of ours needs one to find the receiver
_MEMO_LENGTH = 120


def require_target(env: Environment, currency: Currency, address: str, memo: str | None) -> str:
    """Return an address that a withdrawal in a currency may go to, in its canonical spelling.

    Raises:
        InvalidAddressError: it may not.
        InvalidRequestError: there is a memo, and the chain would not carry it.
    """
    problem = _memo_problem(currency.blockchain, memo)
    if problem:
        raise InvalidRequestError(f"memo {problem}.", details={"memo": [problem]})
    try:
        return payable(address, currency.family, _contracts(env, {currency.blockchain})).address
    except UnreadableAddressError as error:
        raise InvalidAddressError(str(error), details={"address": [str(error)]}) from None


def verdict(env: Environment, asked: ValidateAddress) -> AddressVerdict:
    """Say whether money can be withdrawn to an address.

    Args:
        env: the environment.
        asked: the address, and at least one of currency, blockchain (with or without token) and type.

    Raises:
        InvalidRequestError: nothing says what it should be an address of, or the type does not fit the rest.
        InvalidCurrencyError: no such currency, blockchain or token.
    """
    currency, blockchain = _meant(env, asked)
    family = _family(asked.type, blockchain)
    chains = {blockchain} if blockchain else {chain.code for chain in BLOCKCHAINS if chain.family == family}
    info: AddressInfo | None = None
    problem: str | None = None
    try:
        info = payable(asked.address, family, _contracts(env, chains))
    except UnreadableAddressError as error:
        problem = str(error)
    memo_problems = [_memo_problem(chain, asked.memo) for chain in sorted(chains)]
    if problem is None and all(memo_problems):
        problem = f"The memo {memo_problems[0]}."
    return AddressVerdict(
        is_valid=problem is None,
        address=info.address if info else asked.address,
        type=family,
        blockchain=blockchain,
        token=currency.token if currency else None,
        currency=currency.code if currency else None,
        error_message=problem,
    )


def family_of(name: str) -> str:
    """Find an address family by its own name or that of one of its blockchains, in any case.

    Raises:
        InvalidRequestError: there is none.
    """
    if name.upper() in FAMILIES:
        return name.upper()
    try:
        return blockchain_by_name(name).family
    except UnknownBlockchainError:
        problem = f"must be one of {', '.join(FAMILIES)}"
        raise InvalidRequestError(f"type {problem}.", details={"type": [problem]}) from None


def _meant(env: Environment, asked: ValidateAddress) -> tuple[Currency | None, str | None]:
    """Return the currency and the blockchain that are named, as far as they are."""
    if asked.currency or asked.token:
        currency = currencies.resolve(env, asked.currency, asked.blockchain, asked.token)
        return currency, currency.blockchain
    if asked.blockchain:
        try:
            return None, blockchain_by_name(asked.blockchain).code
        except UnknownBlockchainError as error:
            raise InvalidCurrencyError(str(error), details={"blockchain": [str(error)]}) from None
    if not asked.type:
        problem = "give at least one of currency, blockchain and type"
        raise InvalidRequestError(
            "Say what it should be an address of: a currency, a blockchain or a type.",
            details={name: [problem] for name in ("currency", "blockchain", "type")},
        )
    return None, None


def _family(asked: str | None, blockchain: str | None) -> str:
    named = asked.upper() if asked else None
    if named is not None and named not in FAMILIES:
        problem = f"must be one of {', '.join(FAMILIES)}"
        raise InvalidRequestError(f"type {problem}.", details={"type": [problem]})
    family = blockchain_by_name(blockchain).family if blockchain else named
    assert family is not None, "a blockchain or a type is named"
    if named not in {None, family}:
        problem = f"must be {family} on {blockchain}, or left out"
        raise InvalidRequestError(f"type {problem}.", details={"type": [problem]})
    return family


def _contracts(env: Environment, blockchains: set[str]) -> set[str]:
    """Return the token contracts of some blockchains."""
    listed = (currency for currency in env.catalogue.all() if currency.blockchain in blockchains)
    return {currency.contract for currency in listed if currency.contract}


def _memo_problem(blockchain: str, memo: str | None) -> str | None:
    if memo is None:
        return None
    if blockchain not in _WITH_MEMO:
        return f"cannot be sent along on {blockchain}: leave it out"
    if not 0 < len(memo) <= _MEMO_LENGTH:
        return f"has 1 to {_MEMO_LENGTH} characters"
    return None
