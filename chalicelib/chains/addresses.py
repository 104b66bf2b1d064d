"""Address codecs: is this text an address of that family, and what is its canonical spelling?

Checksums are verified for every family; nothing is asked of a node.
"""

from collections.abc import Callable, Collection

from chalicelib.chains import base58, bech32, evm_address
from chalicelib.chains.adapter import AddressInfo
from chalicelib.chains.networks import BTC, EVM, LTC, SEGWIT_PREFIX, TRON_VERSION, TRX

ACCOUNT_BYTES = 20

# Version bytes of the networks' chain parameters; 0x05 is Litecoin's older p2sh, still valid there.
_BASE58_KINDS = {
    BTC: {0x00: "p2pkh", 0x05: "p2sh"},
    LTC: {0x30: "p2pkh", 0x32: "p2sh", 0x05: "p2sh"},
    TRX: {TRON_VERSION: "account"},
}
_OLD_LITECOIN_SCRIPT = "3"
_SEGWIT_KINDS = {(0, 20): "p2wpkh", (0, 32): "p2wsh", (1, 32): "p2tr"}


class InvalidAddressError(ValueError):
    """The text is no address of that family; the message is a sentence that says why."""


def validate(address: str, family: str) -> AddressInfo:
    """Read an address of a family: ``EVM``, ``BTC``, ``LTC`` or ``TRX``, mainnet only.

    Returns:
        The address in its canonical spelling (EIP-55 for EVM, lower case for Bech32) and its kind.

    Raises:
        InvalidAddressError: not an address of that family, or its checksum is wrong.
        KeyError: no such family.
    """
    return _READERS[family](address)


def payable(address: str, family: str, contracts: Collection[str] = ()) -> AddressInfo:
    """Read an address that money is to be sent to: valid, and one that somebody can spend from.

    Args:
        address: as it was sent.
        family: ``EVM``, ``BTC``, ``LTC`` or ``TRX``.
        contracts: token contracts on the chains concerned: whatever is sent to one is lost.

    Raises:
        InvalidAddressError: no address of that family, or the zero address, a token's contract, or Litecoin's old
            script form, which is letter for letter one of Bitcoin's.
    """
    info = validate(address, family)
    if family == LTC and info.address.startswith(_OLD_LITECOIN_SCRIPT):
        raise InvalidAddressError("The address belongs to Bitcoin: Litecoin's own form of it begins with M.")
    if not any(_account(info)):
        raise InvalidAddressError("This is the zero address: nobody can spend what is sent there.")
    if info.address.lower() in {contract.lower() for contract in contracts}:
        raise InvalidAddressError("This is a token's contract: what is sent there is lost.")
    return info


def _account(info: AddressInfo) -> bytes:
    """Return what a valid address stands for: a key's or script's hash, a witness program, an account."""
    if info.family == EVM:
        return bytes.fromhex(info.address[2:])
    prefix = SEGWIT_PREFIX.get(info.family)
    if prefix and info.address.startswith(f"{prefix}1"):
        return bech32.decode_segwit(prefix, info.address)[1]
    return base58.decode_check(info.address)[1:]


def _read_evm(address: str) -> AddressInfo:
    if not evm_address.has_form(address):
        raise InvalidAddressError("An EVM address is 0x followed by 40 hexadecimal digits.")
    if not evm_address.checksum_fits(address):
        raise InvalidAddressError("The address has a wrong EIP-55 checksum: check its upper and lower case.")
    return AddressInfo(evm_address.checksummed(bytes.fromhex(address[2:])), EVM, "account")


def _read_bitcoin(address: str) -> AddressInfo:
    return _read_bitcoin_like(address, BTC, "Bitcoin")


def _read_litecoin(address: str) -> AddressInfo:
    return _read_bitcoin_like(address, LTC, "Litecoin")


def _read_tron(address: str) -> AddressInfo:
    return _read_base58(address, TRX, "TRON")


def _read_bitcoin_like(address: str, family: str, network: str) -> AddressInfo:
    prefix = SEGWIT_PREFIX[family]
    if not address.lower().startswith(f"{prefix}1"):
        return _read_base58(address, family, network)
    try:
        version, program = bech32.decode_segwit(prefix, address)
    except bech32.Bech32Error as error:
        raise InvalidAddressError(f"The {network} address {error}.") from None
    kind = _SEGWIT_KINDS.get((version, len(program)), f"witness_v{version}")
    return AddressInfo(address.lower(), family, kind)


def _read_base58(address: str, family: str, network: str) -> AddressInfo:
    try:
        payload = base58.decode_check(address)
    except base58.Base58Error as error:
        raise InvalidAddressError(f"The {network} address {error}.") from None
    kind = _BASE58_KINDS[family].get(payload[0])
    if kind is None or len(payload) != 1 + ACCOUNT_BYTES:
        raise InvalidAddressError(f"The address belongs to another network than {network}.")
    return AddressInfo(address, family, kind)


_READERS: dict[str, Callable[[str], AddressInfo]] = {
    EVM: _read_evm,
    BTC: _read_bitcoin,
    LTC: _read_litecoin,
    TRX: _read_tron,
}
