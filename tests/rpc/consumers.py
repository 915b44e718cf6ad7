"""A consumer that keeps a copy, as the contract tells it to, and notices what the contract forbids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.duration_pb2 import Duration
from grpc import aio

from schedsvc.v1.bookings_pb2 import ListBookingsRequest
from schedsvc.v1.calendars_pb2 import ListCalendarsRequest
from schedsvc.v1.changes_pb2 import (
    CHANGE_KIND_DELETED,
    CHANGE_KIND_LEFT,
    Change,
    FeedChanges,
    ListChangesRequest,
    ListDeletedRequest,
    ListUpdatedRequest,
    StartSyncRequest,
    StartSyncResponse,
    StreamChangesRequest,
    StreamChangesResponse,
    Tombstone,
)
from schedsvc.v1.events_pb2 import ListEventsRequest
from tests.rpc.callers import Caller
from tests.rpc.requests import bound

PATIENCE = 10
"""Seconds until a test gives up waiting for something that must happen."""

Window = tuple[int, int] | None
Records = Mapping[str, int]
"""Revisions by resource name."""
TOMBSTONES = (CHANGE_KIND_DELETED, CHANGE_KIND_LEFT)


def name_of(change: Change) -> str:
    kind = change.WhichOneof("record")
    assert kind is not None
    return str(getattr(change, kind).name)


@dataclass(slots=True)
class Copy:
    """What a consumer holds, and how far each name has been told, tombstones included."""

    held: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    def take(self, feeds: Iterable[FeedChanges]) -> None:
        for feed in feeds:
            for change in feed.changes:
                self._take(feed.feed, change)

    def drop_all_but(self, seen: Iterable[str]) -> None:
        """The end of a full load: what it did not bring is gone."""
        self.held = {name: self.held[name] for name in seen if name in self.held}

    def _take(self, feed: str, change: Change) -> None:
        """Of two answers about a record the one with the higher revision is kept."""
        name = name_of(change)
        assert name.startswith(feed)
        assert (change.kind in TOMBSTONES) == change.HasField("tombstone")
        if change.revision < self.told.get(name, 0):
            return
        self.told[name] = change.revision
        if change.tombstone.reason == Tombstone.REASON_CALENDAR_DELETED:
            for held in [held for held in self.held if held.startswith(f"{name}/")]:
                del self.held[held]
        elif change.HasField("tombstone"):
            self.held.pop(name, None)
        else:
            self.held[name] = change.revision


@dataclass(slots=True)
class Walk:
    """One walk, all its pages."""

    feeds: list[FeedChanges] = field(default_factory=list)
    token: str = ""
    pages: int = 0
    generations: set[str] = field(default_factory=set)
    complete: bool = False

    @property
    def changes(self) -> list[Change]:
        return [change for feed in self.feeds for change in feed.changes]

    @property
    def names(self) -> list[str]:
        return [name_of(change) for change in self.changes]


Between = Callable[[], Awaitable[None]]


async def walk(caller: Caller, token: str, *, size: int = 0, method: str = "", between: Between | None = None) -> Walk:
    """A whole walk of ListChanges, or of ListUpdated or ListDeleted; `between` runs after every page but the last.

    Asserts what every walk promises: pages not longer than asked for, one generation on all pages, tokens of the
    delta on the last one only, each record once, and the order of each feed.
    """
    done = Walk(token=token)
    kinds: Any = {"": ListChangesRequest, "updated": ListUpdatedRequest, "deleted": ListDeletedRequest}
    call: Any = {"": caller.sync.ListChanges, "updated": caller.sync.ListUpdated, "deleted": caller.sync.ListDeleted}
    while True:
        page = await call[method](kinds[method](token=done.token, page_size=size))
        done.pages += 1
        _check(page, size)
        done.feeds += page.feeds
        done.generations.add(getattr(page, "generation", ""))
        done.token = page.next_page_token or page.next_delta_token
        if page.next_delta_token:
            done.complete = getattr(page, "complete", False)
            break
        if between is not None:
            await between()
    _check_walk(done)
    return done


def _check(page: Any, size: int) -> None:
    assert bool(page.next_page_token) != bool(page.next_delta_token)
    assert sum(len(feed.changes) for feed in page.feeds) <= (size or 250)
    assert not getattr(page, "complete", False) or page.next_delta_token
    assert len(page.next_page_token or page.next_delta_token) <= 4096


def _check_walk(done: Walk) -> None:
    assert len(done.generations) == 1
    assert len(set(done.names)) == len(done.names), "a record came twice in one walk"
    places: dict[str, list[tuple[int, int]]] = {}
    for feed in done.feeds:
        places.setdefault(feed.feed, []).extend((change.revision, change.index) for change in feed.changes)
    for found in places.values():
        assert found == sorted(found), "a feed came out of order"


def inside(start: int, end: int, window: Window) -> bool:
    """Whether a record overlaps the window; one without length if it starts in it."""
    if window is None:
        return True
    return window[0] <= start < window[1] if start == end else start < window[1] and end > window[0]


async def truth(caller: Caller, targets: Iterable[str], window: Window = None) -> dict[str, int]:
    """What the database holds of calendars and profiles, by asking for all of it; deleted calendars hold nothing."""
    live = {calendar.name for calendar in (await _calendars(caller))}
    found: dict[str, int] = {}
    for target in targets:
        if "/calendars/" in target:
            records: Any = await _events(caller, target) if target in live else []
        else:
            records = (await caller.booking.ListBookings(ListBookingsRequest(parent=target, page_size=500))).bookings
        for record in records:
            times = (
                (record.start, record.end)
                if "/bookings/" in record.name
                else (record.start.resolved, record.end.resolved)
            )
            if inside(times[0].seconds, times[1].seconds, window):
                found[record.name] = record.revision
    return found


async def start_sync(
    caller: Caller, *targets: str, window: tuple[int, int] | None = None, skip_initial: bool = False
) -> StartSyncResponse:
    """The tokens to begin with; the window in seconds from Monday's midnight."""
    request = StartSyncRequest(targets=targets, skip_initial=skip_initial)
    if window is not None:
        request.time_min.CopyFrom(bound(window[0]))
        request.time_max.CopyFrom(bound(window[1]))
    return await caller.sync.StartSync(request)


async def change_token(caller: Caller, *targets: str, skip: bool = True, window: tuple[int, int] | None = None) -> str:
    """Where to begin, with the next change unless `skip` is off."""
    return (await start_sync(caller, *targets, window=window, skip_initial=skip)).change_token


async def _calendars(caller: Caller) -> Any:
    return (await caller.calendar.ListCalendars(ListCalendarsRequest(parent="accounts/-", page_size=500))).calendars


async def _events(caller: Caller, calendar: str) -> Any:
    return (await caller.calendar.ListEvents(ListEventsRequest(parent=calendar, page_size=1000))).events


@dataclass(slots=True)
class Following:
    """A consumer of streams: its copy, the last token of each feed, and every change it was sent, in order."""

    copy: Copy = field(default_factory=Copy)
    tokens: dict[str, str] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    loading: dict[str, set[str]] = field(default_factory=dict)
    bookmarks: int = 0

    def take(self, message: StreamChangesResponse) -> None:
        """Stores a message; asserts what the stream promises (order, no hole, whole revisions, nothing twice)."""
        if message.HasField("bookmark"):
            self.bookmarks += 1
            self.tokens |= {quiet.feed: quiet.resume_token for quiet in message.bookmark.feeds}
            return
        assert message.HasField("batch"), message
        feed = message.batch.changes.feed
        self._check(feed, message)
        self.changes.setdefault(feed, []).extend(message.batch.changes.changes)
        self.copy.take([message.batch.changes])
        self.tokens[feed] = message.batch.resume_token
        if message.batch.generation:
            seen = self.loading.setdefault(feed, set())
            seen |= {name_of(change) for change in message.batch.changes.changes}
        if message.batch.complete:
            others = {name for name in self.copy.held if not name.startswith(f"{feed}/")}
            self.copy.drop_all_but(self.loading.pop(feed) | others)

    def places(self, feed: str) -> list[tuple[int, int]]:
        return [(change.revision, change.index) for change in self.changes.get(feed, [])]

    def _check(self, feed: str, message: StreamChangesResponse) -> None:
        places = [(change.revision, change.index) for change in message.batch.changes.changes]
        assert places == sorted(set(places))
        before = self.places(feed)
        assert not before or not places or before[-1] < places[0], "something came again"


@asynccontextmanager
async def streaming(caller: Caller, tokens: Iterable[str], **options: Any) -> AsyncIterator[Any]:
    """An open stream; it is cancelled at the end of the block, as by a client that dies."""
    request = StreamChangesRequest(tokens=list(tokens), heartbeat=Duration(seconds=60))
    call = caller.sync.StreamChanges(request, **options)
    try:
        yield call
    finally:
        call.cancel()


async def next_message(call: Any) -> StreamChangesResponse:
    """The next message; the end of the stream raises its error."""
    message = await call.read()
    assert message is not aio.EOF
    return message  # type: ignore[no-any-return]


async def receive(call: Any, following: Following, places: int) -> None:
    """Reads until so many changes have come in all."""
    async with asyncio.timeout(PATIENCE):
        while sum(map(len, following.changes.values())) < places:
            following.take(await next_message(call))
