"""Scopes: what an application may ask for, and what a token may do."""

KNOWN = ("read", "write", "admin")
DEFAULT = ("read", "write")


class InvalidScopeError(ValueError):
    """A scope that does not exist, or that the application does not have."""


def requested(text: str | None, allowed: frozenset[str]) -> tuple[str, ...]:
    """Return the scopes that a token request is given, in their fixed order (RFC 6749, section 3.3).

    Raises:
        InvalidScopeError: an unknown scope, or one that the application lacks.
    """
    wanted = set(text.split(" ")) if text else set(DEFAULT)
    if not wanted <= allowed:
        raise InvalidScopeError(f"this application may ask for: {' '.join(ordered(allowed))}")
    return ordered(wanted)


def ordered(scopes: set[str] | frozenset[str]) -> tuple[str, ...]:
    """Return scopes in their fixed order."""
    return tuple(scope for scope in KNOWN if scope in scopes)
