"""The seven blockchains: which address family each belongs to, and the coin that pays its fees."""

# The address families, and what their addresses begin with.
EVM, BTC, LTC, TRX = "EVM", "BTC", "LTC", "TRX"
TRON_VERSION = 0x41
SEGWIT_PREFIX = {BTC: "bc", LTC: "ltc"}

FAMILY_OF = {
    "TRX": "TRX",
    "ETH": "EVM",
    "BSC": "EVM",
    "ARB": "EVM",
    "MATIC": "EVM",
    "BTC": "BTC",
    "LTC": "LTC",
}

NATIVE_TOKEN_OF = {
    "TRX": "TRX",
    "ETH": "ETH",
    "BSC": "BNB",
    "ARB": "ETH",
    "MATIC": "POL",
    "BTC": "BTC",
    "LTC": "LTC",
}

# Chain ids as registered for EIP-155.
EVM_CHAIN_ID_OF = {"ETH": 1, "BSC": 56, "ARB": 42161, "MATIC": 137}
