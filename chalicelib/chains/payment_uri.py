"""Payment links that wallets and QR codes understand: BIP-21, EIP-681 and the TRON form."""

from urllib.parse import quote

from chalicelib.chains.networks import EVM_CHAIN_ID_OF, NATIVE_TOKEN_OF
from chalicelib.money import format_units

_BIP21_SCHEME = {"BTC": "bitcoin", "LTC": "litecoin"}


def payment_uri(
    blockchain: str,
    token: str,
    contract: str | None,
    address: str,
    units: int,
    decimals: int,
    label: str | None = None,
) -> str:
    """Return the link that asks for exactly ``units`` to ``address``.

    Args:
        blockchain: short code, ``BTC``, ``ETH`` ….
        token: upper-case symbol, ``USDT`` or the chain's own coin.
        contract: the token's contract; None for the chain's own coin.
        address: where to pay.
        units: how much, in the smallest on-chain unit; at least one.
        decimals: how many decimals the token has.
        label: what the wallet shows as the receiver; only BIP-21 knows one.

    Raises:
        ValueError: no amount, or a token without its contract: a wallet would send the native coin instead.
        KeyError: no such blockchain.
    """
    if units <= 0:
        raise ValueError("a payment link asks for more than nothing")
    if contract is None and token != NATIVE_TOKEN_OF[blockchain]:
        raise ValueError(f"{token} on {blockchain} needs its contract in a payment link")
    if blockchain in _BIP21_SCHEME:
        return _bip21(_BIP21_SCHEME[blockchain], address, _plain(units, decimals), label)
    if blockchain == "TRX":
        return _tron(contract, address, _plain(units, decimals))
    return _eip681(EVM_CHAIN_ID_OF[blockchain], contract, address, units)


def _bip21(scheme: str, address: str, amount: str, label: str | None) -> str:
    labelled = f"&label={quote(label, safe='')}" if label else ""
    return f"{scheme}:{address}?amount={amount}{labelled}"


def _eip681(chain_id: int, contract: str | None, address: str, units: int) -> str:
    """Name the chain always: the same address exists on every EVM chain, each with its own money."""
    if contract is None:
        return f"ethereum:{address}@{chain_id}?value={units}"
    return f"ethereum:{contract}@{chain_id}/transfer?address={address}&uint256={units}"


def _tron(contract: str | None, address: str, amount: str) -> str:
    """No standard exists; TRON wallets read the amount in whole coins and the token's contract."""
    token = f"&token={contract}" if contract else ""
    return f"tron:{address}?amount={amount}{token}"


def _plain(units: int, decimals: int) -> str:
    return format_units(units, decimals, decimals).rstrip("0").rstrip(".")
