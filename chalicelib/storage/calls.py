"""Calls to DynamoDB: PynamoDB's connection, made once, on the process's one botocore session."""

import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from pynamodb.connection import Connection

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 4
CONNECTIONS_LIMIT = 50
RETRIES = 2  # within a Lambda's time; a transaction's retries share its client request token

_UNAVAILABLE = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionInProgressException",
}


class StorageUnavailableError(Exception):
    """The table did not answer, or is throttled: whether a write was done is not known. Safe to try again."""


class Calls:
    """Makes calls; safe to share between threads.

    Args:
        session: the process's session.
        region: the AWS region.
        endpoint_url: another endpoint than AWS's, or None.
    """

    def __init__(self, session: Session, region: str, endpoint_url: str | None) -> None:
        self._lock = threading.Lock()
        self._connected = False
        self.connection = _SharedSessionConnection(
            session,
            region=region,
            host=endpoint_url,
            connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
            read_timeout_seconds=READ_TIMEOUT_SECONDS,
            max_retry_attempts=RETRIES,
            max_pool_connections=CONNECTIONS_LIMIT,
        )

    def make(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make one call.

        Raises:
            StorageUnavailableError: no answer, or throttled.
            ClientError: DynamoDB refused; its whole answer is in ``answer_of``.
        """
        self._connect()
        try:
            return self.connection.dispatch(operation, parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] in _UNAVAILABLE:
                raise StorageUnavailableError(error.response["Error"]["Code"]) from error
            raise
        except BotoCoreError as error:
            raise StorageUnavailableError(type(error).__name__) from error

    def _connect(self) -> None:
        """Make the client once: botocore's client creation is not thread-safe."""
        if not self._connected:
            with self._lock:
                self._connected = bool(self.connection.client)


def answer_of(error: ClientError) -> dict[str, Any]:
    """Return DynamoDB's whole answer: PynamoDB's own error leaves items and reasons out."""
    assert isinstance(error.__cause__, ClientError), "PynamoDB raises its errors from botocore's"
    return dict(error.__cause__.response)


class _SharedSessionConnection(Connection):
    """PynamoDB's connection on a given session: another session costs 30 ms at a cold start."""

    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__(**options)
        self._shared_session = session

    @property
    def session(self) -> Session:
        """The process's session."""
        return self._shared_session
