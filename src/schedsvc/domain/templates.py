"""Texts with variables, `{{name}}`, `{{name:type}}` and `{{name:type=default}}`.

Replacing is all there is: one pass, no expressions, no nesting, and a value is never read again.
Whatever opens like a variable and is none stays as it is written, up to its closing braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class VariableType(StrEnum):
    """What a value has to look like."""

    STRING = "string"
    TEXT = "text"
    EMAIL = "email"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Variable:
    """`default` of None makes a value necessary; an empty default does not."""

    name: str
    type: VariableType
    default: str | None


class MissingVariables(ValueError):
    """The names, in order of appearance, that have neither a value nor a default."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"no value for {', '.join(names)}")
        self.names = names


# The second alternative takes everything from a stray `{{` to the next `}}`. As no quantifier
# ever gives back what it took, each character is looked at a fixed number of times.
_TOKEN = re.compile(
    r"\{\{(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63}+)(?::(?P<type>[A-Za-z0-9_]++))?+"
    r"(?:=(?P<default>[^{}]*+))?+\}\}"
    r"|\{\{[^}]*+(?:\}(?!\})[^}]*+)*+(?:\}\})?"
)


def variables(*texts: str) -> tuple[Variable, ...]:
    """The variables of some texts, each name once, in order of first appearance.

    The type of a name is the one that it is given anywhere, else STRING; it needs a value if it
    stands without a default anywhere. Raises ValueError for an unknown type and for two
    different types of one name.
    """
    found: dict[str, list[re.Match[str]]] = {}
    for text in texts:
        for token in _tokens(text):
            found.setdefault(token["name"], []).append(token)
    return tuple(_variable(name, tokens) for name, tokens in found.items())


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with values in place of variables; a value, even an empty one, beats the default.

    Raises MissingVariables. Values of names that the text does not use are ignored.
    """
    missing = [t["name"] for t in _tokens(text) if t["name"] not in values and t["default"] is None]
    if missing:
        raise MissingVariables(tuple(dict.fromkeys(missing)))
    return _TOKEN.sub(lambda t: values.get(t["name"], t["default"]) if t["name"] else t[0], text)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    return (token for token in _TOKEN.finditer(text) if token["name"])


def _variable(name: str, tokens: list[re.Match[str]]) -> Variable:
    types = {_type(name, token["type"]) for token in tokens if token["type"]}
    if len(types) > 1:
        raise ValueError(f"the variable {name} has two types: {', '.join(sorted(types))}")
    defaults = [token["default"] for token in tokens]
    default = None if None in defaults else defaults[0]
    return Variable(name, types.pop() if types else VariableType.STRING, default)


def _type(name: str, text: str) -> VariableType:
    try:
        return VariableType(text)
    except ValueError:
        known = ", ".join(VariableType)
        raise ValueError(f"the variable {name} has the type {text}; known are {known}") from None
