"""``make bench``: prints what everything costs, one figure a line, and nothing else on its standard output."""

import logging
import sys

from benchmarks.counted import counted
from benchmarks.lists import listed
from benchmarks.scanning import scanned
from benchmarks.timed import timed
from benchmarks.transfers import modelled


def main() -> int:
    """Print every figure."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    for measure in (counted, listed, scanned, modelled, timed):
        for figure in measure():
            print(figure.line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
