"""Which transfers to us are in a range of blocks: native coin from the blocks, tokens from their logs.

Native coin that a contract sends leaves neither a transaction to us nor a log: it is not seen here. A comparison
of balances finds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.chains.adapter import ChainUnavailableError, Match, Transfer
from chalicelib.chains.evm import answers, blocks, logs
from chalicelib.chains.evm.blocks import Block, Payment
from chalicelib.chains.evm.chain_parameters import ChainParameters
from chalicelib.chains.evm.logs import TokenLog
from chalicelib.chains.evm.questions import Questions, read_answer
from chalicelib.chains.evm.receipts import RECEIPT, Receipt, receipts_of
from chalicelib.chains.evm.spans import Span

COIN_INDEX = 0  # the logs of a transaction follow it, from 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """What looks like a transfer; native coin has no contract and no log, whose index is a place in the block."""

    height: int
    block_hash: str
    txid: str
    place: int
    log_index: int | None
    contract: str | None
    token: str
    to: str
    units: int

    @property
    def order(self) -> tuple[int, int, int]:
        """Where it stands in the chain: a transaction's own coin before its logs."""
        return self.height, self.place, COIN_INDEX if self.log_index is None else 1 + self.log_index


class RangeScan:
    """Reads ranges of blocks of one chain, and remembers how much its node lets it ask at once.

    Args:
        questions: the node.
        parameters: the chain's.
        tokens: each token's contract, in lower case, to its symbol.
    """

    def __init__(self, questions: Questions, parameters: ChainParameters, tokens: Mapping[str, str]) -> None:
        self._questions, self._tokens = questions, tokens
        self._native_token = parameters.native_token
        self._log_span = Span(parameters.blocks_in_one_log_query)
        self._block_span = Span(parameters.blocks_in_one_batch)

    def transfers(self, first: int, last: int, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses in the blocks ``first`` to ``last``, in the chain's order.

        Raises:
            ChainUnavailableError: a block is missing, or the chain changed while it was read.
        """
        listed = blocks.listed(self._questions, self._block_span, first, last)
        arrivals = ours(self._arrivals(listed), match)
        receipts = receipts_of(self._questions, dict.fromkeys(each.txid for each in arrivals))
        transfers = (self._transfer(each, listed[each.height - first], receipts[each.txid]) for each in arrivals)
        return [transfer for transfer in transfers if transfer is not None]

    def _arrivals(self, listed: Sequence[Block]) -> list[Arrival]:
        token_logs = logs.told(self._questions, self._log_span, list(self._tokens), listed)
        arrivals = [self._of_coin(block, payment) for block in listed for payment in block.payments]
        arrivals += [self._of_token(log) for log in token_logs]
        return sorted(arrivals, key=lambda each: each.order)

    def _of_coin(self, block: Block, payment: Payment) -> Arrival:
        txid, place, to, units = payment.txid, payment.place, payment.to, payment.units
        return Arrival(block.height, block.hash, txid, place, None, None, self._native_token, to, units)

    def _of_token(self, log: TokenLog) -> Arrival:
        return Arrival(
            height=log.height,
            block_hash=log.block_hash,
            txid=log.txid,
            place=log.place,
            log_index=log.log_index,
            contract=log.contract,
            token=self._tokens[log.contract],
            to=log.to,
            units=log.units,
        )

    def _transfer(self, arrival: Arrival, block: Block, receipt: Receipt) -> Transfer | None:
        """Return it with its place in its transaction, None when that was reverted: then nothing moved."""
        where = receipt.height, receipt.block_hash, receipt.place
        if where != (arrival.height, arrival.block_hash, arrival.place):
            raise ChainUnavailableError("A receipt is of another block: the chain changed while it was read.")
        if not receipt.ok:
            if arrival.log_index is not None:
                raise ChainUnavailableError("The node told a log of a transaction that it says was reverted.")
            return None
        return Transfer(
            txid=arrival.txid,
            index=self._index(arrival, receipt),
            height=arrival.height,
            block_hash=arrival.block_hash,
            token=arrival.token,
            to=answers.canonical(arrival.to),
            units=arrival.units,
            ok=True,
            spends=read_answer(lambda each: block.spends(each.place, each.txid), arrival, blocks.BLOCK_BY_NUMBER),
        )

    def _index(self, arrival: Arrival, receipt: Receipt) -> int:
        if arrival.log_index is None:
            return COIN_INDEX
        position = receipt.position_of(arrival.log_index)
        if position is None:
            raise ChainUnavailableError("A log is not in its transaction's receipt.")
        told = read_answer(logs.read_log, receipt.logs[position], RECEIPT)
        if (told.contract, told.to, told.units) != (arrival.contract, arrival.to, arrival.units):
            raise ChainUnavailableError("A log is told in two ways.")
        return 1 + position


def ours(arrivals: Iterable[Arrival], match: Match) -> list[Arrival]:
    """Keep what comes to our addresses; each receiver is asked about once, all of them together."""
    moving = [each for each in arrivals if each.units]
    canonical = {to: answers.canonical(to) for to in dict.fromkeys(each.to for each in moving)}
    matched = match(canonical.values()) if canonical else set()
    return [each for each in moving if canonical[each.to] in matched]
