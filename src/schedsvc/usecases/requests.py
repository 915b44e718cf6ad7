"""What every use case is told about the request it serves, and how it hands out pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from schedsvc.domain.limits import MESSAGE_BYTES
from schedsvc.repositories.base import Once, Page

T = TypeVar("T")
SortKey = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """`once` makes the write happen once per request id; `validate_only` does all checks and nothing else."""

    once: Once | None = None
    validate_only: bool = False


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page. `last` is the sort key of its last record if more follow, else None."""

    records: list[T]
    last: SortKey | None


def one_more(page: Page) -> Page:
    """Asks for one record more than the page holds, to learn whether another page follows."""
    return Page(page.size + 1, page.after)


def listed(
    found: Sequence[T], page: Page, key: Callable[[T], SortKey], weigh: Callable[[T], int] = lambda _: 0
) -> Listed[T]:
    """The page out of what `one_more` found: at most `page.size` records, and as many as fit into one message.

    A page has at least one record, if there is any.
    """
    fitting = fit(found[: page.size], weigh)
    more = fitting < len(found)
    return Listed(list(found[:fitting]), key(found[fitting - 1]) if more else None)


def fit(records: Sequence[T], weigh: Callable[[T], int], budget: int = MESSAGE_BYTES) -> int:
    """How many of the first records fit into `budget` bytes; at least one if there is one."""
    total = 0
    for count, record in enumerate(records):
        total += weigh(record)
        if total > budget and count:
            return count
    return len(records)
