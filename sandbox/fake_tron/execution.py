"""What a transaction does to the state: the checks of its contract, its fees, its receipt."""

from dataclasses import dataclass

from chalicelib.chains.tron.transaction import CoinTransfer, ContractCall, TronTransaction
from sandbox.fake_tron import contracts, parameters
from sandbox.fake_tron.contracts import Log, Outcome, RevertError
from sandbox.fake_tron.errors import RefusedError
from sandbox.fake_tron.state import State


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a block notes of a transaction: SUCCESS, REVERT or OUT_OF_ENERGY, and what was paid in sun."""

    result: str
    bytes_units: int = 0
    energy: int = 0
    energy_units: int = 0
    other_units: int = 0
    returned: bytes = b""
    logs: tuple[Log, ...] = ()

    @property
    def fee_units(self) -> int:
        """All that was paid."""
        return self.bytes_units + self.energy_units + self.other_units


def execute(state: State, transaction: TronTransaction, size: int, *, reverts: bool = False) -> Receipt:
    """Execute a transaction on a state.

    Args:
        state: changed in place, but for a refusal.
        transaction: decoded and signed.
        size: its signed bytes.
        reverts: let a contract undo what it does, whatever that is.

    Raises:
        RefusedError: no block may hold it; the state is as it was.
    """
    action = transaction.action
    if action.owner not in state.coins:
        raise _invalid("account does not exist")
    if isinstance(action, CoinTransfer):
        return _transfer(state, transaction, action, size)
    return _call(state, transaction, action, size, reverts=reverts)


def _transfer(state: State, transaction: TronTransaction, action: CoinTransfer, size: int) -> Receipt:
    if action.owner == action.to:
        raise _invalid("Cannot transfer TRX to yourself.")
    if action.units <= 0:
        raise _invalid("Amount must be greater than 0.")
    if action.to in state.tokens:
        raise _invalid("Cannot transfer TRX to a smartContract.")
    is_new = action.to not in state.coins
    bytes_units = parameters.ACCOUNT_BYTES_UNITS if is_new else _bytes_units(size)
    other_units = _memo_units(transaction) + (parameters.ACCOUNT_UNITS if is_new else 0)
    _demand(state, action.owner, bytes_units, "BANDWITH_ERROR")
    _demand(state, action.owner, bytes_units + other_units + action.units, "CONTRACT_VALIDATE_ERROR")
    state.pay_fee(action.owner, bytes_units + other_units)
    state.move_coins(action.owner, action.to, action.units)
    return Receipt("SUCCESS", bytes_units, other_units=other_units)


def _call(
    state: State, transaction: TronTransaction, action: ContractCall, size: int, *, reverts: bool
) -> Receipt:
    if action.contract not in state.tokens:
        raise _invalid("No contract or not a valid smart contract")
    if transaction.fee_limit_units > parameters.MOST_FEE_LIMIT_UNITS:
        raise _invalid("feeLimit must be >= 0 and <= the maximum")
    bytes_units, memo_units = _bytes_units(size), _memo_units(transaction)
    _demand(state, action.owner, bytes_units, "BANDWITH_ERROR")
    _demand(state, action.owner, bytes_units + memo_units, "CONTRACT_VALIDATE_ERROR")
    state.pay_fee(action.owner, bytes_units + memo_units)
    affordable = min(transaction.fee_limit_units, state.coins[action.owner]) // parameters.ENERGY_UNITS
    result, energy, outcome = _run(state, action, affordable, reverts=reverts)
    state.pay_fee(action.owner, energy * parameters.ENERGY_UNITS)
    return Receipt(
        result,
        bytes_units,
        energy,
        energy * parameters.ENERGY_UNITS,
        memo_units,
        outcome.returned if outcome else b"",
        outcome.logs if outcome else (),
    )


def _run(state: State, action: ContractCall, affordable: int, *, reverts: bool) -> tuple[str, int, Outcome | None]:
    """Run a contract on a state; what fails leaves the tokens as they were, and has used its energy."""
    tokens_before = state.copy().tokens
    try:
        outcome = contracts.call(state, action.contract, action.owner, action.data)
        result, energy = ("REVERT" if reverts else "SUCCESS"), outcome.energy
    except RevertError as error:
        outcome, result, energy = None, "REVERT", error.energy
    if energy > affordable:
        result, energy = "OUT_OF_ENERGY", affordable
    if result == "SUCCESS":
        return result, energy, outcome
    state.tokens = tokens_before
    return result, energy, None


def _demand(state: State, owner: bytes, units: int, code: str) -> None:
    if state.coins[owner] < units:
        raise RefusedError(code, "Contract validate error : the balance is not sufficient")


def _bytes_units(size: int) -> int:
    return (size + parameters.RESULT_BYTES) * parameters.BYTE_UNITS


def _memo_units(transaction: TronTransaction) -> int:
    return parameters.MEMO_UNITS if transaction.memo else 0


def _invalid(message: str) -> RefusedError:
    return RefusedError("CONTRACT_VALIDATE_ERROR", f"Contract validate error : {message}")
