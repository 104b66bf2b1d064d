"""TRC-20, as ERC-20 (EIP-20) on TRON: the calls that we make and the log that a token writes of each transfer."""

from chalicelib.chains.tron.accounts import KEY_HASH_BYTES, account_of, address_in_contract

# First four bytes of keccak-256 of transfer(address,uint256) and of balanceOf(address).
TRANSFER_SELECTOR = bytes.fromhex("a9059cbb")
BALANCE_SELECTOR = bytes.fromhex("70a08231")
# keccak-256 of Transfer(address,address,uint256)
TRANSFER_TOPIC = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

WORD_BYTES = 32
MOST_UNITS = 2**256 - 1
_TOPICS_OF_A_TRANSFER = 3


def transfer_data(to: str, units: int) -> bytes:
    """Return the call that moves ``units`` of a token to an address.

    Raises:
        ValueError: more than a contract can count.
    """
    if not 0 <= units <= MOST_UNITS:
        raise ValueError("an amount that 256 bits do not hold")
    return TRANSFER_SELECTOR + address_word(to) + units.to_bytes(WORD_BYTES, "big")


def read_transfer_data(data: bytes) -> tuple[str, int] | None:
    """Return whom a call pays how many units, None when it is no plain transfer."""
    if not data.startswith(TRANSFER_SELECTOR) or len(data) != len(TRANSFER_SELECTOR) + 2 * WORD_BYTES:
        return None
    to, units = data[4 : 4 + WORD_BYTES], data[4 + WORD_BYTES :]
    # The contract reads twenty bytes; some wallets leave the 41 before them.
    return address_in_contract(to[-KEY_HASH_BYTES:]), int.from_bytes(units, "big")


def balance_data(address: str) -> bytes:
    """Return the call that asks for an address's balance."""
    return BALANCE_SELECTOR + address_word(address)


def read_transfer_log(topics: list[str], data: str) -> tuple[str, int] | None:
    """Return whom a log says was paid how many units, None when it tells of something else.

    Raises:
        ValueError: it calls itself a transfer, and is not one.
    """
    if len(topics) != _TOPICS_OF_A_TRANSFER or topics[0] != TRANSFER_TOPIC:
        return None
    to, units = bytes.fromhex(topics[2]), bytes.fromhex(data)
    if len(to) != WORD_BYTES or len(units) != WORD_BYTES:
        raise ValueError("a transfer's log of another size")
    return address_in_contract(to[-KEY_HASH_BYTES:]), int.from_bytes(units, "big")


def address_word(address: str) -> bytes:
    """Return an address as contracts take it: its last twenty bytes in a word of 32."""
    return account_of(address)[1:].rjust(WORD_BYTES, b"\0")
