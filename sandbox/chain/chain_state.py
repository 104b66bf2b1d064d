"""One blockchain's rows: its blocks, transactions and balances, read and written by name."""

from collections.abc import Iterable
from typing import Any

from sandbox.chain.store import MEMPOOL, MINED, ChainStore, Leg, StoredTransaction

_COLUMNS = "txid, state, slot, sender, fee_units, is_bumped, height, ok"


class ChainState:
    """What the node knows of one blockchain. Callers hold the store's ``change`` or ``look``."""

    def __init__(self, store: ChainStore, blockchain: str) -> None:
        self._store = store
        self.blockchain = blockchain

    @property
    def height(self) -> int:
        """The height of the newest block."""
        return int(self._chain_column("height"))

    @property
    def payouts(self) -> str:
        """What happens to payouts: ``ok``, ``revert`` or ``stuck``."""
        return str(self._chain_column("payouts"))

    @property
    def outage_until(self) -> float:
        """When the node answers again, in Unix seconds."""
        return float(self._chain_column("outage_until"))

    def set_chain(self, column: str, value: object) -> None:
        """Set one of the chain's own columns: height, payouts, outage_until."""
        statement = f"UPDATE chains SET {column} = ? WHERE blockchain = ?"  # noqa: S608 - our own names
        self._store.rows(statement, value, self.blockchain)

    def next_count(self) -> int:
        """Count on: no two things that ever happen on a chain have the same number."""
        statement = "UPDATE chains SET counter = counter + 1 WHERE blockchain = ? RETURNING counter"
        return int(self._store.value(statement, self.blockchain))

    def block_hash(self, height: int) -> str | None:
        """Return the hash of a block, None when there is none at that height."""
        statement = "SELECT hash FROM blocks WHERE blockchain = ? AND height = ?"
        found = self._store.value(statement, self.blockchain, height)
        return None if found is None else str(found)

    def set_block(self, height: int, block_hash: str) -> None:
        """Put a block at a height, in place of what was there."""
        self._store.rows("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)", self.blockchain, height, block_hash)

    def transaction(self, txid: str) -> StoredTransaction | None:
        """Return a transaction in whatever state, None when it was never seen."""
        found = self._transactions("txid = ?", txid)
        return found[0] if found else None

    def mempool(self) -> list[StoredTransaction]:
        """Return what waits for a block, in the order of arrival."""
        return self._transactions("state = ?", MEMPOOL)

    def mined_in(self, height: int) -> list[StoredTransaction]:
        """Return the transactions of a block in its order."""
        return self._transactions("state = ? AND height = ?", MINED, height)

    def spending(self, slot: str) -> list[StoredTransaction]:
        """Return every transaction that ever spent this slot."""
        return self._transactions("slot = ?", slot)

    def mined_slots(self, sender: str) -> int:
        """Return how many of a sender's sequence numbers are used: they are mined in turn, from 0 on."""
        statement = (
            "SELECT COUNT(DISTINCT slot) FROM transactions WHERE blockchain = ? AND state = ? AND sender = ?"
        )
        return int(self._store.value(statement, self.blockchain, MINED, sender))

    def add(self, transaction: StoredTransaction, legs: Iterable[Leg]) -> None:
        """Store a new transaction; it is the latest to have arrived."""
        row = (
            self.blockchain,
            transaction.txid,
            self.next_count(),
            transaction.state,
            transaction.slot,
            transaction.sender,
            str(transaction.fee_units),
            transaction.is_bumped,
            transaction.height,
            transaction.ok,
        )
        self._store.run_many("INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [row])
        rows = [
            (self.blockchain, transaction.txid, leg.direction, leg.index, leg.address, leg.token, str(leg.units))
            for leg in legs
        ]
        self._store.run_many("INSERT INTO legs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def move(self, txid: str, state: str, height: int | None = None, *, ok: bool = True) -> None:
        """Put a transaction into another state."""
        statement = "UPDATE transactions SET state = ?, height = ?, ok = ? WHERE blockchain = ? AND txid = ?"
        self._store.rows(statement, state, height, ok, self.blockchain, txid)

    def arrive_again(self, txid: str, *, is_bumped: bool) -> None:
        """Take a known transaction back into the mempool, behind what waits there."""
        statement = (
            "UPDATE transactions SET state = ?, height = NULL, ok = 1, arrival = ?, is_bumped = ?"
            " WHERE blockchain = ? AND txid = ?"
        )
        self._store.rows(statement, MEMPOOL, self.next_count(), is_bumped, self.blockchain, txid)

    def legs(self, txid: str) -> list[Leg]:
        """Return what a transaction moves, outputs first, each kind in its order."""
        statement = (
            "SELECT direction, idx, address, token, units FROM legs"
            " WHERE blockchain = ? AND txid = ? ORDER BY direction, idx"
        )
        rows = self._store.rows(statement, self.blockchain, txid)
        return [Leg(direction, index, to, token, int(units)) for direction, index, to, token, units in rows]

    def legs_of_address(self, address: str) -> list[tuple[str, Leg]]:
        """Return the txid and leg of everything that ever named an address, oldest first."""
        statement = (
            "SELECT txid, direction, idx, address, token, units FROM legs"
            " JOIN transactions USING (blockchain, txid) WHERE blockchain = ? AND address = ?"
            " ORDER BY arrival, direction, idx"
        )
        rows = self._store.rows(statement, self.blockchain, address)
        return [(row[0], Leg(row[1], row[2], row[3], row[4], int(row[5]))) for row in rows]

    def balance(self, address: str, token: str) -> int:
        """Return what an address has in blocks, in units."""
        statement = "SELECT units FROM balances WHERE blockchain = ? AND address = ? AND token = ?"
        return int(self._store.value(statement, self.blockchain, address, token) or 0)

    def book(self, address: str, token: str, units: int) -> None:
        """Change a balance by so many units."""
        balance = self.balance(address, token) + units
        statement = "INSERT OR REPLACE INTO balances VALUES (?, ?, ?, ?)"
        self._store.rows(statement, self.blockchain, address, token, str(balance))

    def _chain_column(self, column: str) -> Any:
        statement = f"SELECT {column} FROM chains WHERE blockchain = ?"  # noqa: S608 - our own names
        return self._store.value(statement, self.blockchain)

    def _transactions(self, condition: str, *values: object) -> list[StoredTransaction]:
        statement = (
            f"SELECT {_COLUMNS} FROM transactions WHERE blockchain = ? AND {condition}"  # noqa: S608 - our own
            " ORDER BY height, arrival"
        )
        return [
            StoredTransaction(row[0], row[1], row[2], row[3], int(row[4]), bool(row[5]), row[6], bool(row[7]))
            for row in self._store.rows(statement, self.blockchain, *values)
        ]
