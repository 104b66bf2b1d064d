"""The transactions of strangers on an EVM chain: legacy ones, signed here (EIP-155) and written in RLP."""

from coincurve import PrivateKey

from chalicelib.chains.evm_address import checksummed, keccak256

_SHORT, _STRING, _LIST = 55, 0x80, 0xC0
Item = bytes | int | list["Item"]


def account_of(key: bytes) -> str:
    """Return the address of a private key."""
    public_key = PrivateKey(key).public_key.format(compressed=False)
    return checksummed(keccak256(public_key[1:])[12:])


def signed_transfer(
    key: bytes, chain_id: int, nonce: int, to: str, units: int, data: bytes, gas: int, gas_price: int
) -> tuple[bytes, str]:
    """Sign a legacy transaction; returns its bytes and its id."""
    fields: list[Item] = [nonce, gas_price, gas, bytes.fromhex(to[2:]), units, data]
    digest = keccak256(encode([*fields, chain_id, 0, 0]))
    signature = PrivateKey(key).sign_recoverable(digest, hasher=None)
    parts: list[Item] = [chain_id * 2 + 35 + signature[64], _number(signature[:32]), _number(signature[32:64])]
    raw = encode([*fields, *parts])
    return raw, "0x" + keccak256(raw).hex()


def transfer_call(to: str, units: int) -> bytes:
    """Write the call ``transfer(address,uint256)`` of an ERC-20 contract (EIP-20)."""
    return keccak256(b"transfer(address,uint256)")[:4] + word(to) + units.to_bytes(32, "big")


def word(address: str) -> bytes:
    """Write an address as a 32-byte word."""
    return bytes(12) + bytes.fromhex(address[2:])


def storage_key(address: str, slot: int) -> str:
    """Return where a mapping that lies in a storage slot keeps the value of an address."""
    return "0x" + keccak256(word(address) + slot.to_bytes(32, "big")).hex()


def encode(item: Item) -> bytes:
    """Write numbers, strings and lists in the Recursive Length Prefix encoding of Ethereum's yellow paper."""
    if isinstance(item, list):
        return _with_length(b"".join(encode(each) for each in item), _LIST)
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if len(item) == 1 and item[0] < _STRING:
        return item
    return _with_length(item, _STRING)


def _with_length(content: bytes, offset: int) -> bytes:
    size = len(content)
    if size <= _SHORT:
        return bytes([offset + size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([offset + _SHORT + len(length)]) + length + content


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
