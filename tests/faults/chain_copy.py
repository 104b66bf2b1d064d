"""The simulated chains as they are now, to be gone back to: every case of a crash point starts from one state."""

import sqlite3

from sandbox.chain.node import SimNode


def save(node: SimNode) -> sqlite3.Connection:
    """Return a copy of all that the node knows."""
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    node._store._connection.backup(copy)
    return copy


def restore(node: SimNode, saved: sqlite3.Connection) -> None:
    """Let the node know what it knew then, and nothing else."""
    saved.backup(node._store._connection)
