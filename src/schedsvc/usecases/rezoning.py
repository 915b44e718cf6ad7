"""Rezoning: after an update of the zone data, what is still to come is brought to the instants that it now has.

First everything is looked at and planned, without a lock. Then the plan is carried out, some events of one calendar at
a time, each looked at once more under the lock: it is safe to stop at any time, and to begin anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.changes import ChangeCause
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedKey, calendar_feed, profile_feed
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.recurrence.errors import RecurrenceError
from schedsvc.domain.rezoning import rezoned
from schedsvc.domain.time import LATEST, UnknownZone, seconds_up
from schedsvc.repositories.base import Clock, EventFilter, Page, Read, Store, Write
from schedsvc.usecases.overlapping import Move, Overlap, overlaps

BATCH = 500
"""How many events are read at once, and how many are written in one transaction."""


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """What to do in one calendar. `unreadable` are events whose zone is gone from the zone data or whose rule fails."""

    calendar: CalendarName
    moves: tuple[Move, ...]
    unreadable: tuple[EventName, ...] = ()

    @property
    def bookings(self) -> int:
        return sum(move.booking is not None for move in self.moves)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for one tenant, which has so many `calendars_seen`; calendars with nothing to do are left out."""

    tenant: str
    calendars_seen: int
    calendars: tuple[CalendarPlan, ...]
    overlaps: tuple[Overlap, ...]


class Rezoning:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def tenants(self) -> Sequence[str]:
        return await self._store.tenants()

    async def plan(self, tenant: str) -> Plan:
        """Writes nothing."""
        now = seconds_up(self._clock.now())
        async with self._store.read(tenant) as tx:
            plans = [await _plan(tx, calendar.name, now) async for calendar in _calendars(tx)]
            moves = {move.name: move for plan in plans for move in plan.moves}
            met = await overlaps(tx, moves, now)
        needed = tuple(plan for plan in plans if plan.moves or plan.unreadable)
        return Plan(tenant, len(plans), needed, tuple(met))

    async def carry_out(self, tenant: str, plan: CalendarPlan) -> int:
        """Moves the events, with their bookings; returns how many. Those that are no longer due are left alone."""
        moved = 0
        for at in range(0, len(plan.moves), BATCH):
            moved += await self._write(tenant, plan.calendar, plan.moves[at : at + BATCH])
        return moved

    async def _write(self, tenant: str, calendar: CalendarName, moves: Sequence[Move]) -> int:
        profiles = {move.booking.profile for move in moves if move.booking is not None}
        feeds: list[FeedKey] = [*map(profile_feed, profiles), calendar_feed(calendar)]

        async def work(tx: Write) -> int:
            names, now = {move.name for move in moves}, seconds_up(tx.now)
            found = await tx.events.by_uids(calendar, [move.uid for move in moves])
            due = sorted((event for event in found if event.name in names), key=lambda event: event.name)
            return sum([await _move(tx, event, now) for event in due])

        return await self._store.write(tenant, feeds, work)


async def _calendars(tx: Read) -> AsyncIterator[Calendar]:
    page = Page(BATCH)
    while found := await tx.calendars.list(None, page):
        for calendar in found:
            yield calendar
        last = found[-1].name
        page = Page(BATCH, (last.account, 0 if last.is_primary else 1, last.calendar))


async def _to_come(tx: Read, calendar: CalendarName, now: int) -> AsyncIterator[Event]:
    wanted, page = EventFilter(window=(now, LATEST + 1)), Page(BATCH)
    while found := await tx.events.list(calendar, wanted, page):
        for event in found:
            yield event
        page = Page(BATCH, (found[-1].extent[0], found[-1].name.event))


async def _plan(tx: Read, calendar: CalendarName, now: int) -> CalendarPlan:
    moves, unreadable = [], []
    async for event in _to_come(tx, calendar, now):
        try:
            after = rezoned(event, now)
        except (UnknownZone, RecurrenceError):
            unreadable.append(event.name)
            continue
        if after is not None:
            moves.append(Move(event.name, event.uid, event.booking, event.extent, after.extent, after.occupied))
    return CalendarPlan(calendar, tuple(moves), tuple(unreadable))


async def _move(tx: Write, event: Event, now: int) -> bool:
    """Whether the event was still to be moved; its booking goes with it, also one that was cancelled."""
    after = rezoned(event, now)
    if after is None:
        return False
    tx.events.update(after, event, ChangeCause.TZDATA)
    booking = None if event.booking is None else await tx.bookings.get(event.booking)
    if booking is not None:
        moved = replace(booking, extent=after.extent, occupied=after.occupied)
        tx.bookings.update(moved, booking, ChangeCause.TZDATA)
    return True
