"""Events in the table `events`; every write also appends to the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.changes import Change, ChangeCause, ChangeKind, Place, TombstoneReason
from schedsvc.domain.events import Event, Override
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import QUESTION_ITEMS
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.time import AllDay
from schedsvc.repositories.base import EventFilter, EventOrder, Occupying, Page
from schedsvc.repositories.sql.bodies import escaped, micros
from schedsvc.repositories.sql.event_bodies import dump_booking_name, dump_event, load_event
from schedsvc.repositories.sql.event_filters import BY_PLACE, listing, searched
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.listed import addresses, all_pairs, listed, lists
from schedsvc.repositories.sql.occupying import OCCUPYING, occupying
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.spans import span_of
from schedsvc.repositories.sql.tables import events, of_tenant
from schedsvc.repositories.sql.windows import after_place, overlaps

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
_ZONED_BY_CALENDAR = _ALL.where(events.c.all_day == sa.literal_column("1")).order_by(events.c.event_id)
# The order keeps planners from reading the table until they meet the calendar.
_EXIST = sa.select(events.c.event_id).where(of_tenant(events), _FEED).order_by(events.c.event_id).limit(1)
# Drivers bound the number of parameters of a statement.
_CHUNK = 1024
_RANGES = 100
_AFTER_ALL = "\U0010ffff"


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

    async def by_uid_prefixes(self, calendar: CalendarName, prefixes: Collection[str]) -> Sequence[Event]:
        found: list[Event] = []
        wanted = sorted(map(escaped, prefixes))
        for at in range(0, len(wanted), _RANGES):
            ranges = [
                sa.and_(events.c.uid >= prefix, events.c.uid < prefix + _AFTER_ALL)
                for prefix in wanted[at : at + _RANGES]
            ]
            found += await self._events(calendar, _ALL.where(sa.or_(*ranges)).order_by(events.c.uid))
        return found

    async def list(
        self, calendar: CalendarName, wanted: EventFilter, page: Page, order: EventOrder = EventOrder.START
    ) -> Sequence[Event]:
        return await self._events(calendar, listing(_ALL, wanted, page, order))

    async def by_attendee(self, calendar: CalendarName, emails: Collection[str]) -> Sequence[Event]:
        known = [lists(events.c.attendees, email.casefold()) for email in emails if email]
        if not known:
            return []
        return await self._events(calendar, _ALL.where(sa.or_(*known)).order_by(events.c.event_id))

    async def zoned_by_calendar(self, calendar: CalendarName) -> Sequence[Event]:
        return await self._events(calendar, _ZONED_BY_CALENDAR)

    async def exist(self, calendar: CalendarName) -> bool:
        feed_id = calendar_feed(calendar).id
        return await self._session.first(_EXIST, feed_id=feed_id) is not None

    async def occupying(self, calendar: CalendarName, window: Interval, limit: int = QUESTION_ITEMS) -> Occupying:
        lo, hi = window
        feed_id = calendar_feed(calendar).id
        rows = await self._session.all(OCCUPYING, feed_id=feed_id, lo=lo, hi=hi, most=limit)
        return await occupying(calendar, rows)

    async def live(
        self, calendar: CalendarName, window: Interval | None, after: Place, mark: int, limit: int
    ) -> Sequence[Event]:
        statement = _ALL.where(after_place(events, after, mark))
        if window is not None:
            statement = statement.where(overlaps(events, window))
        statement = statement.order_by(*BY_PLACE).limit(limit)
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

    def update(self, event: Event, before: Event, cause: ChangeCause | None = None) -> Event:
        place = self._ledger.next_place(calendar_feed(event.name.calendar))
        event = replace(
            event,
            revision=place.revision,
            index=place.index,
            born=before.born,
            create_time=before.create_time,
            update_time=self._ledger.now,
        )
        self._write(Act.UPDATE, event, before.extent, cause)
        return event

    def delete(self, event: Event, *, moved_to: EventName | None = None) -> Place:
        feed = calendar_feed(event.name.calendar)
        place = self._ledger.next_place(feed)
        row = {"feed_id": feed.id, "event_id": event.name.event}
        self._ledger.rows.put(events, Act.DELETE, row)
        tombstone = Change(
            feed=feed,
            place=place,
            kind=ChangeKind.DELETED,
            reason=TombstoneReason.DELETED if moved_to is None else TombstoneReason.MOVED,
            resource_id=event.name.event,
            uid=event.uid,
            extent=None,
            previous=event.extent,
            born=event.born,
            time=self._ledger.now,
            record=None,
            moved_to=moved_to,
        )
        self._ledger.publish(tombstone, None)
        return place

    def _write(self, act: Act, event: Event, previous: Interval | None, cause: ChangeCause | None = None) -> None:
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
            cause=cause,
        )
        self._ledger.publish(change, body)


def _row(event: Event, body: str) -> dict[str, Any]:
    parts = _parts(event)
    return {
        "feed_id": calendar_feed(event.name.calendar).id,
        "event_id": event.name.event,
        "uid": escaped(event.uid),
        "span": span_of(event.occupied),
        "start_s": event.extent[0],
        "end_s": event.extent[1],
        "occupied_start_s": event.occupied[0],
        "occupied_end_s": event.occupied[1],
        "level": 0 if event.is_series else int(event.level),
        "all_day": int(_zoned_by_calendar(event)),
        "recurring": int(event.is_series),
        "shown": int(event.show_as),
        "booking": dump_booking_name(event.booking),
        "revision": event.revision,
        "idx": event.index,
        "born": event.born,
        "update_us": micros(event.update_time),
        "search": searched(*(text for part in parts for text in (part.subject, part.description, part.location))),
        "attendees": listed(addresses(event)),
        "pairs": listed(all_pairs(event)),
        "body": body,
    }


def _parts(event: Event) -> tuple[Event | Override, ...]:
    return event, *event.overrides


def _zoned_by_calendar(event: Event) -> bool:
    """Whether another zone of the calendar would move the event, or an instance of it."""
    return event.floating or any(isinstance(part.start, AllDay) for part in _parts(event))


def _event(calendar: CalendarName, row: Sequence[Any]) -> Event:
    # By place, not by name: rows are read in tens of thousands.
    event_id, _, revision, index, born, body = row
    return load_event(EventName(calendar, event_id), Place(revision, index), born, body)
