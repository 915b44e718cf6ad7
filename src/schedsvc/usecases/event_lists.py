"""Lists of events: what is in a calendar, as it is kept or instance by instance, and what is in a series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import islice

from schedsvc.domain import series
from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.events import Event, ShowAs
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import EXPANDED_INSTANCES, LIST_EVENTS_DAYS, LIST_INSTANCES_DAYS
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest, resolve
from schedsvc.domain.recurrence.budget import STEPS, Budget
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.roles import Role
from schedsvc.domain.time import EARLIEST, LATEST
from schedsvc.domain.visibility import as_seen, is_hidden
from schedsvc.domain.weights import weigh_event
from schedsvc.domain.windows import inside
from schedsvc.repositories.base import EventFilter, EventOrder, Page, Read, Store
from schedsvc.usecases.access import require_role
from schedsvc.usecases.accounts import EVERYTHING
from schedsvc.usecases.calendars import existing_calendar
from schedsvc.usecases.event_writes import existing_event, not_found
from schedsvc.usecases.requests import Listed, SortKey, listed

WORK = 20 * STEPS
"""How many steps one list may cost: many series at once."""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events of a calendar; empty and None mean any. `expand` lists instances in place of their series."""

    asked: RangeRequest
    uids: tuple[str, ...] = ()
    query: str = ""
    attendee: str = ""
    show_as: tuple[ShowAs, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    updated_min: datetime | None = None
    order: EventOrder = EventOrder.START
    expand: bool = False

    @property
    def reveals(self) -> bool:
        """Whether being found tells more of an event than its time."""
        return bool(self.query or self.attendee or self.metadata)

    @property
    def selects(self) -> bool:
        """Whether it depends on more than when an event takes place."""
        return self.reveals or bool(self.show_as)

    def filter(self, window: Interval | None, *, recurring: bool | None) -> EventFilter:
        """What the store can tell of it: all of it for single events, more than it for series."""
        return EventFilter(
            window=window,
            uids=self.uids,
            query=self.query,
            attendee=self.attendee,
            show_as=self.show_as,
            metadata=self.metadata,
            updated_min=self.updated_min,
            recurring=recurring,
        )


@dataclass(frozen=True, slots=True)
class InstanceQuery:
    """The instances of a series; without a range from the first one on."""

    asked: RangeRequest
    show_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """A series with its ends; `first` is absent if every instance was deleted, `last` also if there is none."""

    series: Event
    first: Event | None
    last: Event | None


class EventLists:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, principal: Principal, parent: CalendarName, query: EventQuery, page: Page) -> Listed[Event]:
        """Raises InvalidInput for a bad range, and for one with too many instances."""
        async with self._store.read(principal.tenant) as tx:
            role = await require_role(tx, principal, parent, Role.READER)
            calendar = await existing_calendar(tx, parent)
            window = resolve(query.asked, calendar.time_zone, LIST_EVENTS_DAYS)
            found = _Found(tx, parent, query, window, role)
            try:
                events = await (found.instances(page) if query.expand else found.kept(page))
            except WorkBudgetExceeded:
                raise _too_much(query.asked) from None
        return listed(events, page, _place if query.order is EventOrder.UPDATED else sort_key, weigh_event)

    async def instances(self, principal: Principal, name: EventName, query: InstanceQuery, page: Page) -> Listed[Event]:
        """Raises ResourceNotFound, InvalidInput for a bad range and for an event that is no series."""
        async with self._store.read(principal.tenant) as tx:
            role = await require_role(tx, principal, name.calendar, Role.READER)
            event = as_seen(await existing_event(tx, name), role)
            calendar = await existing_calendar(tx, name.calendar)
            window = resolve(query.asked, calendar.time_zone, LIST_INSTANCES_DAYS) or (EARLIEST, LATEST)
        require_series(event)
        try:
            if query.asked.low is not None and page.after is None:
                _require_few(series.count(event, window, Budget(WORK)), query.asked)
            found = list(islice(_after(_expanded(event, window, page, query.show_cancelled), page), page.size + 1))
        except WorkBudgetExceeded:
            raise _too_much(query.asked) from None
        return listed(found, page, sort_key, weigh_event)

    async def whole(self, principal: Principal, name: EventName) -> Series:
        """The series of a name, or of an instance's name."""
        async with self._store.read(principal.tenant) as tx:
            role = await require_role(tx, principal, name.calendar, Role.READER)
            event = as_seen(await existing_event(tx, name.series), role)
        require_series(event)
        if name.original and series.instance(event, name.original, Budget()) is None:
            raise not_found(name)
        first = next(series.instances(event, (EARLIEST, LATEST), Budget(WORK)), None)
        return Series(event, first, series.last(event, Budget(WORK)))


@dataclass(frozen=True, slots=True)
class _Found:
    """One list in the making."""

    tx: Read
    parent: CalendarName
    query: EventQuery
    window: Interval | None
    role: Role

    async def kept(self, page: Page) -> list[Event]:
        """Events and series as they are kept, one more than the page holds if there are so many."""
        wanted, budget = self.query.filter(self.window, recurring=None), Budget(WORK)
        found: list[Event] = []
        after, size = page.after, page.size + 1
        while len(found) < size:
            events = await self.tx.events.list(self.parent, wanted, Page(size, after), self.query.order)
            found += [event for event in self._seen(events) if self._matches(event, budget)]
            if len(events) < size:
                break
            after = (_place if self.query.order is EventOrder.UPDATED else sort_key)(events[-1])
        return found[:size]

    async def instances(self, page: Page) -> list[Event]:
        """Single events and instances, by start."""
        if self.window is None:
            raise RuntimeError("instances are listed in a range")
        budget = Budget(WORK)
        kept = await self.tx.events.list(self.parent, self.query.filter(self.window, recurring=True), EVERYTHING)
        # Only what may be in the answer counts: a refusal must not tell what a filter would have found.
        all_series = [event for event in (as_seen(event, self.role) for event in kept) if self._may_match(event)]
        if page.after is None:
            _require_few(sum(series.count(e, self.window, budget) for e in all_series), self.query.asked)
        expanded = [_expanded(event, self.window, page, cancelled=False) for event in all_series]
        matching = (event for event in merge(*expanded, key=sort_key) if self._instance_matches(event))
        singles = await self._singles(page)
        return list(islice(merge(singles, _after(matching, page), key=sort_key), page.size + 1))

    async def _singles(self, page: Page) -> list[Event]:
        """A page of single events, and one more."""
        wanted, size = self.query.filter(self.window, recurring=False), page.size + 1
        found: list[Event] = []
        after = page.after
        while len(found) < size:
            events = await self.tx.events.list(self.parent, wanted, Page(size, after))
            found += self._seen(events)
            if len(events) < size:
                break
            after = sort_key(events[-1])
        return found[:size]

    def _seen(self, events: Iterable[Event]) -> list[Event]:
        """As the role sees them, without single events whose texts a filter must not betray."""
        return [
            as_seen(event, self.role)
            for event in events
            if event.is_series or not (self.query.reveals and is_hidden(event, self.role))
        ]

    def _matches(self, event: Event, budget: Budget) -> bool:
        """Whether a series, which the store knows by its outline only, has what is asked for."""
        if not event.is_series:
            return True
        if self.window is None:
            return self._may_match(event)
        if not self.query.selects:
            return any(True for _ in series.instances(event, self.window, budget))
        changed = (one for one in series.exceptions(event) if inside(one.extent, self.window))
        return any(map(self._instance_matches, changed)) or (
            self._instance_matches(event) and self._has_plain_instance(event, self.window, budget)
        )

    def _may_match(self, event: Event) -> bool:
        return not self.query.selects or any(map(self._instance_matches, (event, *series.exceptions(event))))

    def _has_plain_instance(self, event: Event, window: Interval, budget: Budget) -> bool:
        """Whether an instance that is as the series has it takes place then."""
        found = series.instances(event, window, budget)
        return any(one.occurrence is not None and one.occurrence.override is None for one in found)

    def _instance_matches(self, event: Event) -> bool:
        """Whether an instance has what was asked for: the store looked at its series as a whole."""
        query = self.query
        if query.show_as and event.show_as not in query.show_as:
            return False
        if query.reveals and is_hidden(event, self.role):
            return False
        if query.attendee and query.attendee.casefold() not in {a.email.casefold() for a in event.attendees}:
            return False
        if query.query:
            texts = (event.subject, event.description, event.location)
            if not any(query.query.casefold() in text.casefold() for text in texts):
                return False
        return query.metadata.items() <= dict(event.metadata).items()


def sort_key(event: Event) -> SortKey:
    """By start, then by name."""
    return event.extent[0], event.name.event


def _place(event: Event) -> SortKey:
    return event.revision, event.index


def require_series(event: Event) -> None:
    """Raises InvalidInput for an event that takes place once."""
    if not event.is_series:
        raise InvalidInput([Violation("name", f"{event.name} is no series")])


def _expanded(event: Event, window: Interval, page: Page, cancelled: bool) -> Iterator[Event]:
    """The instances from where the page begins, in order."""
    lo = window[0] if page.after is None else max(window[0], int(page.after[0]))
    found = series.instances(event, (lo, window[1]), Budget())
    if not cancelled:
        return found
    return merge(found, series.cancelled_instances(event, (lo, window[1])), key=sort_key)


def _after(events: Iterable[Event], page: Page) -> Iterator[Event]:
    return (event for event in events if page.after is None or sort_key(event) > page.after)


def _require_few(count: int, asked: RangeRequest) -> None:
    """Raises InvalidInput if a range holds more instances than one list is made for."""
    if count > EXPANDED_INSTANCES:
        text = f"the range holds more than {EXPANDED_INSTANCES:,} instances: ask for a shorter one"
        raise InvalidInput([Violation(asked.fields[1], text, "RANGE_TOO_LARGE")])


def _too_much(asked: RangeRequest) -> InvalidInput:
    text = "the series in the range take too many steps to follow: ask for a shorter one"
    return InvalidInput([Violation(asked.fields[1], text, "RANGE_TOO_LARGE")])
