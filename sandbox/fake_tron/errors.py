"""What the fake node refuses, by the codes of java-tron's API."""


class RefusedError(Exception):
    """The node does not take a transaction; ``code`` is one of ``api.Return.response_code``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class NodeDownError(Exception):
    """The node is in an outage and answers nobody."""
