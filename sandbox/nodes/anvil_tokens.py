"""The token contracts on anvil: put where the catalogue says they are, filled and made to revert by hand."""

from collections.abc import Mapping

from sandbox.chain.errors import ChainRequestError
from sandbox.nodes.contracts import TokenContract, plain_token, usdt_like
from sandbox.nodes.evm_transaction import storage_key, word
from sandbox.nodes.json_rpc import JsonRpc

# Tether's contract on Ethereum is the one that returns nothing; elsewhere its transfers return True.
RETURNS_NOTHING = "0xdac17f958d2ee523a2206206994597c13d831ec7"
_BALANCE_OF = "0x70a08231"
_ALWAYS_REVERTS = "0x60006000fd"


class AnvilTokens:
    """The native coin and the tokens of one chain; amounts are smallest units."""

    def __init__(self, rpc: JsonRpc, native: str, tokens: Mapping[str, str]) -> None:
        """Name the coin and the tokens.

        Args:
            rpc: asks the node.
            native: the chain's own coin.
            tokens: each token's contract, by upper-case symbol.
        """
        self._rpc, self.native = rpc, native
        self._contracts = dict(tokens)

    def deploy(self) -> None:
        """Put each contract's code at its address."""
        for address in self._contracts.values():
            self._rpc.ask("anvil_setCode", address, self._code(address).runtime_bytecode)

    def contract(self, token: str) -> str:
        """Return a token's contract."""
        if token not in self._contracts:
            raise ChainRequestError(f"There is no token {token} on this chain.")
        return self._contracts[token]

    def token_at(self, address: str) -> str | None:
        """Return the token whose contract that is."""
        found = (token for token, each in self._contracts.items() if each.lower() == address.lower())
        return next(found, None)

    def balance(self, address: str, token: str) -> int:
        """Return what an address has in blocks."""
        if token == self.native:
            return int(self._rpc.ask("eth_getBalance", address, "latest"), 16)
        call = {"to": self.contract(token), "data": _BALANCE_OF + word(address).hex()}
        return int(self._rpc.ask("eth_call", call, "latest"), 16)

    def give(self, address: str, token: str, units: int) -> None:
        """Let an address have just so much, without a transaction."""
        if token == self.native:
            self._rpc.ask("anvil_setBalance", address, hex(units))
        else:
            contract = self.contract(token)
            self._store(contract, storage_key(address, self._code(contract).balances_slot), units)

    def set_reverting(self, sender: str, to: str, reverting: bool) -> None:
        """Let what an account sends to a contract or an address revert, or pass again."""
        if self.token_at(to) is not None:
            self._store(to, storage_key(sender, self._code(to).reverting_slot), int(reverting))
        else:
            self._rpc.ask("anvil_setCode", to, _ALWAYS_REVERTS if reverting else "0x")

    def _store(self, contract: str, key: str, value: int) -> None:
        self._rpc.ask("anvil_setStorageAt", contract, key, f"0x{value:064x}")

    def _code(self, contract: str) -> TokenContract:
        return usdt_like() if contract.lower() == RETURNS_NOTHING else plain_token()
