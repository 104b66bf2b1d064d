"""Where a transaction stands: waiting, in a block, or beyond its expiration and in none."""

from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError, TxStatus
from chalicelib.chains.tron.answers import integer
from chalicelib.chains.tron.blocks import Block, is_ok
from chalicelib.chains.tron.node_questions import BLOCKS_AT_ONCE, SOLID, NodeQuestions


class Standing:
    """Looks transactions up. Every question may raise ChainUnavailableError."""

    def __init__(self, ask: NodeQuestions) -> None:
        self._ask = ask

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        """Return where a transaction stands.

        Args:
            txid: its id.
            spends: its expiration in Unix milliseconds; without it nothing is ever called impossible.
        """
        with self._ask.node.pinned():
            # The solid block first: whatever could still become solid is then found by the look-up after it.
            solid = self._ask.newest(SOLID)
            info = self._receipt(txid)
            if info is not None:
                return self._mined(txid, info, solid)
            if spends is not None and _is_over(solid, spends):
                self._demand_receipts(solid)
                self._demand_unknown_elsewhere(txid)
                return TxStatus("impossible", solid.height)
            return TxStatus("mempool" if self._ask.is_waiting(txid) else "missing")

    def _receipt(self, txid: str) -> dict[str, Any] | None:
        return self._ask.info(txid) or self._ask.info(txid, SOLID)

    def _mined(self, txid: str, info: dict[str, Any], solid: Block) -> TxStatus:
        try:
            height, fee_units = integer(info["blockNumber"]), integer(info.get("fee"))
        except (KeyError, ValueError) as error:
            raise ChainUnavailableError("The node's receipt makes no sense.") from error
        block = self._ask.block(height)
        if txid not in block.transactions:
            raise ChainUnavailableError("The chain was reorganised while it was asked.")
        ok = _is_ok(block, txid) and info.get("result") != "FAILED"
        return TxStatus("mined", height, block.hash, ok, fee_units, is_final=height <= solid.height)

    def _demand_receipts(self, solid: Block) -> None:
        """See that the node has a receipt of what it says is in its blocks: some are set up to keep none."""
        first = max(1, solid.height - BLOCKS_AT_ONCE + 1)
        blocks = self._ask.blocks(first, solid.height) if solid.height else []
        sample = next((txid for block in reversed(blocks) for txid in block.transactions), None)
        if sample is not None and self._receipt(sample) is None:
            raise ChainUnavailableError("The node keeps no receipts: what it does not know may be mined.")

    def _demand_unknown_elsewhere(self, txid: str) -> None:
        """Ask the other providers too: a node that has lost sight of a block would have us pay twice."""
        for other in self._ask.node.others():
            try:
                is_known = NodeQuestions(other).info(txid) is not None
            except ChainUnavailableError:
                continue
            if is_known:
                raise ChainUnavailableError("One node has a transaction that another has not.")


def _is_over(solid: Block, spends: str) -> bool:
    """Tell whether no block can take it any more: a block's transactions must outlive the block below it.

    So one that is in no block up to a solid one, whose time has passed its expiration, comes into none.
    """
    return solid.time_ms > int(spends)


def _is_ok(block: Block, txid: str) -> bool:
    try:
        return is_ok(block.transactions[txid])
    except (TypeError, ValueError, AttributeError) as error:
        raise ChainUnavailableError("The node's block makes no sense.") from error
