"""Modules that are loaded when they are first used: a cold start pays for what its request needs alone."""

from importlib import import_module
from typing import Any


class Lazily:
    """Stands for a module until something of it is asked for, and passes that on.

    Type checkers see the module itself: it is imported beside this one, under ``TYPE_CHECKING``.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def lazily(package: str, *modules: str) -> list[Any]:
    """Return stand-ins for modules of a package, in their order."""
    return [Lazily(f"{package}.{module}") for module in modules]


def late(module: str, function: str) -> Any:
    """Return a function that loads its module when it is called."""

    def called(*args: Any) -> Any:
        return getattr(import_module(module), function)(*args)

    return called
