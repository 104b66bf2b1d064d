"""A process's variables, read one by one: a mistake is told with the variable's name, never with its value."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.settings.references import Later, Resolved, Secrets, is_reference


class ConfigurationError(Exception):
    """A setting is missing or wrong; the process must not start."""


class Variables:
    """The variables of a process; what only refers to a value elsewhere is fetched when it is read.

    Args:
        said: the variables.
        secrets: fetches what one of them refers to.
    """

    def __init__(self, said: Mapping[str, str], secrets: Secrets) -> None:
        self._said = said
        self._resolved = Resolved(said, secrets)

    def text(self, name: str, default: str = "") -> str:
        """Return a text as it is.

        Raises:
            ConfigurationError: it lies elsewhere and could not be fetched.
        """
        return str(self.parsed(name, str, default))

    def required(self, name: str) -> str:
        """Return a text that must be there.

        Raises:
            ConfigurationError: it is not.
        """
        value = self.text(name)
        if not value:
            raise ConfigurationError(f"{name} is not set")
        return value

    def parsed(self, name: str, parse: Callable[[str], Any], default: str | None = None) -> Any:
        """Return what a text stands for.

        Args:
            name: the variable.
            parse: reads the text; a ValueError of it is a mistake of the setting.
            default: stands for the text where there is none; without it there must be one.

        Raises:
            ConfigurationError: it is missing, could not be fetched, or cannot be read.
        """
        try:
            text = self._resolved.get(name, default or "")
            if not text and default is None:
                raise ConfigurationError(f"{name} is not set")
            return parse(text)
        except ValueError as error:
            raise ConfigurationError(f"{name} cannot be read: {error}") from None

    def later(
        self,
        name: str,
        parse: Callable[[str], Mapping[str, Any]],
        default: str | None = None,
        names: tuple[str, ...] | None = None,
    ) -> Mapping[str, Any]:
        """Return a mapping: at once, so that a mistake is told; or when it is used, where it lies elsewhere.

        Args:
            name: the variable.
            parse: reads the text.
            default: stands for the text where there is none.
            names: the mapping's keys, where they are known before.
        """
        if is_reference(self._said.get(name, "")):
            return Later(lambda: self.parsed(name, parse), names)
        read: Mapping[str, Any] = self.parsed(name, parse, default)
        return read

    def __contains__(self, name: object) -> bool:
        return name in self._said
