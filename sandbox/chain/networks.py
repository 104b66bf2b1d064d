"""What differs between the seven simulated blockchains: the fee of a transaction, in units of the native coin."""

from chalicelib.chains.networks import FAMILY_OF, NATIVE_TOKEN_OF

BLOCKCHAINS = tuple(FAMILY_OF)

# A block that deep is what the chain calls final. Reorganisations may still go deeper: tests need them to.
FINAL_DEPTH = 20

GWEI = 10**9
_NATIVE_FEE_UNITS = {
    "TRX": 1_000_000,
    "ETH": 21_000 * 2 * GWEI,
    "BSC": 21_000 * GWEI,
    "ARB": 21_000 * GWEI // 10,
    "MATIC": 21_000 * 30 * GWEI,
    "BTC": 1_410,
    "LTC": 1_410,
}
# A token's transfer runs a contract: about three times the gas on EVM, far more energy on TRON.
_TOKEN_FEE_FACTOR = {"EVM": 3, "TRX": 14, "BTC": 1, "LTC": 1}


def fee_units(blockchain: str, token: str) -> int:
    """Return what the chain takes for moving that token once."""
    is_native = token == NATIVE_TOKEN_OF[blockchain]
    factor = 1 if is_native else _TOKEN_FEE_FACTOR[FAMILY_OF[blockchain]]
    return _NATIVE_FEE_UNITS[blockchain] * factor
