"""Events in the table `events`; every write also appends to the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.changes import Change, ChangeKind, Place, TombstoneReason
from schedsvc.domain.events import Event, Level
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.time import AllDay
from schedsvc.domain.timeline import Item
from schedsvc.repositories.base import EventFilter, Page
from schedsvc.repositories.sql.bodies import escaped
from schedsvc.repositories.sql.event_bodies import (
    dump_booking_name,
    dump_event,
    load_booking_name,
    load_event,
)
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.spans import classes, span_of
from schedsvc.repositories.sql.tables import events, of_tenant
from schedsvc.repositories.sql.windows import after_place, beyond, overlaps

_COLUMNS = (
    events.c.event_id,
    events.c.start_s,
    events.c.revision,
    events.c.idx,
    events.c.born,
    events.c.body,
)
_FEED = events.c.feed_id == sa.bindparam("feed_id")
_ALL = sa.select(*_COLUMNS).where(of_tenant(events), _FEED)
_GET = _ALL.where(events.c.event_id == sa.bindparam("event_id"))
# A constant, not a parameter: only so does it match the partial index.
_ALL_DAY = _ALL.where(events.c.all_day == sa.literal_column("1")).order_by(events.c.event_id)
# The order keeps planners from reading the table until they meet the calendar.
_EXIST = sa.select(events.c.event_id).where(of_tenant(events), _FEED).order_by(events.c.event_id).limit(1)
_SORT_KEY = (events.c.start_s, events.c.event_id)
_SEPARATOR = "\x1f"
# Drivers bound the number of parameters of a statement.
_CHUNK = 1024


def _items_statement() -> sa.CompoundSelect[Any]:
    """One index range for each class of length."""
    lo: sa.ColumnElement[int] = sa.bindparam("lo", type_=events.c.start_s.type)
    hi: sa.ColumnElement[int] = sa.bindparam("hi", type_=events.c.start_s.type)
    wanted = sa.select(
        events.c.event_id,
        events.c.start_s,
        events.c.end_s,
        events.c.occupied_start_s,
        events.c.occupied_end_s,
        events.c.level,
        events.c.booking,
    ).where(
        of_tenant(events),
        _FEED,
        events.c.occupied_start_s < hi,
        events.c.occupied_end_s > lo,
        events.c.end_s > events.c.start_s,
        events.c.level > sa.literal_column("0"),
    )
    parts = [
        wanted.where(events.c.span == sa.literal_column(str(span)), *_reach(lo, hi, length))
        for span, length in classes()
    ]
    # The order is the index's own: without it, a planner that knows no statistics takes any index.
    return sa.union_all(*(sa.select(part.order_by(*_SORT_KEY).subquery()) for part in parts))


def _reach(lo: Any, hi: Any, length: int | None) -> list[sa.ColumnElement[bool]]:
    """Where what is at most `length` long and overlaps `[lo, hi)` can start."""
    if length is None:
        return []
    width = sa.literal_column(str(length), type_=events.c.start_s.type)
    return [events.c.start_s > lo - width, events.c.start_s < hi + width]


_ITEMS = _items_statement()


class SqlEvents:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, name: EventName) -> Event | None:
        feed_id = calendar_feed(name.calendar).id
        row = await self._session.first(_GET, feed_id=feed_id, event_id=name.event)
        return None if row is None else _event(name.calendar, row)

    async def by_uids(self, calendar: CalendarName, uids: Collection[str]) -> Sequence[Event]:
        found: list[Event] = []
        wanted = [escaped(uid) for uid in uids]
        for at in range(0, len(wanted), _CHUNK):
            chunk = padded(wanted[at : at + _CHUNK])
            found += await self._events(calendar, _ALL.where(events.c.uid.in_(chunk)))
        return found

    async def list(self, calendar: CalendarName, wanted: EventFilter, page: Page) -> Sequence[Event]:
        matching = _ALL
        if wanted.window is not None:
            matching = matching.where(overlaps(events, wanted.window))
        if wanted.query:
            matching = matching.where(events.c.search.contains(fold(wanted.query), autoescape=True))
        if not wanted.uids:
            return await self._events(calendar, _by_start(matching, wanted.window, page))
        uids = padded([escaped(uid) for uid in wanted.uids])
        matching = matching.where(events.c.uid.in_(uids))
        if page.after is not None:
            matching = matching.where(beyond(_SORT_KEY, page.after))
        return await self._events(calendar, matching.order_by(*_SORT_KEY).limit(page.size))

    async def all_day(self, calendar: CalendarName) -> Sequence[Event]:
        return await self._events(calendar, _ALL_DAY)

    async def exist(self, calendar: CalendarName) -> bool:
        feed_id = calendar_feed(calendar).id
        return await self._session.first(_EXIST, feed_id=feed_id) is not None

    async def items(self, calendar: CalendarName, window: Interval) -> Sequence[Item]:
        lo, hi = window
        feed_id = calendar_feed(calendar).id
        rows = await self._session.all(_ITEMS, feed_id=feed_id, lo=lo, hi=hi)
        return [_item(calendar, row) for row in rows]

    async def live(
        self, calendar: CalendarName, window: Interval | None, after: Place, mark: int, limit: int
    ) -> Sequence[Event]:
        statement = _ALL.where(after_place(events, after, mark))
        if window is not None:
            statement = statement.where(overlaps(events, window))
        statement = statement.order_by(events.c.revision, events.c.idx).limit(limit)
        return await self._events(calendar, statement)

    async def _events(self, calendar: CalendarName, statement: sa.Executable) -> Sequence[Event]:
        rows = await self._session.all(statement, feed_id=calendar_feed(calendar).id)
        return [_event(calendar, row) for row in rows]


class SqlEventWrites(SqlEvents):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def create(self, draft: Event) -> Event:
        place, now = self._ledger.next_place(calendar_feed(draft.name.calendar)), self._ledger.now
        event = replace(
            draft,
            revision=place.revision,
            index=place.index,
            born=place.revision,
            create_time=now,
            update_time=now,
        )
        self._write(Act.INSERT, event, None)
        return event

    def update(self, event: Event, before: Event) -> Event:
        place = self._ledger.next_place(calendar_feed(event.name.calendar))
        event = replace(
            event,
            revision=place.revision,
            index=place.index,
            born=before.born,
            create_time=before.create_time,
            update_time=self._ledger.now,
        )
        self._write(Act.UPDATE, event, before.extent)
        return event

    def delete(self, event: Event) -> Place:
        feed = calendar_feed(event.name.calendar)
        place = self._ledger.next_place(feed)
        row = {"feed_id": feed.id, "event_id": event.name.event}
        self._ledger.rows.put(events, Act.DELETE, row)
        tombstone = Change(
            feed=feed,
            place=place,
            kind=ChangeKind.DELETED,
            reason=TombstoneReason.DELETED,
            resource_id=event.name.event,
            uid=event.uid,
            extent=None,
            previous=event.extent,
            born=event.born,
            time=self._ledger.now,
            record=None,
        )
        self._ledger.publish(tombstone, None)
        return place

    def _write(self, act: Act, event: Event, previous: Interval | None) -> None:
        body = dump_event(event)
        self._ledger.rows.put(events, act, _row(event, body))
        change = Change(
            feed=calendar_feed(event.name.calendar),
            place=Place(event.revision, event.index),
            kind=ChangeKind.CREATED if act is Act.INSERT else ChangeKind.UPDATED,
            reason=None,
            resource_id=event.name.event,
            uid=event.uid,
            extent=event.extent,
            previous=previous,
            born=event.born,
            time=event.update_time,
            record=event,
        )
        self._ledger.publish(change, body)


def fold(text: str) -> str:
    """Text as a query compares it: without case, and without NUL, which no column takes."""
    return text.casefold().replace("\x00", "")


def _by_start(matching: sa.Select[Any], window: Interval | None, page: Page) -> sa.CompoundSelect[Any]:
    """The first by start: each class gives its own first, in the order of the index."""
    parts = []
    for span, length in classes():
        earliest = None if window is None or length is None else window[0] - length
        part = matching.where(events.c.span == sa.literal_column(str(span)), *_lower_bound(earliest, page.after))
        parts.append(sa.select(part.order_by(*_SORT_KEY).limit(page.size).subquery()))
    both: sa.CompoundSelect[Any] = sa.union_all(*parts)
    return both.order_by("start_s", "event_id").limit(page.size)


def _lower_bound(earliest: int | None, after: tuple[str | int, ...] | None) -> list[sa.ColumnElement[bool]]:
    """Of two lower bounds the later: with both, an index would be entered at the wrong one."""
    if after is not None and (earliest is None or int(after[0]) > earliest):
        return [beyond(_SORT_KEY, after)]
    return [] if earliest is None else [events.c.start_s > earliest]


def _row(event: Event, body: str) -> dict[str, Any]:
    return {
        "feed_id": calendar_feed(event.name.calendar).id,
        "event_id": event.name.event,
        "uid": escaped(event.uid),
        "span": span_of(event.occupied),
        "start_s": event.extent[0],
        "end_s": event.extent[1],
        "occupied_start_s": event.occupied[0],
        "occupied_end_s": event.occupied[1],
        "level": int(event.level),
        "all_day": int(isinstance(event.start, AllDay)),
        "booking": dump_booking_name(event.booking),
        "revision": event.revision,
        "idx": event.index,
        "born": event.born,
        "search": fold(_SEPARATOR.join((event.subject, event.description, event.location))),
        "body": body,
    }


def _event(calendar: CalendarName, row: sa.Row[Any]) -> Event:
    name = EventName(calendar, row.event_id)
    return load_event(name, Place(row.revision, row.idx), row.born, row.body)


def _item(calendar: CalendarName, row: sa.Row[Any]) -> Item:
    return Item(
        source=calendar,
        event=row.event_id,
        start=row.start_s,
        end=row.end_s,
        occupied_start=row.occupied_start_s,
        occupied_end=row.occupied_end_s,
        level=Level(row.level),
        booking=load_booking_name(row.booking),
    )
