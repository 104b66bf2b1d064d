"""Who has what: TRX of active accounts, and units of each token, after some block."""

from dataclasses import dataclass, field

from chalicelib.chains.tron import trc20

Account = bytes


@dataclass
class State:
    """The chain's state after a block.

    Attributes:
        coins: sun by account; an account that is not here is not active.
        tokens: units by contract and account.
    """

    coins: dict[Account, int] = field(default_factory=dict)
    tokens: dict[Account, dict[Account, int]] = field(default_factory=dict)

    def copy(self) -> "State":
        """Return a state that can be changed without changing this one."""
        return State(dict(self.coins), {contract: dict(units) for contract, units in self.tokens.items()})

    def pay_fee(self, owner: Account, units: int) -> None:
        """Burn sun of an account that has so much."""
        self.coins[owner] -= units

    def move_coins(self, owner: Account, to: Account, units: int) -> None:
        """Move sun, making the receiver active."""
        self.coins[owner] -= units
        self.coins[to] = self.coins.get(to, 0) + units

    def units(self, contract: Account, account: Account) -> int:
        """Return what an account has of a token."""
        return self.tokens[contract].get(account, 0)

    def book(self, contract: Account | None, account: Account, units: int) -> None:
        """Add to what an account has of a token, or of TRX without a contract; less than nothing takes away."""
        booked = self.coins if contract is None else self.tokens[contract]
        if booked.get(account, 0) + units < 0:
            raise ValueError("the account has less than that")
        booked[account] = min(booked.get(account, 0) + units, trc20.MOST_UNITS)
