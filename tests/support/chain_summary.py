"""At the end of a run: on which chain's node how many tests of the contract suite ran, and what could not run."""

import re
from collections import Counter, defaultdict

import pytest

_CONTRACT_TEST = re.compile(r"tests/chains/test_\w+_contract\.py::Test(\w+)::[^\[]+(?:\[(.+)\])?$")
_OUTCOMES = ("passed", "failed", "error", "skipped")
NO_NODE = "NO NODE"
"""What the reason of a skipped test begins with, when the node itself is not to be had."""


def write(terminal: pytest.TerminalReporter) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, str] = {}
    for outcome in _OUTCOMES:
        for report in terminal.stats.get(outcome, ()):
            backend = backend_of(report.nodeid)
            if backend is None:
                continue
            counts[backend][outcome] += 1
            if outcome == "skipped" and isinstance(report.longrepr, tuple) and NO_NODE in report.longrepr[2]:
                reasons[backend] = report.longrepr[2]
    if counts:
        terminal.section("contract suite, by node")
    for backend in sorted(counts):
        terminal.line(_sentence(backend, counts[backend]))
        if backend in reasons:
            terminal.line(f"  {backend} DID NOT RUN: {reasons[backend]}", red=True, bold=True)


def backend_of(nodeid: str) -> str | None:
    """Return the node that a test of the contract suite ran on, None of any other test."""
    found = _CONTRACT_TEST.search(nodeid)
    return None if found is None else " ".join(part for part in found.groups() if part)


def _sentence(backend: str, counted: Counter[str]) -> str:
    told = ", ".join(f"{counted[outcome]} {outcome}" for outcome in _OUTCOMES if counted[outcome])
    ran = sum(counted[outcome] for outcome in ("passed", "failed", "error"))
    return f"{backend:<28} {ran:>3} tests ran ({told})"
