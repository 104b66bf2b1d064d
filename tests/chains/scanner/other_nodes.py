"""The simulated chain as another provider of it would tell it: one that is behind, or on a branch of its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.chains.adapter import ChainUnavailableError, Head, Transfer, TxStatus


class OtherNode:
    """Answers as the node that it is made of, where it says nothing else."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def block_hashes(self, first: int, last: int) -> list[str | None]:
        return [self.block_hash(height) for height in range(first, last + 1)]


class Behind(OtherNode):
    """Has not come as far as the other by so many blocks; of what is mined later it says ``state``."""

    def __init__(self, inner: Any, blocks: int, state: Any = "missing") -> None:
        super().__init__(inner)
        self.blocks, self.state = blocks, state

    def head(self) -> Head:
        newest = self.inner.head()
        height = newest.height - self.blocks
        return Head(height, self.inner.block_hash(height), min(newest.final_height, height))

    def block_hash(self, height: int) -> str | None:
        return self.inner.block_hash(height) if height <= self.head().height else None

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        there: TxStatus = self.inner.status(txid, spends)
        is_later = there.height is not None and there.height > self.head().height
        return TxStatus(self.state) if is_later else there

    def mempool(self, _: Any) -> list[Transfer]:
        return []


class Branch(OtherNode):
    """Has other blocks from a height on, with nothing of ours in them; ``breaks`` when one of them is read."""

    def __init__(self, inner: Any, first: int, *, breaks: bool = False) -> None:
        super().__init__(inner)
        self.first, self.breaks = first, breaks

    def head(self) -> Head:
        newest = self.inner.head()
        return replace(newest, hash=self.block_hash(newest.height))

    def block_hash(self, height: int) -> str | None:
        told = self.inner.block_hash(height)
        return f"another {told}" if told and height >= self.first else told

    def scan(self, *_: Any) -> list[Transfer]:
        if self.breaks:
            raise ChainUnavailableError("half an answer")
        return []

    def status(self, txid: str, spends: str | None = None) -> TxStatus:
        there: TxStatus = self.inner.status(txid, spends)
        return TxStatus("missing") if there.height and there.height >= self.first else there


class Acting(OtherNode):
    """Does something just before, or after, it answers one kind of question for the first time."""

    def __init__(self, inner: Any, question: str, act: Callable[[], Any], *, after: bool = False) -> None:
        super().__init__(inner)
        self._question, self._act, self._after = question, act, after

    def __getattribute__(self, name: str) -> Any:
        mine = object.__getattribute__
        if name != mine(self, "__dict__").get("_question"):
            return mine(self, name)
        asked = getattr(mine(self, "inner"), name)

        def answer(*given: Any) -> Any:
            act, self._act = self._act, lambda: None
            told = asked(*given) if self._after else None
            act()
            return told if self._after else asked(*given)

        return answer
