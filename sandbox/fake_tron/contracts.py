"""The fake chain's TRC-20 contracts, in Python: ``transfer`` and ``balanceOf``, and the log of each transfer."""

from dataclasses import dataclass

from chalicelib.chains.tron import trc20
from chalicelib.chains.tron.accounts import KEY_HASH_BYTES, PREFIX
from sandbox.fake_tron import parameters
from sandbox.fake_tron.state import State


class RevertError(Exception):
    """The contract undid what it had done; the energy up to there is used."""

    def __init__(self, energy: int) -> None:
        super().__init__("REVERT opcode executed")
        self.energy = energy


@dataclass(frozen=True, slots=True)
class Log:
    """A contract's log: 20 bytes of address without the 41, topics and data in hexadecimal."""

    address: str
    topics: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call returned, used and wrote."""

    returned: bytes
    energy: int
    logs: tuple[Log, ...] = ()


def call(state: State, contract: bytes, caller: bytes, data: bytes) -> Outcome:
    """Execute a call on a state; raises RevertError, with the state as it was."""
    if data.startswith(trc20.TRANSFER_SELECTOR):
        return _transfer(state, contract, caller, data)
    if data.startswith(trc20.BALANCE_SELECTOR):
        units = state.units(contract, PREFIX + data[-KEY_HASH_BYTES:])
        return Outcome(units.to_bytes(trc20.WORD_BYTES, "big"), parameters.BALANCE_ENERGY)
    raise RevertError(parameters.BALANCE_ENERGY)


def _transfer(state: State, contract: bytes, caller: bytes, data: bytes) -> Outcome:
    body = data[len(trc20.TRANSFER_SELECTOR) :]
    to, units = PREFIX + body[12 : trc20.WORD_BYTES], int.from_bytes(body[trc20.WORD_BYTES :], "big")
    is_first = not state.units(contract, to)
    energy = parameters.FIRST_TRANSFER_ENERGY if is_first else parameters.TRANSFER_ENERGY
    if len(body) != 2 * trc20.WORD_BYTES or state.units(contract, caller) < units:
        raise RevertError(parameters.BALANCE_ENERGY)
    state.book(contract, caller, -units)
    state.book(contract, to, units)
    topics = (trc20.TRANSFER_TOPIC, _word(caller), _word(to))
    log = Log(contract[1:].hex(), topics, body[trc20.WORD_BYTES :].hex())
    return Outcome((1).to_bytes(trc20.WORD_BYTES, "big"), energy, (log,))


def _word(account: bytes) -> str:
    return account[1:].rjust(trc20.WORD_BYTES, b"\0").hex()
