"""DynamoDB's expressions, as far as PynamoDB writes them: compiled once for each text, run on plain items."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Item = dict[str, Any]
Names = Mapping[str, str]
Values = Mapping[str, Any]
Operand = Callable[[Item, Names, Values], Any]
Condition = Callable[[Item, Names, Values], bool]

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z_]+)|(?P<name>#\w+)|(?P<value>:\w+)|(?P<sign><=|>=|<>|[=<>(),+.-]))")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<>": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


def plain(value: Any) -> Any:
    """Return what is compared: a number as a number, all else with its type, so that types never mix."""
    if value is None:
        return None
    [(kind, content)] = value.items()
    return ("N", int(content)) if kind == "N" else (kind, content)


def number(value: int) -> dict[str, str]:
    return {"N": str(value)}


class _Tokens:
    """An expression's tokens, read from the left."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while text[position:].strip():
            matched = _TOKEN.match(text, position)
            assert matched, f"not understood: {text[position:]}"
            self._tokens.append(matched.group().strip())
            position = matched.end()
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.next
        assert token, "the expression ends too early"
        assert expected is None or token == expected, f"{expected} is expected, not {token}"
        self._at += 1
        return token

    def takes(self, *expected: str) -> bool:
        if self.next in expected:
            self._at += 1
            return True
        return False


@cache
def condition(text: str) -> Condition:
    """Compile a condition, key condition or filter."""
    tokens = _Tokens(text)
    compiled = _either(tokens)
    assert not tokens.next, f"left over in {text}: {tokens.next}"
    return compiled


def _either(tokens: _Tokens) -> Condition:
    parts = [_both(tokens)]
    while tokens.takes("OR"):
        parts.append(_both(tokens))
    return parts[0] if len(parts) == 1 else lambda *of: any(part(*of) for part in parts)


def _both(tokens: _Tokens) -> Condition:
    parts = [_single(tokens)]
    while tokens.takes("AND"):
        parts.append(_single(tokens))
    return parts[0] if len(parts) == 1 else lambda *of: all(part(*of) for part in parts)


def _single(tokens: _Tokens) -> Condition:
    if tokens.takes("NOT"):
        denied = _single(tokens)
        return lambda *of: not denied(*of)
    if tokens.takes("("):
        inner = _either(tokens)
        tokens.take(")")
        return inner
    if tokens.next in {"attribute_exists", "attribute_not_exists", "begins_with", "contains"}:
        return _function(tokens)
    return _comparison(tokens)


def _function(tokens: _Tokens) -> Condition:
    name = tokens.take()
    tokens.take("(")
    path = _operand(tokens)
    argument = _operand(tokens) if tokens.takes(",") else None
    tokens.take(")")
    if name == "attribute_exists":
        return lambda *of: path(*of) is not None
    if name == "attribute_not_exists":
        return lambda *of: path(*of) is None
    assert argument is not None
    if name == "begins_with":
        return lambda *of: path(*of) is not None and path(*of)["S"].startswith(argument(*of)["S"])
    return lambda *of: path(*of) is not None and argument(*of)["S"] in path(*of)["S"]


def _comparison(tokens: _Tokens) -> Condition:
    left = _operand(tokens)
    if tokens.takes("BETWEEN"):
        low = _operand(tokens)
        tokens.take("AND")
        high = _operand(tokens)

        def lies_between(*of: Any) -> bool:
            least, most = plain(low(*of)), plain(high(*of))
            assert least <= most, "BETWEEN takes the lower bound first"  # DynamoDB refuses it
            return left(*of) is not None and bool(least <= plain(left(*of)) <= most)

        return lies_between
    if tokens.takes("IN"):
        tokens.take("(")
        among = [_operand(tokens)]
        while tokens.takes(","):
            among.append(_operand(tokens))
        tokens.take(")")
        return lambda *of: left(*of) is not None and any(plain(left(*of)) == plain(one(*of)) for one in among)
    compared = _COMPARED[tokens.take()]
    right = _operand(tokens)

    def holds(*of: Any) -> bool:
        one, other = plain(left(*of)), plain(right(*of))
        if one is None or other is None:
            return compared is _COMPARED["<>"]
        return compared(one, other) if one[0] == other[0] else compared is _COMPARED["<>"]

    return holds


def _operand(tokens: _Tokens) -> Operand:
    token = tokens.take()
    if token == "size":
        tokens.take("(")
        of = _operand(tokens)
        tokens.take(")")
        return lambda *args: None if of(*args) is None else number(len(next(iter(of(*args).values()))))
    if token.startswith(":"):
        return lambda item, names, values: values[token]
    assert token.startswith("#"), f"an operand is expected, not {token}"
    return lambda item, names, values: item.get(names[token])


@cache
def update(text: str) -> Callable[[Item, Names, Values], None]:
    """Compile an update; run, it changes the item in place. Every right side sees the item as it was."""
    tokens = _Tokens(text)
    actions: list[Callable[[Item, Item, Names, Values], None]] = []
    while tokens.next:
        clause = tokens.take()
        actions.append(_CLAUSES[clause](tokens))
        while tokens.takes(","):
            actions.append(_CLAUSES[clause](tokens))

    def run(item: Item, names: Names, values: Values) -> None:
        before = dict(item)
        for action in actions:
            action(item, before, names, values)

    return run


def _set(tokens: _Tokens) -> Callable[[Item, Item, Names, Values], None]:
    name = tokens.take()
    tokens.take("=")
    value = _sum(tokens)

    def run(item: Item, before: Item, names: Names, values: Values) -> None:
        item[names[name]] = value(before, names, values)

    return run


def _sum(tokens: _Tokens) -> Operand:
    left = _settable(tokens)
    if not tokens.next or tokens.next not in "+-":
        return left
    sign = 1 if tokens.take() == "+" else -1
    right = _settable(tokens)
    return lambda *of: number(int(left(*of)["N"]) + sign * int(right(*of)["N"]))


def _settable(tokens: _Tokens) -> Operand:
    if not tokens.takes("if_not_exists"):
        return _operand(tokens)
    tokens.take("(")
    path = _operand(tokens)
    tokens.take(",")
    otherwise = _operand(tokens)
    tokens.take(")")
    return lambda *of: otherwise(*of) if path(*of) is None else path(*of)


def _add(tokens: _Tokens) -> Callable[[Item, Item, Names, Values], None]:
    name, value = tokens.take(), _operand(tokens)

    def run(item: Item, before: Item, names: Names, values: Values) -> None:
        there = int(before.get(names[name], {"N": "0"})["N"])
        item[names[name]] = number(there + int(value(before, names, values)["N"]))

    return run


def _remove(tokens: _Tokens) -> Callable[[Item, Item, Names, Values], None]:
    name = tokens.take()

    def run(item: Item, before: Item, names: Names, values: Values) -> None:
        del before, values
        item.pop(names[name], None)

    return run


_CLAUSES = {"SET": _set, "ADD": _add, "REMOVE": _remove}
