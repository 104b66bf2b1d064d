import pytest

from tests.support.client import ApiClient
from tests.support.probe import probe_application


@pytest.fixture
def probe(anyone: ApiClient, token: str) -> ApiClient:
    """Calls the routes of tests/support/probe.py as the tenant."""
    return ApiClient(probe_application(), token)
