"""Where violations are gathered."""

from __future__ import annotations

import json

from schedsvc.domain.errors import Violation
from schedsvc.rpc.codec.masks import Tree

_KEY_CHARACTERS = 64


class Report:
    """The first violation of each field, in the order of discovery.

    `named` has what the updates in the request name, by the paths of their resources.
    """

    def __init__(self) -> None:
        self._found: dict[str, Violation] = {}
        self.named: dict[str, Tree] = {}

    def add(self, path: str, description: str, reason: str = "FIELD_INVALID") -> None:
        """Adds one, unless the field is in the report already."""
        self._found.setdefault(path, Violation(path, description, reason))

    @property
    def violations(self) -> list[Violation]:
        return list(self._found.values())


def join(path: str, name: str) -> str:
    """The path of a field inside a message; that of the request itself is empty."""
    return f"{path}.{name}" if path else name


def at_key(path: str, key: str) -> str:
    """The path of an entry of a map, a long key cut off."""
    shown = key if len(key) <= _KEY_CHARACTERS else key[:_KEY_CHARACTERS] + "…"
    return f"{path}[{json.dumps(shown, ensure_ascii=False)}]"


def shown(text: str) -> str:
    """A value of the caller's as part of a sentence: quoted, escaped, and cut if long."""
    quoted = json.dumps(text[:_KEY_CHARACTERS], ensure_ascii=False)
    return quoted if len(text) <= _KEY_CHARACTERS else quoted + "…"
