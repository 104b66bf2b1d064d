"""What names resolve to: what the controls say, and for all other names what the machine's resolver says."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from chalicelib.webhooks.lookup import ResolveError, system_resolver
from sandbox.state_file import StateFile

_SCHEMA = "CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, answers TEXT NOT NULL);"


class LocalNames:
    """The webhook sender's resolver."""

    def __init__(self, file: StateFile, others: Callable[[str], list[str]] = system_resolver) -> None:
        self._file = file
        self._others = others
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        file.script(_SCHEMA)
        rows = file.rows("SELECT name, answers FROM names")
        self._answers: dict[str, list[list[str]]] = {name: json.loads(answers) for name, answers in rows}

    def put(self, name: str, answers: Sequence[Sequence[str]]) -> None:
        """Say what a name resolves to: one list for each look-up from now on, the last one repeating."""
        key = _key(name)
        with self._lock:
            self._answers[key] = [list(answer) for answer in answers]
            self._asked[key] = 0
            self._file.run("INSERT OR REPLACE INTO names VALUES (?, ?)", key, json.dumps(self._answers[key]))

    def resolve(self, host: str) -> list[str]:
        """Return a host's addresses.

        Raises:
            ResolveError: it has none.
        """
        key = _key(host)
        with self._lock:
            answers = self._answers.get(key)
            turn, self._asked[key] = self._asked[key], self._asked[key] + 1
        if answers is None:
            return self._others(host)
        addresses = answers[min(turn, len(answers) - 1)]
        if not addresses:
            raise ResolveError(f"{host} does not resolve")
        return list(addresses)


def _key(name: str) -> str:
    return name.lower().rstrip(".")
