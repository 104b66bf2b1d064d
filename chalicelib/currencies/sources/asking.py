"""Asking all price sources at once: one that hangs costs the others nothing, and the round only its time."""

import logging
import threading
from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from time import monotonic

from chalicelib.currencies.prices import PriceSource, PriceSourceError, PriceSourceWaitsError, Quotes

ROUND_SECONDS = 7.0  # a little more than a source has for itself: only a look-up of its name can outlast that

logger = logging.getLogger(__name__)


def ask_all(sources: Sequence[PriceSource], round_seconds: float = ROUND_SECONDS) -> Mapping[str, Quotes]:
    """Return what the sources said in time, by their names, in their order; those that failed are in the log.

    Args:
        sources: whom to ask, each in a thread of its own.
        round_seconds: how long the slowest is waited for, on the machine's clock.
    """
    answers: SimpleQueue[tuple[str, Quotes | None]] = SimpleQueue()
    for source in sources:
        threading.Thread(target=_ask, args=(source, answers), name=source.name, daemon=True).start()
    until = monotonic() + round_seconds
    told: dict[str, Quotes | None] = {}
    while len(told) < len(sources):
        try:
            name, quotes = answers.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            break
        told[name] = quotes
    for source in sources:
        if source.name not in told:
            logger.warning("the price source %s did not answer within the round", source.name)
    return {source.name: quotes for source in sources if (quotes := told.get(source.name)) is not None}


def _ask(source: PriceSource, answers: "SimpleQueue[tuple[str, Quotes | None]]") -> None:
    answers.put((source.name, _fetched(source)))


def _fetched(source: PriceSource) -> Quotes | None:
    try:
        return source.fetch()
    except PriceSourceWaitsError:
        return None  # it has said so in the log, once
    except PriceSourceError as error:
        logger.warning("the price source %s %s", source.name, error)
    except Exception:  # one source's failure, of whatever kind, must not silence the others
        logger.warning("the price source %s failed", source.name, exc_info=True)
    return None
