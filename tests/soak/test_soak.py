"""A bounded share of the soak; ``make soak`` does a hundred thousand operations."""

import logging
from collections import Counter
from pathlib import Path

from tests.soak.model import Tally
from tests.soak.run import soak

OPERATIONS = 1_500
SUCCEEDED_AT_LEAST = 0.6


def test_nothing_is_lost_and_nothing_done_twice_whatever_happens(tmp_path: Path):
    tally, facts = Tally(), Counter[str]()
    logging.disable(logging.CRITICAL)  # thousands of planned failures
    try:
        soak(OPERATIONS, 20_261_123, tmp_path, tally, facts)
    finally:
        logging.disable(logging.NOTSET)
    print("\n".join([*tally.lines(), *(f"  {fact}: {count}" for fact, count in sorted(facts.items()))]))
    assert tally.succeeded.total() >= SUCCEEDED_AT_LEAST * OPERATIONS
    assert min(tally.succeeded.values()) > 0
    assert facts["reversals of money already spent or held"] > 0
    assert facts["processes killed"] > 0
