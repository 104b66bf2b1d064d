"""Starting a local engine for tests, or saying loudly why that engine is not tested."""

import os
from pathlib import Path

import pytest

from sandbox.engine import engine, install
from sandbox.engine.child import EngineUnavailableError
from sandbox.engine.engine import Engine


def started(name: str, directory: Path) -> Engine:
    fetched = (install.ENGINE_DIRECTORY / "dynamodb-local").exists()
    asked_for = fetched or os.environ.get("CI") or os.environ.get("ENGINE") == name
    if name == "dynamodb-local" and not asked_for:
        pytest.skip("DynamoDB Local is fetched only when asked for (its licence): ENGINE=dynamodb-local make test")
    try:
        return engine.start(name, directory)
    except EngineUnavailableError as unavailable:
        pytest.skip(f"NOT TESTED: {unavailable}")
