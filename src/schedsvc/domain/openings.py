"""Weekly hours laid out over time.

An instant is open if and only if the wall clock shows an open minute of an open weekday then. So
hours are laid out on local time, cut at the changes of the zone's offset, and only then turned
into instants: a gap shortens what it cuts into, and a repeated hour counts in both passes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from schedsvc.domain.hours import MINUTES_PER_DAY, WorkHours
from schedsvc.domain.intervals import Interval, merge
from schedsvc.domain.time import DAY, pieces

WEEK = 7 * DAY
_FIRST_MONDAY = 4 * DAY  # 1970-01-05
_BLOCK = 4 * WEEK


class Opening(NamedTuple):
    """`[start, end)` in instants, open throughout and of one offset.

    `anchor` is congruent to the start of the whole work interval that the opening is a part of:
    a candidate of the grid is any instant inside that is a multiple of the step away from it.
    """

    start: int
    end: int
    anchor: int


@dataclass(frozen=True, slots=True)
class Week:
    """The work intervals of every week, in local seconds since Monday 00:00, sorted, disjoint.

    Intervals that touch are one, also over midnight; the last may run on into the next week. Hours
    that never close are one interval a week, so that their anchor is Monday 00:00 of local time.
    """

    time_zone: str
    intervals: tuple[Interval, ...]


def compile_week(hours: WorkHours) -> Week:
    """Joins the minute ranges of a week into its work intervals."""
    return Week(hours.time_zone, _join_ends(merge(_ranges(hours))))


def openings(week: Week, lo: int, hi: int) -> list[Opening]:
    """The openings that overlap `[lo, hi)`, unclipped, in order and disjoint."""
    out: list[Opening] = []
    for block in range(lo // _BLOCK, (hi - 1) // _BLOCK + 1):
        out += _block(week, block)
    first = bisect_right(out, lo, key=attrgetter("end"))
    last = bisect_right(out, hi - 1, first, key=attrgetter("start"))
    return out[first:last]


def windows(week: Week, lo: int, hi: int) -> list[Interval]:
    """The open time that overlaps `[lo, hi)`, merged, whatever the offset does meanwhile.

    Unclipped, but what reaches beyond the window need not show how far it does.
    """
    return merge((start, end) for start, end, _ in openings(week, lo, hi))


def _ranges(hours: WorkHours) -> Iterator[Interval]:
    for day, ranges in hours.days.items():
        for minutes in ranges:
            midnight = (day - 1) * MINUTES_PER_DAY
            yield (midnight + minutes.start) * 60, (midnight + minutes.end) * 60


def _join_ends(merged: list[Interval]) -> tuple[Interval, ...]:
    """Joins what ends with Sunday to what begins with Monday."""
    if len(merged) < 2 or merged[0][0] > 0 or merged[-1][1] < WEEK:
        return tuple(merged)
    return (*merged[1:-1], (merged[-1][0], WEEK + merged[0][1]))


@lru_cache(maxsize=512)
def _block(week: Week, block: int) -> tuple[Opening, ...]:
    """The openings of one block of time, cut at its borders."""
    return tuple(
        opening
        for start, end, offset in pieces(week.time_zone, block * _BLOCK, (block + 1) * _BLOCK)
        for opening in _in_piece(week, start, end, offset)
    )


def _in_piece(week: Week, start: int, end: int, offset: int) -> Iterator[Opening]:
    for a, b in _local(week, start + offset, end + offset):
        opening = Opening(max(a - offset, start), min(b - offset, end), a - offset)
        if opening.start < opening.end:
            yield opening


def _local(week: Week, lo: int, hi: int) -> Iterator[Interval]:
    """The work intervals, in local seconds since 1970, of each week that may overlap."""
    first = (lo - _FIRST_MONDAY) // WEEK - 1  # an interval may come from the week before
    for monday in range(_FIRST_MONDAY + first * WEEK, hi, WEEK):
        for a, b in week.intervals:
            yield monday + a, monday + b
