"""Settings that lie elsewhere: ``secretsmanager:NAME`` in Secrets Manager, ``ssm:NAME`` in Parameter Store.

A value is fetched once and kept for as long as the process lives; it is in no log, no error and no ``repr``.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

SECRETS_MANAGER = "secretsmanager:"
PARAMETER_STORE = "ssm:"
TIMEOUT_SECONDS = 5


class SecretUnavailableError(ValueError):
    """A value could not be fetched; the message says which one and why, never what it is."""


def is_reference(text: str) -> bool:
    """Tell whether a setting only says where its value lies."""
    return text.startswith((SECRETS_MANAGER, PARAMETER_STORE))


class Secrets:
    """Fetches values by reference, each once. Threads may share it.

    Args:
        region: where they lie.
        make_client: makes the client of a service (``secretsmanager``, ``ssm``), when it is first needed; else
            botocore's, with the credentials of the process.
    """

    def __init__(self, region: str, make_client: Callable[[str], Any] | None = None) -> None:
        self._region = region
        self._make_client = make_client or self._client_of
        self._values: dict[str, str] = {}
        self._lock = threading.Lock()

    def read(self, reference: str) -> str:
        """Return the value of a reference.

        Raises:
            SecretUnavailableError: it is not there, or may not be read.
        """
        with self._lock:
            if reference not in self._values:
                self._values[reference] = self._fetch(reference)
            return self._values[reference]

    def _fetch(self, reference: str) -> str:
        service, _, name = reference.partition(":")
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- few settings need it

        try:
            client = self._make_client(service)
            if reference.startswith(SECRETS_MANAGER):
                return str(client.get_secret_value(SecretId=name)["SecretString"])
            return str(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            raise SecretUnavailableError(f"{reference} was refused with {code}") from None
        except (BotoCoreError, KeyError) as error:
            raise SecretUnavailableError(f"{reference} gave {type(error).__name__}") from None

    def _client_of(self, service: str) -> Any:
        import botocore.session  # noqa: PLC0415 -- the same
        from botocore.config import Config  # noqa: PLC0415 -- the same

        config = Config(
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            retries={"total_max_attempts": 3, "mode": "standard"},
        )
        return botocore.session.get_session().create_client(service, self._region, config=config)


class Resolved(Mapping[str, str]):
    """Variables with references replaced by what they refer to, each when it is asked for."""

    def __init__(self, variables: Mapping[str, str], secrets: Secrets) -> None:
        self._variables = variables
        self._secrets = secrets

    def __getitem__(self, name: str) -> str:
        text = self._variables[name]
        return self._secrets.read(text) if is_reference(text) else text

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __contains__(self, name: object) -> bool:
        return name in self._variables


class Later(Mapping[str, T]):
    """A mapping that is read when it is first used.

    Args:
        load: reads it; what it raises is raised by whoever asks, each time.
        names: its keys, where they are known before: to list them reads nothing.
    """

    def __init__(self, load: Callable[[], Mapping[str, T]], names: tuple[str, ...] | None = None) -> None:
        self._load = load
        self._names = names
        self._loaded: Mapping[str, T] | None = None

    def __getitem__(self, name: str) -> T:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all() if self._names is None else self._names)

    def __len__(self) -> int:
        return len(self._all() if self._names is None else self._names)

    def __contains__(self, name: object) -> bool:
        return name in (self._all() if self._names is None else self._names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _all(self) -> Mapping[str, T]:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded
