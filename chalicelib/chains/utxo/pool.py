"""What waits in a node's memory pool: looked at a transaction at a time, each fetched once."""

from collections.abc import Mapping, Sequence

from chalicelib.chains.adapter import Match, Transfer
from chalicelib.chains.utxo.coin_node import TRANSACTIONS_AT_ONCE, CoinNode
from chalicelib.chains.utxo.transfers import matched, paid_by

MOST_NEW_AT_ONCE = 1_000
SMALL_POOL_OUTPUTS = 100


class Pool:
    """One node's memory pool, and what is known of it already.

    A large pool is caught up with over several looks. Only what is new is matched, and what is ours already: the
    rest would be asked for again and again. A pool with few outputs is matched as a whole at every look.
    """

    def __init__(self, node: CoinNode, family: str) -> None:
        self._node, self._family = node, family
        self._known: dict[str, list[Transfer]] = {}

    def look(self, match: Match) -> list[Transfer]:
        """Return the transfers to our addresses that wait now; nothing counts as looked at until it is matched."""
        waiting = self._node.pool()
        there = set(waiting)
        known = {txid: transfers for txid, transfers in self._known.items() if txid in there}
        known |= self._fetch([txid for txid in waiting if txid not in known][:MOST_NEW_AT_ONCE])
        ours = matched((each.to for transfers in known.values() for each in transfers), match)
        told = {txid: [each for each in transfers if each.to in ours] for txid, transfers in known.items()}
        self._known = known if _is_small(known) else told
        return [each for transfers in told.values() for each in transfers]

    def _fetch(self, txids: Sequence[str]) -> dict[str, list[Transfer]]:
        """Fetch what is new; what has left the pool meanwhile is no error."""
        fetched: dict[str, list[Transfer]] = {}
        for place in range(0, len(txids), TRANSACTIONS_AT_ONCE):
            asked = txids[place : place + TRANSACTIONS_AT_ONCE]
            for txid, transaction in zip(asked, self._node.transactions(asked), strict=True):
                if transaction is not None:
                    outputs = paid_by([transaction], self._family)
                    fetched[txid] = [paid.transfer(self._family) for paid in outputs]
        return fetched


def _is_small(known: Mapping[str, Sequence[Transfer]]) -> bool:
    return sum(map(len, known.values())) <= SMALL_POOL_OUTPUTS
