"""Messages out of plain values."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


def build(kind: type[M], **values: Any) -> M:
    """A message whose parts may be given as dicts, which its constructor takes and its stub does not know."""
    return kind(**values)
