"""Finding what overlaps a window with plain B-tree indexes.

Events are filed by the class of their occupied length. In a class of at most L seconds, whatever
overlaps `[lo, hi)` starts in `(lo - L, hi + L)`, so a search is one short index range for each
class, whatever else the calendar holds: many short events, and few long ones. No bound on buffers
is assumed, because the class is that of the occupied extent, which contains the bare one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from schedsvc.domain.intervals import Interval

_HOUR, _DAY = 3600, 86_400
# A day may last 25 hours, and a week an hour more than seven days.
LENGTHS = (4 * _HOUR, 25 * _HOUR, 8 * _DAY, 64 * _DAY, 512 * _DAY)
UNBOUNDED = len(LENGTHS)


def span_of(occupied: Interval) -> int:
    """The class of an event."""
    return bisect_left(LENGTHS, occupied[1] - occupied[0])


def classes() -> Iterator[tuple[int, int | None]]:
    """Every class with its greatest length in seconds, None for the last."""
    yield from enumerate(LENGTHS)
    yield UNBOUNDED, None
