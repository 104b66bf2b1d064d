"""Which currencies a list's filters leave: by code, blockchain and token, in any combination."""

from chalicelib.currencies.blockchains import blockchain_by_name
from chalicelib.environment import Environment
from chalicelib.errors import InvalidCurrencyError


def codes_left(
    env: Environment, currency: str | None, blockchain: str | None, token: str | None
) -> set[str] | None:
    """Return the codes of the currencies that the filters leave, or None when they leave all.

    Args:
        env: the environment.
        currency: a currency's code, any case, or None.
        blockchain: a blockchain's code or alias, or None.
        token: a token's symbol, any case, or None.

    Raises:
        InvalidCurrencyError: there is no such currency, blockchain or token.
    """
    if not (currency or blockchain or token):
        return None
    try:
        wanted = env.catalogue.by_code(currency).code if currency else None
        chain = blockchain_by_name(blockchain).code if blockchain else None
    except ValueError as error:
        raise InvalidCurrencyError(str(error)) from None
    symbol = token.upper() if token else None
    if symbol and symbol not in {one.symbol for one in env.catalogue.tokens()}:
        raise InvalidCurrencyError("There is no such token.", details={"token": ["is not known"]})
    return {
        one.code
        for one in env.catalogue.all()
        if wanted in {None, one.code} and chain in {None, one.blockchain} and symbol in {None, one.token}
    }
