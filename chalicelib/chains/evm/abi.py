"""The little of the contract ABI that moving tokens takes: ERC-20's ``transfer``, ``balanceOf`` and ``Transfer``.

What ``transfer`` returns is never looked at: some tokens return nothing (USDT on Ethereum), and what a transaction
did is told by its logs.
"""

from chalicelib.chains import evm_address

# The first four bytes of the Keccak hash of each signature; the whole hash names an event.
TRANSFER_CALL = bytes.fromhex("a9059cbb")  # transfer(address,uint256)
BALANCE_CALL = bytes.fromhex("70a08231")  # balanceOf(address)
TRANSFER_TOPIC = (
    "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # Transfer(address,address,uint256)
)

WORD = 32
_ADDRESS_PADDING = bytes(12)
_MOST = 1 << 256


def account_of(address: str) -> bytes:
    """Return the 20 bytes of an address.

    Raises:
        ValueError: it is not ``0x`` and 40 hexadecimal digits.
    """
    if not evm_address.has_form(address):
        raise ValueError("This is no EVM address.")
    return bytes.fromhex(address[2:])


def transfer_call(to: str, units: int) -> bytes:
    """Return the call data that moves ``units`` of the called token to an address.

    Raises:
        ValueError: no address, or an amount that fits no token.
    """
    if not 0 <= units < _MOST:
        raise ValueError("The amount does not fit 256 bits.")
    return TRANSFER_CALL + _ADDRESS_PADDING + account_of(to) + units.to_bytes(WORD, "big")


def read_transfer_call(data: bytes) -> tuple[str, int] | None:
    """Return receiver and units of call data that is a plain transfer, None of any other.

    Bytes after the arguments are ignored, as contracts do.
    """
    to, units = data[4 : 4 + WORD], data[4 + WORD : 4 + 2 * WORD]
    if data[:4] != TRANSFER_CALL or len(units) != WORD or not to.startswith(_ADDRESS_PADDING):
        return None
    return evm_address.checksummed(to[12:]), int.from_bytes(units, "big")


def balance_call(address: str) -> bytes:
    """Return the call data that asks a token what an address has."""
    return BALANCE_CALL + _ADDRESS_PADDING + account_of(address)
