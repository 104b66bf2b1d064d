"""What a currency is: a token on one blockchain, with everything the gateway must know to move it."""

from dataclasses import dataclass
from fractions import Fraction

from chalicelib.currencies.blockchains import Family
from chalicelib.money import API_DECIMALS, FIAT_DECIMALS, quantum

# What a p2pkh output must be worth by the nodes' own rules (GetDustThreshold of bitcoind and litecoind).
_LEAST_OUTPUT_UNITS = {"BTC": 546, "LTC": 5_460}


@dataclass(frozen=True, slots=True)
class Token:
    """A coin or token, whichever blockchain it is on: what a price is a price of.

    Attributes:
        symbol: upper-case, such as ``USDT``.
        name: what people call it.
        is_stable: it is meant to be worth one US dollar.
        reference_usd: a rough price of one coin in US dollars. It checks the catalogue's limits and feeds the
            local price source; no customer is ever quoted from it.
    """

    symbol: str
    name: str
    is_stable: bool
    reference_usd: Fraction


@dataclass(frozen=True, slots=True)
class Currency:
    """One token on one blockchain: what a payment is paid in and a balance is kept in.

    Attributes:
        code: what the API calls it, such as ``USDTTRC20``.
        name: the token's name, such as ``Tether USD``.
        token: the token's symbol, upper-case.
        blockchain: the blockchain's short code.
        family: the address format of that blockchain.
        decimals: how many decimals its smallest on-chain unit has.
        contract: the token's contract on mainnet; none for the blockchain's own coin.
        is_popular: shown first by wallets and checkouts.
        is_stable: meant to be worth one US dollar.
        deposit_min_units: the least that a payment may ask for (inclusive).
        deposit_max_units: the most that a payment may ask for (inclusive).
        withdrawal_min_units: the least that a withdrawal may ask for (inclusive).
        withdrawal_max_units: the most that a withdrawal may ask for (inclusive).
        confirmations: how many blocks, its own included, make a transfer final enough to be credited.
        network_fee_units: what a withdrawal is charged for the chain's fee while no live fee is known.
        payout_weight: how much of the chain's scarce resource one payout uses.
        payout_weight_unit: that resource: ``gas``, ``vbyte``, ``energy`` or ``bandwidth``.
        dust_units: deposits under this are recorded and wait until they add up to it (about 0.01 USD).
        deposit_enabled: payments may ask for it.
        withdrawal_enabled: it may be withdrawn.
    """

    code: str
    name: str
    token: str
    blockchain: str
    family: Family
    decimals: int
    contract: str | None
    is_popular: bool
    is_stable: bool
    deposit_min_units: int
    deposit_max_units: int
    withdrawal_min_units: int
    withdrawal_max_units: int
    confirmations: int
    network_fee_units: int
    payout_weight: int
    payout_weight_unit: str
    dust_units: int
    deposit_enabled: bool
    withdrawal_enabled: bool

    @property
    def quantum_units(self) -> int:
        """How many units make the smallest amount that the API can show."""
        return quantum(self.decimals)

    @property
    def price_symbol(self) -> str:
        """Under which name sources quote it: the token's, wherever it lives."""
        return self.token

    @property
    def shown_decimals(self) -> int:
        """How many decimals the API shows its amounts with."""
        return API_DECIMALS

    @property
    def least_paid_units(self) -> int:
        """The least that its chain's nodes pass on in one output, whatever the address: less is dust to them."""
        return _LEAST_OUTPUT_UNITS.get(self.family, 1)


@dataclass(frozen=True, slots=True)
class Fiat:
    """A government's currency: prices are stated in it, nothing is ever kept in it.

    Attributes:
        code: ISO 4217, such as ``EUR``.
        name: what people call it.
        reference_usd: a rough price in US dollars, for the local price source only.
    """

    code: str
    name: str
    reference_usd: Fraction

    @property
    def decimals(self) -> int:
        """Its smallest unit is the cent."""
        return FIAT_DECIMALS

    @property
    def price_symbol(self) -> str:
        """Under which name sources quote it."""
        return self.code

    @property
    def shown_decimals(self) -> int:
        """How many decimals the API shows its amounts with."""
        return FIAT_DECIMALS
