"""When several people can meet: the evaluator's answers for each of them, put together.

Each member is asked as a booking profile that nobody saved: hours, length, step and buffers, without notice and without
horizon. What the rules allow is kept as intervals of starts for each member, and a bit mask says who is free at a
candidate, so that a group that needs some of its members counts bits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from itertools import accumulate, groupby
from operator import itemgetter, xor
from typing import NamedTuple

from schedsvc.domain.availability import Offer, Question, allowed_starts
from schedsvc.domain.events import Level
from schedsvc.domain.hours import MINUTES_PER_DAY, MinuteRange, WorkHours
from schedsvc.domain.intervals import Interval, complement, subtract
from schedsvc.domain.openings import compile_week
from schedsvc.domain.profiles import DatePeriod
from schedsvc.domain.rules import grid
from schedsvc.domain.time import DAY, EARLIEST, LATEST
from schedsvc.domain.timeline import Chunk, Item, Timeline, chunk_range

BLOCKING = frozenset({Level.TENTATIVE, Level.BUSY, Level.OUT_OF_OFFICE})
"""What keeps a member away unless the caller says otherwise: what keeps slots of profiles from being offered."""

_NO_HORIZON = DatePeriod(months=12 * 300, days=0)
_STRETCH = 14 * DAY
"""Slots are looked for two weeks at a time: most callers have seen enough after the first of them."""


class Shape(IntEnum):
    """Values are those of the proto enum.

    SLOTS are candidates of the grid, each as long as the meeting. PERIODS are the longest stretches through which one
    set of members that is enough for every group is free.
    """

    SLOTS = 1
    PERIODS = 2


class Emptiness(IntEnum):
    """The first demand, in this order, that leaves nothing. Values are those of the proto enum."""

    TOO_SHORT = 1
    PAST = 2
    OUTSIDE_HOURS = 3
    EXCLUDED = 4
    BUSY = 5
    UNREADABLE = 6


@dataclass(frozen=True, slots=True)
class Group:
    """Members as a bit mask, of whom at least `required` have to be free."""

    members: int
    required: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is asked; `hours` of None: any time will do."""

    timeline: Timeline
    hours: WorkHours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A meeting to find a time for; spans are in seconds.

    It has to miss `extra_busy`, as it does the events of its members, and to lie as a whole in one of `only_within`
    (None: anywhere); both are merged lists. `levels` are what keeps a member away. The midnights of `time_zone` are
    what the grid is counted from where the hours of the members do not agree on anything else. With `fail_open` the
    groups do without members of whom nothing is known.
    """

    groups: tuple[Group, ...]
    duration: int
    step: int
    before: int = 0
    after: int = 0
    time_zone: str = "UTC"
    extra_busy: Sequence[Interval] = ()
    only_within: Sequence[Interval] | None = None
    levels: frozenset[Level] = BLOCKING
    fail_open: bool = False
    shape: Shape = Shape.SLOTS

    def around(self, lo: int, hi: int) -> Interval:
        """The range whose items the timelines must hold to find meetings in `[lo, hi)`."""
        return lo - self.before, hi + self.after


class Suggestion(NamedTuple):
    """`[start, end)`, and the bit mask of those who are free throughout."""

    start: int
    end: int
    free: int


class _Demands(NamedTuple):
    """What counts beside the hours: the caller's own intervals, what is in calendars, and that they can be read."""

    exclusions: bool = True
    time: bool = True
    knowledge: bool = True


_EVERYTHING = _Demands()
_IN_TURN = {
    Emptiness.OUTSIDE_HOURS: _Demands(exclusions=False, time=False, knowledge=False),
    Emptiness.EXCLUDED: _Demands(time=False, knowledge=False),
    Emptiness.BUSY: _Demands(knowledge=False),
}


class Search:
    """Meetings that lie in `[lo, hi)` as a whole and do not begin before `now`.

    The bit of a member is its place in `members`. None is somebody of whom nothing is known, who is never free. A group
    that `fail_open` leaves nobody in cannot be met.
    """

    def __init__(self, wish: Wish, members: Sequence[Member | None], now: int, window: Interval) -> None:
        self._wish = wish
        self._question = Question(now, wish.duration)
        self._window = window
        self._offers = [None if member is None else _offer(wish, member.hours) for member in members]
        self._timelines = [None if member is None else _counting(member.timeline, wish, window) for member in members]

    def suggestions(self, after: int | None = None) -> Iterator[Suggestion]:
        """In the order of their starts, which all differ; only those that start after `after`."""
        since = self._window[0]
        if after is not None and self._wish.shape is Shape.SLOTS:
            since = max(since, after + 1)
        found = self._found(self._groups(), since, _EVERYTHING)
        return found if after is None else (each for each in found if each.start > after)

    def emptiness(self) -> Emptiness:
        """Why there is no suggestion at all. The answer has a meaning only if there is none."""
        lo, hi = self._window
        if hi - lo < self._wish.duration:
            return Emptiness.TOO_SHORT
        if hi - self._question.now < self._wish.duration:
            return Emptiness.PAST
        for reason, demands in _IN_TURN.items():
            if next(self._found(self._wish.groups, lo, demands), None) is None:
                return reason
        return Emptiness.UNREADABLE

    def _found(self, groups: Sequence[Group], since: int, demands: _Demands) -> Iterator[Suggestion]:
        """Looks at a stretch of time when it is asked for what is in it."""
        enough = _sufficiency(groups)
        for starts in self._ahead(since):
            allowed = self._not_excluded([starts]) if demands.exclusions else [starts]
            free = self._free(allowed, demands)
            if self._wish.shape is Shape.PERIODS:
                yield from _periods(free, self._wish.duration, enough)
            else:
                yield from _slots(grid.candidates(self._grid, allowed), free, self._wish.duration, enough)

    def _ahead(self, since: int) -> Iterator[Interval]:
        """The starts that leave room for the meeting in what is to come of the window, in one stretch or several."""
        first, after = max(since, self._question.now), self._window[1] - self._wish.duration + 1
        step = _STRETCH if self._wish.shape is Shape.SLOTS else max(1, after - first)
        return ((lo, min(lo + step, after)) for lo in range(first, after, step))

    def _not_excluded(self, starts: list[Interval]) -> list[Interval]:
        """Those of the starts that the caller's own intervals leave."""
        wish = self._wish
        lead = wish.duration + wish.after - 1
        starts = subtract(starts, [(a - lead, b + wish.before) for a, b in wish.extra_busy])
        if wish.only_within is None:
            return starts
        fits = [(a, b - wish.duration + 1) for a, b in wish.only_within if b - a >= wish.duration]
        return subtract(starts, complement(fits, EARLIEST, LATEST))

    def _groups(self) -> Sequence[Group]:
        """The groups, without those of whom nothing is known if they do not count."""
        if not self._wish.fail_open:
            return self._wish.groups
        known = sum(1 << place for place, offer in enumerate(self._offers) if offer is not None)
        return [_left(group, known) for group in self._wish.groups]

    def _free(self, allowed: list[Interval], demands: _Demands) -> list[list[Interval]]:
        """At which of the allowed starts each member can begin."""
        unknown = [] if demands.knowledge else allowed
        return [
            unknown
            if offer is None or timeline is None
            else allowed_starts(offer, self._question, (timeline,) if demands.time else (), allowed).intervals
            for offer, timeline in zip(self._offers, self._timelines, strict=True)
        ]

    @cached_property
    def _grid(self) -> Offer:
        """The hours that all known members have in common, else the midnights of the caller's zone."""
        offers = [offer for offer in self._offers if offer is not None]
        if offers and all(offer.week == offers[0].week for offer in offers):
            return offers[0]
        return _offer(self._wish, None)


def _offer(wish: Wish, hours: WorkHours | None) -> Offer:
    """The profile that a member is asked as."""
    hours = hours or _always(wish.time_zone)
    return Offer(
        hours=hours,
        week=compile_week(hours),
        duration=wish.duration,
        step=wish.step,
        before=wish.before,
        after=wish.after,
        notice=0,
        available_for=_NO_HORIZON,
        active=(EARLIEST, LATEST),
    )


def _always(time_zone: str) -> WorkHours:
    return WorkHours(time_zone, dict.fromkeys(range(1, 8), (MinuteRange(0, MINUTES_PER_DAY),)))


def _counting(timeline: Timeline, wish: Wish, window: Interval) -> Timeline:
    """The timeline with the wish's levels, and no others, as what blocks."""
    if wish.levels == BLOCKING:
        return timeline
    indices = chunk_range(*wish.around(*window))
    return Timeline(timeline.source, {i: _counted(timeline.chunks[i], wish.levels) for i in indices})


def _counted(chunk: Chunk, levels: frozenset[Level]) -> Chunk:
    return Chunk(chunk.index, tuple(_blocking(item) for item in chunk.items if item.level in levels))


def _blocking(item: Item) -> Item:
    return item if item.level in BLOCKING else item._replace(level=Level.BUSY)


def _left(group: Group, known: int) -> Group:
    """The group without the members that are not known; nobody is not enough."""
    members = group.members & known
    unknown = (group.members & ~known).bit_count()
    everybody = group.required == group.members.bit_count()
    return Group(members, max(1, group.required - unknown if everybody else group.required))


def _sufficiency(groups: Sequence[Group]) -> Callable[[int], bool]:
    """Whether the members of a mask are enough for every group."""

    @cache
    def enough(free: int) -> bool:
        return all((free & group.members).bit_count() >= group.required for group in groups)

    return enough


def _slots(
    candidates: list[int], free: list[list[Interval]], duration: int, enough: Callable[[int], bool]
) -> Iterator[Suggestion]:
    """The candidates at which enough members can begin."""
    turns = [0] * (len(candidates) + 1)
    for place, starts in enumerate(free):
        at = 0
        for interval in starts:
            for bound in interval:
                at = bisect_left(candidates, bound, at)
                turns[at] ^= 1 << place
    for start, mask in zip(candidates, accumulate(turns, xor), strict=False):
        if enough(mask):
            yield Suggestion(start, start + duration, mask)


def _periods(free: list[list[Interval]], duration: int, enough: Callable[[int], bool]) -> Iterator[Suggestion]:
    """The stretches of at least `duration` with enough members, none of which lies in another.

    `mask` are those who are free from `start` to `ends[at]`. A later start loses nobody, so that the end that enough of
    them reach never goes back.
    """
    stretches = sorted((a, b - 1 + duration, 1 << place) for place, starts in enumerate(free) for a, b in starts)
    leaving = dict[int, int]()
    for _, end, bit in stretches:
        leaving[end] = leaving.get(end, 0) | bit
    ends = sorted(leaving)
    mask = at = 0
    reached = EARLIEST
    for start, opening in groupby(stretches, itemgetter(0)):
        while ends[at] <= start:
            mask &= ~leaving[ends[at]]
            at += 1
        mask |= sum(bit for _, end, bit in opening if end >= ends[at])
        while at + 1 < len(ends) and enough(mask & ~leaving[ends[at]]):
            mask &= ~leaving[ends[at]]
            at += 1
        if ends[at] > reached and ends[at] - start >= duration and enough(mask):
            yield Suggestion(start, ends[at], mask)
            reached = ends[at]
