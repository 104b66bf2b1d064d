"""The fake chain's constants, as the main network has them (2025), and its voted parameters in the API's shape."""

from typing import Any

BLOCK_MS = 3000
# A block is solid once 19 of the 27 witnesses have made it or blocks upon it. In turn, that is 18 blocks later;
# it takes longer while some of them are asleep.
SOLID_DEPTH = 18
RECENT_BLOCKS = 65_536
LONGEST_LIFE_MS = 24 * 3600 * 1000
RESULT_BYTES = 64

BYTE_UNITS = 1000
ENERGY_UNITS = 100
ACCOUNT_UNITS = 1_000_000
ACCOUNT_BYTES_UNITS = 100_000
MEMO_UNITS = 1_000_000
MOST_FEE_LIMIT_UNITS = 15_000_000_000

# What USDT's contract uses: a receiver without any of the token needs a new entry in its storage.
TRANSFER_ENERGY = 64_285
FIRST_TRANSFER_ENERGY = 130_285
BALANCE_ENERGY = 4_062


def answer() -> dict[str, Any]:
    """Return ``/wallet/getchainparameters``: a parameter that is zero has no value there."""
    values = {
        "getTransactionFee": BYTE_UNITS,
        "getEnergyFee": ENERGY_UNITS,
        "getCreateNewAccountFeeInSystemContract": ACCOUNT_UNITS,
        "getCreateAccountFee": ACCOUNT_BYTES_UNITS,
        "getMemoFee": MEMO_UNITS,
        "getMaxFeeLimit": MOST_FEE_LIMIT_UNITS,
        "getAllowDelegateResource": 1,
    }
    told: list[dict[str, Any]] = [{"key": key, "value": value} for key, value in values.items()]
    return {"chainParameter": [*told, {"key": "getAllowTvmSolidity059"}]}
