"""What occupies a calendar, filed in blocks of time.

A calendar of a million events is never loaded as a whole: its items are kept in chunks of 32
days, and a timeline is the view over the chunks that a question needs. Chunks never change, so
they can be shared and cached by version.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from schedsvc.domain.events import Level
from schedsvc.domain.freebusy import Period, busy_periods, cut, strung
from schedsvc.domain.intervals import Interval, clip, merge, overlapping
from schedsvc.domain.names import BookingName, CalendarName

CHUNK_SECONDS = 32 * 86_400


class Item(NamedTuple):
    """One event as availability sees it: instants, half-open.

    `[start, end)` is the bare extent; `[occupied_start, occupied_end)` contains it and is wider
    for a booking with buffers. An item of length zero blocks nothing.
    """

    source: CalendarName
    event: str
    start: int
    end: int
    occupied_start: int
    occupied_end: int
    level: Level
    booking: BookingName | None = None


class Aspect(Enum):
    """What of the items is asked for: which levels, and the bare or the occupied extent."""

    BUSY = "tentative and busy, bare"
    AWAY = "out of office, bare"
    BARE = "all that blocks, bare"
    OCCUPIED = "all that blocks, with buffers"


_ORDER = attrgetter("occupied_start", "start", "end", "event")
_BLOCKING = frozenset({Level.TENTATIVE, Level.BUSY, Level.OUT_OF_OFFICE})
_LEVELS = {
    Aspect.BUSY: _BLOCKING - {Level.OUT_OF_OFFICE},
    Aspect.AWAY: frozenset({Level.OUT_OF_OFFICE}),
    Aspect.BARE: _BLOCKING,
    Aspect.OCCUPIED: _BLOCKING,
}


def chunk_index(instant: int) -> int:
    """The index of the chunk that an instant falls into; negative before 1970."""
    return instant // CHUNK_SECONDS


def chunk_extent(index: int) -> Interval:
    """The instants of a chunk."""
    return index * CHUNK_SECONDS, (index + 1) * CHUNK_SECONDS


def chunk_range(lo: int, hi: int) -> range:
    """The indices of all chunks that `[lo, hi)` touches."""
    return range(chunk_index(lo), chunk_index(hi - 1) + 1) if lo < hi else range(0)


@dataclass(frozen=True, eq=False)
class Chunk:
    """The items whose occupied extent touches one chunk, sorted by `occupied_start`.

    Built by `Filing`. The arrays derived from the items are made when first asked for.
    `series` is how many series had to be looked at for them.
    """

    index: int
    items: tuple[Item, ...]
    series: int = 0

    @property
    def weight(self) -> int:
        """What it took to fill the chunk, in items."""
        return len(self.items) + self.series

    @cached_property
    def starts(self) -> list[int]:
        return [item.occupied_start for item in self.items]

    @cached_property
    def reach(self) -> list[int]:
        """For each item the latest occupied end up to it: what bisecting by end needs."""
        return list(accumulate((item.occupied_end for item in self.items), max))

    @cached_property
    def padded(self) -> bool:
        """Whether any item has buffers."""
        return any((i.start, i.end) != (i.occupied_start, i.occupied_end) for i in self.items)

    @cached_property
    def periods(self) -> list[Period]:
        """How strongly each moment of the chunk is taken."""
        return busy_periods(self.items, *chunk_extent(self.index))

    @cached_property
    def _merged(self) -> dict[Aspect, list[Interval]]:
        return {}

    def derive(self) -> None:
        """Makes all that is derived from the items, so that nobody waits for it later."""
        _ = self.starts, self.reach, self.padded, self.periods
        for aspect in Aspect:
            self.merged(aspect)

    def overlapping(self, lo: int, hi: int) -> list[Item]:
        """The items whose occupied extent overlaps `[lo, hi)`."""
        first, last = bisect_right(self.reach, lo), bisect_left(self.starts, hi)
        return [item for item in self.items[first:last] if item.occupied_end > lo]

    def merged(self, aspect: Aspect) -> list[Interval]:
        """The aspect's merged intervals, cut at the borders of the chunk."""
        found = self._merged.get(aspect)
        if found is None:
            found = self._merged[aspect] = self._merge(aspect)
        return found

    def _merge(self, aspect: Aspect) -> list[Interval]:
        """Out of the periods, which are fewer than the items, unless these tell more."""
        padded = aspect is Aspect.OCCUPIED and self.padded
        if padded or (aspect is Aspect.BUSY and self.merged(Aspect.AWAY)):
            return clip(merge(extents(self.items, aspect)), *chunk_extent(self.index))
        levels = _LEVELS[aspect]
        return merge((period.start, period.end) for period in self.periods if period.level in levels)


class Filing:
    """Items on their way into the chunks of some indices."""

    def __init__(self, indices: Iterable[int]) -> None:
        self._filed: dict[int, list[Item]] = {index: [] for index in indices}
        self._series = dict.fromkeys(self._filed, 0)
        self._lo = min(self._filed, default=0) * CHUNK_SECONDS
        self._hi = (max(self._filed, default=-1) + 1) * CHUNK_SECONDS

    @property
    def weight(self) -> int:
        """Of all chunks; what lies in several counts in each."""
        return sum(map(self.weight_of, self._filed))

    def weight_of(self, index: int) -> int:
        """What `Chunk.weight` will be."""
        return len(self._filed[index]) + self._series[index]

    def add(self, items: Iterable[Item]) -> None:
        """Files items wherever they belong; what touches none of the chunks is left out."""
        for item in items:
            for index in chunk_range(max(item.occupied_start, self._lo), min(item.occupied_end, self._hi)):
                if index in self._filed:
                    self._filed[index].append(item)

    def add_series(self, index: int) -> None:
        """Counts a series whose items in the chunk are going to be filed with `add_to`."""
        self._series[index] += 1

    def add_to(self, index: int, items: Iterable[Item]) -> None:
        """Files items that touch the chunk, there and nowhere else."""
        self._filed[index] += items

    def chunk(self, index: int) -> Chunk:
        """The chunk of all that was filed in it, which is then forgotten here."""
        found = self._filed.pop(index)
        found.sort(key=_ORDER)
        return Chunk(index, tuple(found), self._series[index])


def extents(items: Iterable[Item], aspect: Aspect) -> Iterator[Interval]:
    """The extents that the items add to an aspect, in the order of the items."""
    levels = _LEVELS[aspect]
    for item in items:
        if item.start < item.end and item.level in levels:
            if aspect is Aspect.OCCUPIED:
                yield item.occupied_start, item.occupied_end
            else:
                yield item.start, item.end


@dataclass(frozen=True, slots=True)
class Timeline:
    """One calendar's chunks by index.

    Asking outside of them raises KeyError: nothing unread counts as free.
    """

    source: CalendarName
    chunks: Mapping[int, Chunk]

    def items(self, lo: int, hi: int) -> list[Item]:
        """Every item whose occupied extent overlaps `[lo, hi)`, each once, by `occupied_start`."""
        out: list[Item] = []
        for index in chunk_range(lo, hi):
            found = self.chunks[index].overlapping(lo, hi)
            border = index * CHUNK_SECONDS
            # What began before this chunk was met in the chunk before, if that was asked.
            out += found if border <= lo else (i for i in found if i.occupied_start >= border)
        return out

    def periods(self, lo: int, hi: int) -> list[Period]:
        """How strongly each moment of `[lo, hi)` is taken: `busy_periods` of the items, out of those of the chunks."""
        return strung(cut(self.chunks[index].periods, lo, hi) for index in chunk_range(lo, hi))

    def padded(self, lo: int, hi: int) -> bool:
        """Whether an item near `[lo, hi)` has buffers; False is certain for all within."""
        return any(self.chunks[index].padded for index in chunk_range(lo, hi))

    def taken(self, aspect: Aspect, lo: int, hi: int, besides: BookingName | None = None) -> list[Interval]:
        """The ordered intervals of an aspect that overlap `[lo, hi)`, without one booking's items.

        They may reach beyond the window and may touch each other.
        """
        if besides is not None:
            others = (item for item in self.items(lo, hi) if item.booking != besides)
            return list(overlapping(merge(extents(others, aspect)), lo, hi))
        out: list[Interval] = []
        for index in chunk_range(lo, hi):
            out += overlapping(self.chunks[index].merged(aspect), lo, hi)
        return out
