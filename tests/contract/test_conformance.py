"""The API keeps to its own document, asked by schemathesis; ``make schemathesis`` asks far more."""

import pytest

from tests.contract import conformance

EXAMPLES = 2


@pytest.mark.slow
def test_it_answers_only_what_its_document_says(capfd):
    code = conformance.run(EXAMPLES, seed=20260923)
    assert code == 0, capfd.readouterr().out[-20_000:]
