"""Lists in statements, in few lengths, so that few texts of one statement are ever prepared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def padded(values: Sequence[T]) -> list[T]:
    """The values, the last one repeated up to the next power of two. Raises ValueError for none."""
    if not values:
        raise ValueError("a list in a statement cannot be empty")
    length = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[-1]] * (length - len(values))]
