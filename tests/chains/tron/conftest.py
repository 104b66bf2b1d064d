"""Fake TRON chains, with a node in between that can falsify answers."""

import pytest

from chalicelib.chains.tron.adapter import TronAdapter
from tests.chains.tron.tampering import TamperingNode
from tests.chains.tron_backend import TOKENS, TronBackend


def _tampered(token: str) -> TronBackend:
    backend = TronBackend(token)
    backend.between = TamperingNode(backend.http)
    backend.adapter = TronAdapter(backend.between, TOKENS)
    return backend


@pytest.fixture
def usdt():
    backend = _tampered("USDT")
    yield backend
    backend.close()


@pytest.fixture
def trx():
    backend = _tampered("TRX")
    yield backend
    backend.close()
