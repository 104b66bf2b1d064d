"""What the chain takes for a transaction: bytes, energy, the note, and the first coins of a new account.

Every price is a parameter that the chain's representatives vote on (``/wallet/getchainparameters``). Resources
that a wallet has staked are not reckoned with: a fee here is the most that can be taken, and TRON's ``fee_limit``
must cover all the energy even where staking pays for it.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.chains.adapter import Payout
from chalicelib.chains.tron import trc20
from chalicelib.chains.tron.accounts import PREFIX, account_of, address_of
from chalicelib.chains.tron.answers import integer, listing, mapping
from chalicelib.chains.tron.transaction import (
    REF_BLOCK_BYTES,
    REF_BLOCK_HASH_BYTES,
    SIGNATURE_BYTES,
    CoinTransfer,
    ContractCall,
    TronTransaction,
    encode_raw,
    join,
)

# Nobody's: it never held a token nor a coin, and a transfer to such an address is the dearest.
NOBODY = address_of(PREFIX + bytes.fromhex("00000000000000000000000000000000000000ff"))
# What moving USDT to an address without any takes; used where nothing can be tried out.
USUAL_TRANSFER_ENERGY = 131_000
# A contract in demand grows dearer by a fifth at most when a period of six hours ends (dynamic energy model).
ENERGY_MARGIN = (6, 5)
# The chain counts the room of a result with each transaction, whether it has one or not.
RESULT_BYTES = 64

_A_TIME_MS, _A_FEE_LIMIT = 1 << 41, 1 << 34


@dataclass(frozen=True, slots=True)
class Prices:
    """The chain's parameters, in sun.

    Attributes:
        byte_units: a byte of a transaction.
        energy_units: a unit of energy.
        account_units: a new account, made by sending it its first TRX.
        account_bytes_units: what is taken for such a transaction instead of its bytes.
        memo_units: a transaction that carries a note.
        most_fee_limit_units: the largest fee limit that is allowed.
    """

    byte_units: int
    energy_units: int
    account_units: int
    account_bytes_units: int
    memo_units: int
    most_fee_limit_units: int

    @property
    def activation_units(self) -> int:
        """What the first TRX to a new account costs, all in all."""
        return self.account_units + self.account_bytes_units


def read_prices(answer: Any) -> Prices:
    """Read the chain's parameters; raises ValueError when one is absent. A zero has no value there."""
    known = {each["key"]: integer(each.get("value")) for each in listing(mapping(answer)["chainParameter"])}
    return Prices(
        known["getTransactionFee"],
        known["getEnergyFee"],
        known["getCreateNewAccountFeeInSystemContract"],
        known["getCreateAccountFee"],
        known.get("getMemoFee", 0),
        known["getMaxFeeLimit"],
    )


def size(payout: Payout, contract: str | None) -> int:
    """Return the bytes that the chain counts for a payout: its signed size and the room for a result.

    Args:
        payout: sender and receiver may be empty.
        contract: of the token; None for TRX.
    """
    action = action_of(payout, contract)
    limit = _A_FEE_LIMIT if contract else 0
    ref = bytes([0xFF] * REF_BLOCK_BYTES), bytes([0xFF] * REF_BLOCK_HASH_BYTES)
    raw = encode_raw(TronTransaction(action, *ref, _A_TIME_MS, _A_TIME_MS, limit, memo_of(payout)))
    return len(join(raw, bytes([0xFF] * SIGNATURE_BYTES))) + RESULT_BYTES


def coin_fee_units(prices: Prices, payout: Payout, *, is_new: bool) -> int:
    """Return what a payout of TRX costs at most: its bytes, or the new account, and its note."""
    bytes_units = size(payout, None) * prices.byte_units
    return max(bytes_units, prices.activation_units if is_new else 0) + _memo_units(prices, payout)


def call_fee_units(prices: Prices, payout: Payout, contract: str) -> int:
    """Return what a payout of a token costs besides its energy: its bytes and its note."""
    return size(payout, contract) * prices.byte_units + _memo_units(prices, payout)


def energy_fee_units(prices: Prices, energy: int) -> int:
    """Return what so much energy costs at most by the time that it is used, rounded up."""
    numerator, denominator = ENERGY_MARGIN
    return -(-energy * prices.energy_units * numerator // denominator)


def action_of(payout: Payout, contract: str | None) -> CoinTransfer | ContractCall:
    """Return what a payout does on the chain; an empty sender or receiver is nobody's address."""
    owner, to = payout.sender or NOBODY, payout.to or NOBODY
    if contract is None:
        return CoinTransfer(account_of(owner), account_of(to), payout.units)
    return ContractCall(account_of(owner), account_of(contract), trc20.transfer_data(to, payout.units))


def memo_of(payout: Payout) -> bytes:
    """Return a payout's note as the chain carries it."""
    return (payout.memo or "").encode()


def _memo_units(prices: Prices, payout: Payout) -> int:
    return prices.memo_units if payout.memo else 0
