"""Strangers on an EVM chain: each pays once, from an account that nobody else uses, and has just what that takes.

So a payment can be dropped or spent twice without another one being in its way.
"""

import hashlib
from dataclasses import asdict, dataclass

from sandbox.chain.errors import ChainRequestError
from sandbox.nodes.anvil_tokens import AnvilTokens
from sandbox.nodes.evm_transaction import account_of, signed_transfer, transfer_call
from sandbox.nodes.notebook import Notebook

GAS = 150_000
GAS_PRICE_WEI = 100 * 10**9
_ROOM = "strangers"


@dataclass(frozen=True, slots=True)
class Payment:
    """What a stranger paid, and with which account: the number its key is derived from."""

    number: int
    sender: str
    address: str
    token: str
    units: int
    raw: str


class EvmStrangers:
    """Signs strangers' payments and sees to it that they can pay."""

    def __init__(self, chain_id: int, tokens: AnvilTokens, notebook: Notebook) -> None:
        self._chain_id, self._tokens, self._notebook = chain_id, tokens, notebook

    def pay(self, address: str, token: str, units: int) -> str:
        """Sign a payment from a new account; returns its bytes."""
        if units < 0:
            raise ChainRequestError("Nobody can pay a negative amount.")
        number = self._notebook.next_count()
        raw, txid = self._sign(number, address, token, units, GAS_PRICE_WEI)
        payment = Payment(number, account_of(_key(number)).lower(), address, token, units, raw)
        self._notebook.put(_ROOM, txid, asdict(payment))
        self._notebook.put(_ROOM, payment.sender, txid)
        self.provide_for(txid)
        return raw

    def rival(self, txid: str) -> str:
        """Sign a dearer payment from the same account to elsewhere; returns its bytes."""
        payment = self.payment(txid)
        elsewhere = account_of(_key(self._notebook.next_count()))
        raw, rival = self._sign(payment.number, elsewhere, payment.token, payment.units, 2 * GAS_PRICE_WEI)
        self._notebook.put(_ROOM, rival, asdict(payment) | {"address": elsewhere, "raw": raw})
        self.provide_for(rival)
        return raw

    def paid(self, txid: str) -> bool:
        """Tell whether that transaction is a stranger's."""
        return self._notebook.get(_ROOM, txid) is not None

    def is_stranger(self, address: str) -> bool:
        """Tell whether that account is a stranger's."""
        return self._notebook.get(_ROOM, address.lower()) is not None

    def payment(self, txid: str) -> Payment:
        """Return a stranger's payment."""
        return Payment(**self._notebook.get(_ROOM, txid))

    def provide_for(self, txid: str) -> None:
        """Give a payment's account what it takes, once more if a reorganisation took that back."""
        payment = self.payment(txid)
        self._tokens.give(payment.sender, self._tokens.native, 2 * GAS * 2 * GAS_PRICE_WEI + payment.units)
        if payment.token != self._tokens.native:
            self._tokens.give(payment.sender, payment.token, payment.units)

    def _sign(self, number: int, address: str, token: str, units: int, price_wei: int) -> tuple[str, str]:
        to, value, data = address, units, b""
        if token != self._tokens.native:
            to, value, data = self._tokens.contract(token), 0, transfer_call(address, units)
        raw, txid = signed_transfer(_key(number), self._chain_id, 0, to, value, data, GAS, price_wei)
        return "0x" + raw.hex(), txid


def _key(number: int) -> bytes:
    return hashlib.sha256(f"a stranger of the tests' chain, number {number}".encode()).digest()
