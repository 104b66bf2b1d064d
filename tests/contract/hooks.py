"""What schemathesis must not do: take away the application whose token it uses."""

from typing import Any

import schemathesis


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Leave the first application be; whatever else a run makes, it may delete."""
    if (case.method.upper(), case.path) != ("DELETE", "/o/apps/{id}/"):
        return True
    return str(case.path_parameters.get("id", "")).strip().lstrip("0") != "1"
