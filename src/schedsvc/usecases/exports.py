"""Calendars as files: their events, when they are taken, and when their owners work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from schedsvc.domain import series
from schedsvc.domain.accounts import Account
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import DomainError
from schedsvc.domain.events import Event
from schedsvc.domain.freebusy import Period
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import AccountName, CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest, resolve
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.roles import Role
from schedsvc.domain.time import DAY, EARLIEST, LATEST
from schedsvc.domain.visibility import as_seen
from schedsvc.repositories.base import Clock, EventFilter, Page, Read, Store
from schedsvc.usecases.access import require_role
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.calendars import existing_calendar
from schedsvc.usecases.free_busy import FreeBusy, FreeBusyQuery

PAGE = 200
AT_ONCE, AT_ONCE_OF_TENANT = 3, 2
"""Exports of events that are read at a time: each holds a connection, and a slow reader holds it for minutes.

A store may have no more than four connections to read with.
"""
_ALL_DAYS = (LATEST - EARLIEST) // DAY + 1


@dataclass(frozen=True, slots=True)
class Owned:
    """A calendar, its owner, and the range that was asked for, None for everything. `now` is an instant."""

    calendar: Calendar
    owner: Account
    window: Interval | None
    now: int


@dataclass(frozen=True, slots=True)
class EventsExport:
    """`pages` has all events in pages, by start; it can be read once."""

    owned: Owned
    pages: AsyncGenerator[Sequence[Event], None]


@dataclass(frozen=True, slots=True)
class TakenExport:
    """When a calendar is taken in a window."""

    owned: Owned
    window: Interval
    periods: Sequence[Period]


class Exports:
    def __init__(self, store: Store, clock: Clock, free_busy: FreeBusy) -> None:
        self._store = store
        self._clock = clock
        self._free_busy = free_busy
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._turns_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def events(
        self, principal: Principal, parent: CalendarName, asked: RangeRequest
    ) -> AsyncIterator[EventsExport]:
        """All events as the caller may see them, or those in the range, as of one moment; needs the role READER.

        Holds a connection to the database until it is left, and waits for its turn before: that of its tenant first,
        so that those who wait for one tenant's do not keep out another.
        """
        own = self._turns_of.setdefault(principal.tenant, asyncio.Semaphore(AT_ONCE_OF_TENANT))
        async with own, self._turns, self._store.snapshot(principal.tenant) as tx:
            role = await require_role(tx, principal, parent, Role.READER)
            owned = await self._owned(tx, parent, asked)
            yield EventsExport(owned, _pages(tx, owned, lambda event: as_seen(event, role)))

    async def hours(self, principal: Principal, parent: CalendarName, asked: RangeRequest) -> Owned:
        """The owner with the work hours; needs the role FREE_BUSY_READER."""
        async with self._store.read(principal.tenant) as tx:
            await require_role(tx, principal, parent, Role.FREE_BUSY_READER)
            return await self._owned(tx, parent, asked)

    async def taken(self, principal: Principal, parent: CalendarName, asked: RangeRequest) -> TakenExport:
        """When the calendar is taken, in the range; needs the role FREE_BUSY_READER. At most 92 days."""
        owned = await self.hours(principal, parent, asked)
        zoned = RangeRequest(asked.low, asked.high, asked.time_zone or owned.calendar.time_zone, asked.fields)
        answer = await self._free_busy.query(principal, FreeBusyQuery([parent], zoned))
        (result,) = answer.results
        if isinstance(result, DomainError):
            raise result
        return TakenExport(owned, answer.window, result.periods)

    async def _owned(self, tx: Read, parent: CalendarName, asked: RangeRequest) -> Owned:
        calendar = await existing_calendar(tx, parent)
        owner = await existing_account(tx, AccountName(parent.account))
        window = resolve(asked, calendar.time_zone, _ALL_DAYS)
        return Owned(calendar, owner, window, int(self._clock.now().timestamp()))


async def _pages(tx: Read, owned: Owned, seen: Callable[[Event], Event]) -> AsyncGenerator[Sequence[Event], None]:
    after: tuple[str | int, ...] | None = None
    wanted = EventFilter(window=owned.window)
    while True:
        found = await tx.events.list(owned.calendar.name, wanted, Page(PAGE, after))
        if found:
            yield [seen(event) for event in found if owned.window is None or _is_inside(event, owned.window)]
            after = found[-1].extent[0], found[-1].name.event
        if len(found) < PAGE:
            return


def _is_inside(event: Event, window: Interval) -> bool:
    """Whether an instance of a series overlaps the window; one that takes too long to tell is taken for one."""
    if not event.is_series:
        return True
    try:
        return next(series.instances(event, window, Budget()), None) is not None
    except WorkBudgetExceeded:
        return True
