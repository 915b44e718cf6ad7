"""Events of a calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import IdTaken, OwnedByBooking, ResourceNotFound
from schedsvc.domain.events import Event, EventDraft, EventStatus, extent_of
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.limits import LIST_EVENTS_DAYS
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest, resolve
from schedsvc.domain.records import fields_of
from schedsvc.domain.weights import weigh_event
from schedsvc.repositories.base import EventFilter, Page, Read, Store, Write
from schedsvc.usecases.access import require_account
from schedsvc.usecases.calendars import existing_calendar
from schedsvc.usecases.checks import require_etag, require_free
from schedsvc.usecases.requests import Listed, WriteOptions, listed, one_more


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events of a calendar: overlapping a range, with one of the UIDs, with a text; empty means any."""

    asked: RangeRequest
    uids: tuple[str, ...] = ()
    query: str = ""


class Events:
    """`new_id` makes ids for events whose creator chose none; UIDs are made from it too."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def create(
        self, principal: Principal, options: WriteOptions, parent: CalendarName, event_id: str, draft: EventDraft
    ) -> Event:
        require_account(principal, parent.account)
        name = EventName(parent, event_id or self._new_id())

        async def work(tx: Write) -> Event:
            calendar = await existing_calendar(tx, parent)
            if event_id:
                require_free(await tx.events.get(name) is not None, name)
            if draft.uid:
                await _require_new_uid(tx, parent, draft.uid)
            return tx.events.create(new_event(tx, calendar, name, draft))

        return await self._store.write(
            principal.tenant, [calendar_feed(parent)], work, once=options.once, dry_run=options.validate_only
        )

    async def get(self, principal: Principal, name: EventName) -> Event:
        require_account(principal, name.calendar.account)
        async with self._store.read(principal.tenant) as tx:
            return await _existing(tx, name)

    async def list(self, principal: Principal, parent: CalendarName, query: EventQuery, page: Page) -> Listed[Event]:
        require_account(principal, parent.account)
        async with self._store.read(principal.tenant) as tx:
            calendar = await existing_calendar(tx, parent)
            window = resolve(query.asked, calendar.time_zone, LIST_EVENTS_DAYS)
            found = await tx.events.list(parent, EventFilter(window, query.uids, query.query), one_more(page))
            return listed(found, page, lambda e: (e.extent[0], e.name.event), weigh_event)

    async def update(
        self,
        principal: Principal,
        options: WriteOptions,
        name: EventName,
        etag: str,
        patch: Callable[[Event], EventDraft],
    ) -> Event:
        require_account(principal, name.calendar.account)

        async def work(tx: Write) -> Event:
            before = await _existing(tx, name)
            require_etag(before.etag, etag)
            _require_free_standing(before)
            calendar = await existing_calendar(tx, name.calendar)
            after = changed_event(before, patch(before), calendar)
            return before if after == before else tx.events.update(after, before)

        return await self._store.write(
            principal.tenant, [calendar_feed(name.calendar)], work, once=options.once, dry_run=options.validate_only
        )

    async def delete(
        self,
        principal: Principal,
        options: WriteOptions,
        name: EventName,
        *,
        etag: str = "",
        allow_missing: bool = False,
    ) -> None:
        require_account(principal, name.calendar.account)

        async def work(tx: Write) -> None:
            event = await tx.events.get(name)
            if event is None:
                if not allow_missing:
                    raise ResourceNotFound("schedsvc/Event", str(name))
                return
            require_etag(event.etag, etag)
            _require_free_standing(event)
            tx.events.delete(event)

        await self._store.write(
            principal.tenant, [calendar_feed(name.calendar)], work, once=options.once, dry_run=options.validate_only
        )


def new_event(tx: Write, calendar: Calendar, name: EventName, draft: EventDraft) -> Event:
    """A record for a new event; the calendar's zone reads its dates."""
    extent = extent_of(draft.start, draft.end, calendar.time_zone)
    values = fields_of(draft, EventDraft)
    values["uid"] = draft.uid or f"{name.event}@schedsvc"
    return Event(
        **values,
        name=name,
        extent=extent,
        occupied=extent,
        booking=None,
        sequence=0,
        revision=0,
        index=0,
        born=0,
        create_time=tx.now,
        update_time=tx.now,
    )


def changed_event(before: Event, draft: EventDraft, calendar: Calendar) -> Event:
    """The record after a change: SEQUENCE grows with a new time or place and with a calling off (RFC 5546 2.1.4)."""
    extent = extent_of(draft.start, draft.end, calendar.time_zone)
    after = replace(before, **fields_of(draft, EventDraft), extent=extent, occupied=extent)
    return replace(after, sequence=before.sequence + 1) if _reschedules(before, after) else after


def _reschedules(before: Event, after: Event) -> bool:
    called_off = EventStatus.CANCELLED in (before.status, after.status) and before.status != after.status
    moved = (before.start, before.end, before.location) != (after.start, after.end, after.location)
    return called_off or moved


async def _existing(tx: Read, name: EventName) -> Event:
    event = await tx.events.get(name)
    if event is None:
        raise ResourceNotFound("schedsvc/Event", str(name))
    return event


async def _require_new_uid(tx: Read, calendar: CalendarName, uid: str) -> None:
    twins = await tx.events.by_uids(calendar, [uid])
    if twins:
        raise IdTaken(f"{twins[0].name} has this UID: update it, or leave the UID empty", resource=str(twins[0].name))


def _require_free_standing(event: Event) -> None:
    if event.booking is not None:
        message = f"{event.name} belongs to {event.booking}: cancel the booking instead"
        raise OwnedByBooking(message, booking=str(event.booking))
