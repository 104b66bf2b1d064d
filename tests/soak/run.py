"""The soak: ``python -m tests.soak.run --operations 100000 --seed 1``, or less of it in CI."""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.soak.audit import Audit
from tests.soak.gateway import Gateway
from tests.soak.model import Merchant, Tally
from tests.soak.operations import Operations

MERCHANTS = 2
AUDIT_EVERY = 2_000


def soak(operations: int, seed: int, folder: Path, audit_every: int = AUDIT_EVERY) -> tuple[Tally, list[str]]:
    """Do that many random operations; audit now and then, and at the end.

    Returns:
        How the operations went, and what else happened, a line each.
    """
    random = Random(seed)
    gateway = Gateway(folder, random)
    merchants = [Merchant(*gateway.new_tenant(f"Merchant {number}")) for number in range(MERCHANTS)]
    tally = Tally()
    doing = Operations(gateway, merchants, tally)
    audit = Audit(gateway, merchants)
    for number in range(1, operations + 1):
        doing.one()
        if number % audit_every == 0 or number == operations:
            for merchant in merchants:
                doing.unfreeze(merchant)
            gateway.come_to_rest()
            audit.check()
    facts = [
        f"reorganisations after a credit: {doing.reorganised_after_credit}",
        f"reversals of money already spent or held: {audit.reversals_of_spent_money()}",
        f"processes killed: {gateway.deaths}",
        *(f"faults, {kind}: {count}" for kind, count in sorted(gateway.faults.fired.items())),
    ]
    gateway.node.close()
    return tally, facts


def main() -> int:
    """Run a soak and print what happened."""
    parser = argparse.ArgumentParser(prog="tests.soak.run", description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"seed {asked.seed}, {asked.operations} operations", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        tally, facts = soak(asked.operations, asked.seed, Path(folder))
    print("\n".join([*tally.lines(), *facts, f"{time.monotonic() - started:.0f} s, nothing lost, nothing twice"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
