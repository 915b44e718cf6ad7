"""Local seconds to instants, many at a time: the one place where a recurrence meets a time zone.

As `time.instant_of` has it for one: a local time that a clock skips moves forward by the length of the gap (RFC 5545
section 3.3.5 and erratum 4271; section 3.3.10 would drop it), one that comes twice is the first of the two.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, pairwise
from operator import lt
from typing import NamedTuple

from schedsvc.domain.recurrence.civil import END, WEEK
from schedsvc.domain.time import DAY, EARLIEST, LATEST, pieces

_SPAN = 25  # bits of a second; readings are kept by spans of 388 days
_NEVER = END + WEEK
_SPARSE = 12  # with fewer seconds than that to a stretch, each is looked up by itself


class Reading(NamedTuple):
    """How to read the local seconds of some span, cut into stretches at `ends`.

    Those of the i-th stretch lie `offsets[i]` seconds ahead of their instants. From `gaps[i]` on, until its end, it is
    a gap; there is none if the two are one. The last stretch has neither end nor gap.
    """

    ends: list[int]
    gaps: list[int]
    offsets: list[int]


Read = tuple[list[int], int | None]
"""The instants of some sorted local seconds, one for each.

If some of them lie in a gap, the instants may be equal or out of order up to the local second beside them.
"""


def read(local: Sequence[int], zone_name: str) -> Read:
    """Reads sorted local seconds, of which there is at least one."""
    reading = _reading(zone_name, local[0] >> _SPAN, local[-1] >> _SPAN)
    ends, gaps, offsets = reading
    first, last = bisect_right(ends, local[0]), bisect_right(ends, local[-1])
    if len(local) < _SPARSE * (last - first) and local[-1] < gaps[last]:
        found = [second - offsets[bisect_right(ends, second)] for second in local]
        if all(map(lt, found, islice(found, 1, None))):
            return found, None
    return _read_stretches(local, reading, first, last)


def _read_stretches(local: Sequence[int], reading: Reading, first: int, last: int) -> Read:
    """The same for seconds that lie in the stretches from `first` to `last`."""
    ends, gaps, offsets = reading
    found: list[int] = []
    settled, done = None, 0
    for index in range(first, last):
        stop, offset = bisect_left(local, ends[index], done), offsets[index]
        if stop > done:
            found += [second - offset for second in local[done:stop]]
            if local[stop - 1] >= gaps[index]:
                settled = 2 * ends[index] - gaps[index]
            done = stop
    offset = offsets[last]
    found += [second - offset for second in local[done:]]
    if local[-1] >= gaps[last]:
        settled = 2 * ends[last] - gaps[last]
    return found, settled


def day_starts(midnights: Sequence[int], zone_name: str) -> list[int]:
    """The first instant of each day, as `time.day_start` has it; a skipped day has that of the skip."""
    ends, gaps, offsets = _reading(zone_name, midnights[0] >> _SPAN, midnights[-1] >> _SPAN)
    found, _ = read(midnights, zone_name)
    for end, gap, offset in zip(ends, gaps, offsets, strict=True):
        for index in range(bisect_left(midnights, gap), bisect_left(midnights, end)):
            found[index] = gap - offset
    return found


class Window(NamedTuple):
    """The instants `[lo, hi)`, and local seconds outside of which nothing has an instant among them."""

    lo: int
    hi: int
    local_lo: int
    local_hi: int


@lru_cache(maxsize=4096)
def window(zone_name: str, lo: int, hi: int) -> Window:
    """Of the instants `[lo, hi)`, as far as there are any from `time.EARLIEST` to `time.LATEST`."""
    lo, hi = max(lo, EARLIEST), min(hi, LATEST)
    if lo >= hi:
        return Window(0, 0, 0, 0)
    around_lo, around_hi = (
        [piece.offset for piece in pieces(zone_name, instant - DAY, instant + 1)] for instant in (lo, hi)
    )
    return Window(lo, hi, lo + min(around_lo), hi + max(around_hi))


@lru_cache(maxsize=1024)
def _reading(zone_name: str, first: int, last: int) -> Reading:
    """Of the spans from `first` to `last`."""
    found = pieces(zone_name, (first << _SPAN) - DAY, ((last + 1) << _SPAN) + DAY)
    reading = Reading([], [], [piece.offset for piece in found])
    for before, after in pairwise(found):
        gap, end = after.start + before.offset, after.start + after.offset
        reading.ends.append(max(gap, end))
        reading.gaps.append(gap)
    reading.ends.append(_NEVER)
    reading.gaps.append(_NEVER)
    return reading
