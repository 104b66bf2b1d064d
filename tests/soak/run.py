"""The soak: ``python -m tests.soak.run --operations 100000 --seed 1``, or less of it in CI."""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.soak.audit import Audit
from tests.soak.gateway import Gateway
from tests.soak.model import Merchant, Tally
from tests.soak.operations import Operations

MERCHANTS = 2
OPERATIONS_OF_AN_EPOCH = 10_000  # then other merchants on another gateway: an audit reads all that there is
AUDIT_EVERY = 2_500


def soak(operations: int, seed: int, folder: Path, tally: Tally, facts: Counter[str]) -> None:
    """Do that many random operations on one gateway; audit now and then, and at the end.

    Args:
        operations: how many.
        seed: of the random choices.
        folder: where the chain's state goes.
        tally: how the operations go is added to it.
        facts: what else happened is added to it.

    Raises:
        AssertionError: something was lost, done twice, or does not add up.
    """
    random = Random(seed)
    gateway = Gateway(folder, random)
    merchants = [Merchant(*gateway.new_tenant(f"Merchant {number}")) for number in range(MERCHANTS)]
    doing = Operations(gateway, merchants, tally)
    audit = Audit(gateway, merchants)
    for number in range(1, operations + 1):
        doing.one()
        if number % AUDIT_EVERY == 0 or number == operations:
            for merchant in merchants:
                doing.unfreeze(merchant)
            gateway.come_to_rest()
            audit.check()
    facts["reorganisations after a credit"] += doing.reorganised_after_credit
    facts["payouts dropped by reorganisations"] += doing.payouts_dropped
    facts["reversals of money already spent or held"] += audit.reversals_of_spent_money()
    facts["processes killed"] += gateway.deaths
    facts.update({f"faults: {kind}": count for kind, count in gateway.faults.fired.items()})
    gateway.node.close()


def main() -> int:
    """Run a soak and print what happened."""
    parser = argparse.ArgumentParser(prog="tests.soak.run", description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"seed {asked.seed}, {asked.operations} operations", flush=True)
    started, tally, facts = time.monotonic(), Tally(), Counter[str]()
    for first in range(0, asked.operations, OPERATIONS_OF_AN_EPOCH):
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            operations = min(OPERATIONS_OF_AN_EPOCH, asked.operations - first)
            soak(operations, asked.seed + first, Path(folder), tally, facts)
        print(f"  {tally.total} done after {time.monotonic() - started:.0f} s", flush=True)
    print("\n".join([*tally.lines(), *(f"  {fact}: {count}" for fact, count in sorted(facts.items()))]))
    print(f"seed {asked.seed}: nothing lost, nothing twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
