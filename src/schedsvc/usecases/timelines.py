"""Timelines of calendars, kept between requests under the version of their feed.

A chunk is read from the database when it is first needed and used until the feed's version moves: no message has to
invalidate it, on any process. The version is read before the rows, so a copy can be newer than its label, which the
next look at the version mends, and never older.

How much is looked at has bounds: the items of a chunk, those of a question, and the work on one series in one chunk. A
calendar beyond them cannot be read there, because what was not looked at must not count as free. No bound depends on
what is kept, so that listing and booking agree. Reading gives way to other work every few milliseconds.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from schedsvc.domain.errors import CalendarTooDense
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedHead, FeedKey, calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import CHUNK_ITEMS, QUESTION_ITEMS
from schedsvc.domain.names import CalendarName
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.series import itemized
from schedsvc.domain.timeline import Chunk, Filing, Item, Timeline, chunk_extent, chunk_range
from schedsvc.repositories.base import Read
from schedsvc.repositories.pacing import PIECE, Pace

CAPACITY_ITEMS = 500_000
_PER_SERIES = 20
"""What preparing a series costs, in the units of a pace."""
_MANY = 2000
_Key = tuple[str, FeedKey]


@dataclass(slots=True)
class _Kept:
    """`dense` are the chunks that hold too much."""

    label: tuple[int, int]
    chunks: dict[int, Chunk] = field(default_factory=dict)
    dense: set[int] = field(default_factory=set)

    @property
    def weight(self) -> int:
        return len(self.dense) + sum(1 + chunk.weight for chunk in self.chunks.values())


class _TooMuch(Exception):
    """A chunk, or if None the whole question, is beyond a bound."""

    def __init__(self, chunk: int | None = None) -> None:
        super().__init__(chunk)
        self.chunk = chunk


class Timelines:
    """The least recently used calendars are dropped when more than `capacity` items are kept."""

    def __init__(self, capacity: int = CAPACITY_ITEMS) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._weights: dict[_Key, int] = {}
        self._total = 0

    @property
    def weight(self) -> int:
        """How much is kept, in items."""
        return self._total

    async def load(
        self, tx: Read, heads: Mapping[FeedKey, FeedHead], calendars: Collection[CalendarName], window: Interval
    ) -> list[Timeline]:
        """The calendars' timelines over at least `window`, as of `heads`, which were read before this call.

        A calendar without a head is left out. Raises CalendarTooDense.
        """
        found = await self.load_each(tx, heads, calendars, window)
        for each in found.values():
            if isinstance(each, CalendarTooDense):
                raise each
        return [each for each in found.values() if isinstance(each, Timeline)]

    async def load_each(
        self, tx: Read, heads: Mapping[FeedKey, FeedHead], calendars: Iterable[CalendarName], window: Interval
    ) -> dict[CalendarName, Timeline | CalendarTooDense]:
        """The same, where a calendar that holds too much does not keep the others from being read."""
        found: dict[CalendarName, Timeline | CalendarTooDense] = {}
        room = QUESTION_ITEMS
        for calendar in calendars:
            head = heads.get(calendar_feed(calendar))
            if head is None:
                continue
            try:
                chunks = await self._chunks(tx, calendar, head, chunk_range(*window), room)
            except _TooMuch:
                found[calendar] = _dense(calendar)
            else:
                room -= sum(chunk.weight for chunk in chunks.values())
                found[calendar] = Timeline(calendar, chunks)
        return found

    async def _chunks(
        self, tx: Read, calendar: CalendarName, head: FeedHead, indices: range, room: int
    ) -> dict[int, Chunk]:
        """Exactly those chunks. Raises _TooMuch."""
        key, label = (tx.tenant, head.key), (head.epoch, head.version)
        kept = self._kept.get(key)
        if kept is None or kept.label != label:
            kept = _Kept(label)
        found = {index: kept.chunks[index] for index in indices if index in kept.chunks}
        room -= sum(chunk.weight for chunk in found.values())
        if room < 0 or not kept.dense.isdisjoint(indices):
            raise _TooMuch
        missing = [index for index in indices if index not in found]
        if missing:
            try:
                found |= await _read(tx, calendar, missing, room)
            except _TooMuch as much:
                if much.chunk is not None:
                    self._keep(key, _Kept(label, found, {much.chunk}))
                raise
            self._keep(key, _Kept(label, found))
        elif key in self._kept:
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: _Key, used: _Kept) -> None:
        """Beside what is kept of the calendar, or if that would be too much, in its place."""
        kept, other = used, self._kept.get(key)
        if other is not None and other.label == used.label:
            kept = _Kept(used.label, other.chunks | used.chunks, other.dense | used.dense)
        if kept.weight > self._capacity:
            kept = used
        self._total += kept.weight - self._weights.get(key, 0)
        self._kept[key], self._weights[key] = kept, kept.weight
        self._kept.move_to_end(key)
        while self._total > self._capacity:
            oldest, _ = self._kept.popitem(last=False)
            self._total -= self._weights.pop(oldest)


def _dense(calendar: CalendarName) -> CalendarTooDense:
    text = (
        f"holds more than {CHUNK_ITEMS:,} events and instances in 32 days, or more than {QUESTION_ITEMS:,} are asked "
        "for at once: ask for less time or fewer calendars, or delete series that recur often"
    )
    return CalendarTooDense(f"{calendar} {text}", calendar=str(calendar))


async def _read(tx: Read, calendar: CalendarName, indices: Sequence[int], room: int) -> dict[int, Chunk]:
    """The chunks, which rise. Raises _TooMuch if one of them holds too much, or all together more than `room`."""
    lo, hi = chunk_extent(indices[0])[0], chunk_extent(indices[-1])[1]
    # Where one row more is found, some chunk of the window holds too much, or the window does.
    limit = min(len(chunk_range(lo, hi)) * CHUNK_ITEMS, QUESTION_ITEMS) + 1
    found = await tx.events.occupying(calendar, (lo, hi), limit)
    filed = _Filed(indices, room)
    await filed.add(found.items)
    for series in found.series:
        await filed.expand(series)
    if len(found.items) + len(found.series) >= limit:
        raise _TooMuch
    return {index: await filed.chunk(index) for index in indices}


class _Filed:
    """A filing that takes its time and knows its bounds. Every method raises _TooMuch beyond them."""

    def __init__(self, indices: Sequence[int], room: int) -> None:
        self._indices = indices
        self._room = room
        self._filing = Filing(indices)
        self._pace = Pace()

    async def add(self, items: Sequence[Item]) -> None:
        for at in range(0, len(items), PIECE):
            self._filing.add(items[at : at + PIECE])
            for index in self._indices:
                self._require_room(index)
            await self._pace(min(PIECE, len(items)))

    async def expand(self, series: Event) -> None:
        """Files what the series takes in each chunk, within a budget for each."""
        items_in = itemized(series)
        await self._pace(_PER_SERIES)
        reached = chunk_range(series.extent[0], series.extent[1] + 1)
        for index in self._indices:
            if index not in reached:
                continue
            self._filing.add_series(index)
            found = items_in(chunk_extent(index), Budget())
            while piece := _piece(found, index):
                self._filing.add_to(index, piece)
                self._require_room(index)
                await self._pace(len(piece))
            self._require_room(index)

    async def chunk(self, index: int) -> Chunk:
        """What is derived from many items is made at once, and in a thread: it would keep the others waiting later."""
        chunk = self._filing.chunk(index)
        if len(chunk.items) > _MANY:
            await asyncio.to_thread(chunk.derive)
        return chunk

    def _require_room(self, index: int) -> None:
        if self._filing.weight_of(index) > CHUNK_ITEMS:
            raise _TooMuch(index)
        if self._filing.weight > self._room:
            raise _TooMuch


def _piece(found: Iterable[Item], index: int) -> list[Item]:
    try:
        return list(islice(found, PIECE))
    except WorkBudgetExceeded:
        raise _TooMuch(index) from None
