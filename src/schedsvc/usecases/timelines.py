"""Timelines of calendars, kept between requests under the version of their feed.

A chunk is read from the database when it is first needed and used until the feed's version moves: no message has to
invalidate it, on any process. The version is read before the rows, so a copy can be newer than its label, which the
next look at the version mends, and never older.

A series is worked out over each stretch of missing chunks at once, within a budget that grows with the stretch. One
that takes more work than that counts as busy from its first start to its last end: writes refuse such series, but what
could not be looked at must not count as free, and one strange series must not make the whole calendar unreadable.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schedsvc.domain.events import Event, Level
from schedsvc.domain.feeds import FeedHead, FeedKey, calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import CalendarName
from schedsvc.domain.recurrence.budget import STEPS, Budget
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.series import items
from schedsvc.domain.timeline import Chunk, Item, Timeline, chunk_extent, chunk_range, fill
from schedsvc.repositories.base import Read

CAPACITY_ITEMS = 500_000


@dataclass(slots=True)
class _Kept:
    label: tuple[int, int]
    chunks: dict[int, Chunk] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return sum(1 + len(chunk.items) for chunk in self.chunks.values())


class Timelines:
    """The least recently used calendars are dropped when more than `capacity` items are kept."""

    def __init__(self, capacity: int = CAPACITY_ITEMS) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, FeedKey], _Kept] = OrderedDict()

    async def load(
        self, tx: Read, heads: Mapping[FeedKey, FeedHead], calendars: Collection[CalendarName], window: Interval
    ) -> list[Timeline]:
        """The calendars' timelines over at least `window`, as of `heads`, which were read before this call.

        A calendar without a head is left out.
        """
        feeds = {calendar: calendar_feed(calendar) for calendar in calendars}
        return [
            await self._timeline(tx, calendar, heads[feed], window) for calendar, feed in feeds.items() if feed in heads
        ]

    async def _timeline(self, tx: Read, calendar: CalendarName, head: FeedHead, window: Interval) -> Timeline:
        key, label = (tx.tenant, head.key), (head.epoch, head.version)
        kept = self._kept.get(key)
        chunks = dict(kept.chunks) if kept is not None and kept.label == label else {}
        missing = [index for index in chunk_range(*window) if index not in chunks]
        if missing:
            chunks.update(await _read(tx, calendar, missing))
            self._keep(key, _Kept(label, chunks))
        elif kept is not None:
            self._kept.move_to_end(key)
        return Timeline(calendar, chunks)

    def _keep(self, key: tuple[str, FeedKey], kept: _Kept) -> None:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        total = sum(other.weight for other in self._kept.values())
        while total > self._capacity and len(self._kept) > 1:
            total -= self._kept.popitem(last=False)[1].weight


async def _read(tx: Read, calendar: CalendarName, indices: Sequence[int]) -> dict[int, Chunk]:
    found = await tx.events.occupying(calendar, _extent(indices))
    chunks: dict[int, Chunk] = {}
    for stretch in _stretches(indices) if found.series else [indices]:
        recurring = (item for series in found.series for item in _worked_out(series, stretch))
        chunks |= fill(stretch, [*found.items, *recurring])
    return chunks


def _extent(indices: Sequence[int]) -> Interval:
    return chunk_extent(indices[0])[0], chunk_extent(indices[-1])[1]


def _stretches(indices: Sequence[int]) -> Iterator[range]:
    """Rising indices as ranges without a hole."""
    start = 0
    for place, index in enumerate(indices, 1):
        if place == len(indices) or indices[place] != index + 1:
            yield range(indices[start], index + 1)
            start = place


def _worked_out(series: Event, stretch: Sequence[int]) -> Iterable[Item]:
    lo, hi = _extent(stretch)
    try:
        return list(items(series, (lo, hi), Budget(STEPS * len(stretch))))
    except WorkBudgetExceeded:
        start, end = max(lo, series.extent[0]), min(hi, series.extent[1])
        return [Item(series.name.calendar, series.name.event, start, end, start, end, Level.BUSY)]
