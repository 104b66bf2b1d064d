"""Strangers on Bitcoin's and Litecoin's chains: each payment spends coins of its own, in nobody else's way."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.chain.errors import ChainRequestError
from sandbox.nodes.coin_transaction import COIN, Outpoint, Output, key_script, regtest_key, script_of, unsigned
from sandbox.nodes.json_rpc import JsonRpc
from sandbox.nodes.notebook import Notebook

FEE_UNITS = 20_000
REPLACEMENT_FEE_UNITS = 100_000
MATURE_FROM_BASE = 100
PURSES = 400
PURSE_UNITS = 5 * COIN // 2
_KEY = hashlib.sha256(b"the strangers of the tests' chain").digest()
_ROOM, _RESERVED = "strangers", "reserved"


class CoinStrangers:
    """Holds the strangers' coins and signs what they pay."""

    def __init__(self, rpc: JsonRpc, family: str, notebook: Notebook, our_keys: Iterable[bytes]) -> None:
        self._rpc, self._family, self._notebook = rpc, family, notebook
        self._keys = [regtest_key(key) for key in (_KEY, *our_keys)]
        self._script = key_script(_KEY, family)

    @property
    def descriptor(self) -> str:
        """What names the strangers' script to the node."""
        return descriptor(self._rpc, self._script)

    def fill_purses(self) -> str:
        """Write a transaction that parts new coins into many small ones."""
        coins = self._free_coins()[: -(-PURSES * PURSE_UNITS // (50 * COIN)) + 1]
        left = sum(units for _, units in coins) - PURSES * PURSE_UNITS - PURSES * FEE_UNITS // 20
        outputs = [(self._script, PURSE_UNITS)] * PURSES
        return self.sign([each for each, _ in coins], [*outputs, (self._script, left)])

    def pay(self, address: str, units: int) -> str:
        """Write a payment out of coins that nothing else spends; its bytes in hexadecimal."""
        if units < 0:
            raise ChainRequestError("Nobody can pay a negative amount.")
        coins = self._coins_for(units + FEE_UNITS)
        change = sum(worth for _, worth in coins) - units - FEE_UNITS
        outputs = [(script_of(address, self._family), units), (self._script, change)]
        for (txid, index), _ in coins:
            self._notebook.put(_RESERVED, f"{txid}:{index}", True)
        return self.sign([each for each, _ in coins], outputs)

    def remember(self, txid: str) -> None:
        """Write down that a transaction is a stranger's."""
        self._notebook.put(_ROOM, txid, True)

    def paid(self, txid: str) -> bool:
        """Tell whether a transaction is a stranger's."""
        return bool(self._notebook.get(_ROOM, txid, False))

    def rival(self, spent: Sequence[Outpoint], units: int, number: int) -> str:
        """Write a transaction that spends just the same to elsewhere."""
        elsewhere = key_script(hashlib.sha256(f"elsewhere {number}".encode()).digest(), self._family)
        return self.sign(spent, [(elsewhere, units - REPLACEMENT_FEE_UNITS)])

    def sign(self, spent: Sequence[Outpoint], outputs: Sequence[Output]) -> str:
        """Sign with every key that is known here.

        Raises:
            ChainRequestError: none of them is a coin's.
        """
        signed: dict[str, Any] = self._rpc.ask("signrawtransactionwithkey", unsigned(spent, outputs), self._keys)
        if not signed["complete"]:
            raise ChainRequestError("Nobody here has the key of a coin that this spends, or it is gone.")
        return str(signed["hex"])

    def _coins_for(self, units: int) -> list[tuple[Outpoint, int]]:
        """Take one coin that suffices, the oldest of the smallest, or else as many of the largest as it takes."""
        free = self._free_coins()
        enough = [coin for coin in free if coin[1] >= units]
        if enough:
            return [min(enough, key=lambda coin: coin[1])]
        taken: list[tuple[Outpoint, int]] = []
        for coin in sorted(free, key=lambda coin: -coin[1]):
            taken.append(coin)
            if sum(worth for _, worth in taken) >= units:
                return taken
        raise ChainRequestError("The strangers lack coins for that; mine a block if many were paid just now.")

    def _free_coins(self) -> list[tuple[Outpoint, int]]:
        """Return the coins that no payment spends, the oldest first; what was mined must be spendable for good."""
        reserved = self._notebook.all(_RESERVED)
        found = self._rpc.ask("scantxoutset", "start", [self.descriptor])["unspents"]
        coins = sorted(found, key=lambda each: (each["height"], each["txid"], each["vout"]))
        return [
            ((each["txid"], each["vout"]), units_of(each["amount"]))
            for each in coins
            if f"{each['txid']}:{each['vout']}" not in reserved
            and (each["height"] <= MATURE_FROM_BASE or each["height"] > 2 * MATURE_FROM_BASE)
        ]


def descriptor(rpc: JsonRpc, script: bytes) -> str:
    """Name a script as nodes want it named, with a checksum."""
    return str(rpc.ask("getdescriptorinfo", f"raw({script.hex()})")["descriptor"])


def units_of(amount: Any) -> int:
    """Read an amount in coins."""
    return int(amount * COIN)
