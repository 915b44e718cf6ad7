"""What the components of a file make of the events of a calendar, one UID after the other.

A file that brings a master brings the series: its exceptions take the place of those that were there. One that brings
exceptions alone adds them to the series. Versions are compared component by component.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, TypeVar

from schedsvc.domain import series
from schedsvc.domain.accounts import Account
from schedsvc.domain.attaching import Attached, Joined, exceptions_of, joined
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.events import Attendee, Event, EventDraft, Override
from schedsvc.domain.interchange import Component
from schedsvc.domain.names import EventName
from schedsvc.domain.records import fields_of
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import RecurrenceError
from schedsvc.domain.time import EventTime, resolve_event
from schedsvc.repositories.base import Write
from schedsvc.usecases.event_writes import has_people, new_event
from schedsvc.usecases.standing_alone import NO_LINE, exceptions_alone, uid_alone

_FEW = 20
_AT_A_STRETCH = 50
_T = TypeVar("_T")
_WORK = 1_000_000
"""Steps that the exceptions of one series may take to be placed."""


class Outcome(IntEnum):
    """Values are those of the proto enum."""

    CREATED = 1
    UPDATED = 2
    UNCHANGED = 3
    REFUSED = 4


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one component; `event` is None if it was refused."""

    component: Component
    outcome: Outcome
    event: EventName | None
    messages: tuple[str, ...]


Group = Sequence[Component]
"""Components that are about one event, or a single one that is about several or none."""


def groups_of(components: Iterable[Component], most: int) -> list[Group]:
    """By UID, in the order in which they begin.

    Exceptions alone, which are events of their own if nobody knows their series, are parted by start into groups of at
    most so many.
    """
    groups: dict[object, list[Component]] = {}
    for number, component in enumerate(components):
        key = number if component.draft is None else component.uid
        groups.setdefault(key, []).append(component)
    return [part for group in groups.values() for part in _parted(group, most)]


def _parted(group: Group, most: int) -> Iterator[Group]:
    if len(group) <= most or any(component.draft is None or component.original is None for component in group):
        yield group
        return
    ordered = sorted(
        group, key=lambda component: (component.original and resolve_event(component.original, "UTC")) or 0
    )
    yield from (ordered[at : at + most] for at in range(0, len(ordered), most))


def uids_of(group: Group) -> Iterator[str]:
    """The UIDs of all events that the components may be."""
    for component in group:
        if component.draft is not None:
            yield component.uid
        if component.original is not None:
            yield uid_alone(component, component.original)
        yield from (draft.uid for draft in component.periods or ())


class Merging:
    """Writes to one calendar, whose feed is locked. `known` are its events with any of the UIDs of the file.

    `alone` are those that may stand for exceptions of the file's series.
    """

    def __init__(
        self,
        tx: Write,
        calendar: Calendar,
        owner: Account,
        known: Iterable[Event],
        alone: Iterable[Event],
        new_id: Callable[[], str],
    ) -> None:
        self._tx = tx
        self._calendar = calendar
        self._owner = owner
        self._known = {event.uid: event for event in sorted(known, key=lambda event: event.name, reverse=True)}
        self._alone = list(alone)
        self._known |= {event.uid: event for event in self._alone}
        self._new_id = new_id
        self._written: set[str] = set()

    async def take(self, group: Group) -> list[Imported]:
        """What became of each component, in their order."""
        first = group[0]
        try:
            if first.periods is not None:
                return [await self._take_periods(first, first.periods)]
            return [_refused(first, "")] if first.draft is None else await self._take_event(group)
        except (InvalidInput, RecurrenceError) as error:
            return [_refused(component, str(error)) for component in group]

    async def _take_event(self, group: Group) -> list[Imported]:
        before = self._known.get(group[0].uid)
        if before is not None and before.booking is not None:
            return [_refused(component, f"the event belongs to {before.booking}") for component in group]
        master = next((component for component in group if component.original is None), None)
        if master is not None:
            return await self._take_series(group, master, before)
        if before is not None and before.is_series:
            return await self._join(group, before, before, _nothing_said)
        return [self._take_alone(component) async for component in _paced(group)]

    async def _take_series(self, group: Group, master: Component, before: Event | None) -> list[Imported]:
        if before is not None and master.sequence < before.sequence:
            return await self._join(group, before, before, _nothing_said, known_only=True)
        alone = exceptions_alone(master, group, self._alone)
        made = await self._join([*group, *alone], self._version(master, before), before, _said_of_master)
        told = [one for one in made if one.component.line != NO_LINE]
        note = _said_of_alone([one for one in made if one.component.line == NO_LINE])
        return [_noted(one, note) if one.component is master and note else one for one in told]

    async def _join(
        self,
        group: Group,
        event: Event,
        before: Event | None,
        said: Callable[[Event | None, Event], Outcome],
        *,
        known_only: bool = False,
    ) -> list[Imported]:
        """Writes the event with the exceptions of the group, unless it is as it was."""
        had = exceptions_of(before)
        exceptions = [self._exception(one, before, had) for one in group if one.original is not None]
        found = await _joined(event, exceptions, before, known_only=known_only)
        after = self._put(found.event, before)
        self._drop_alone(found.attached)
        told = _Told(before, after, had, exceptions_of(after))
        attached = iter(found.attached)
        return [
            told.of(next(attached))
            if component.original is not None
            else Imported(component, said(before, after), after.name, component.messages)
            for component in group
        ]

    def _take_alone(self, component: Component) -> Imported:
        """An exception whose series nobody knows."""
        if component.draft is None or component.original is None:
            raise RuntimeError("only an exception can stand alone")
        message = "its series is not in the calendar: imported as an event of its own"
        draft = replace(component.draft, uid=uid_alone(component, component.original))
        return self._upsert(replace(component, messages=(*component.messages, message)), draft)

    async def _take_periods(self, component: Component, periods: Sequence[EventDraft]) -> Imported:
        """Each period becomes an event; together they are one component."""
        made = [self._upsert(component, draft) async for draft in _paced(periods)]
        refused = [one for one in made if one.outcome is Outcome.REFUSED]
        outcome = min((one.outcome for one in made), default=Outcome.UNCHANGED)
        messages = tuple(dict.fromkeys(message for one in (refused or made) for message in one.messages))
        event = next((one.event for one in made if one.event is not None), None)
        return Imported(component, outcome, event, messages or component.messages)

    def _upsert(self, component: Component, draft: EventDraft) -> Imported:
        """A single event under the UID of the draft."""
        before = self._known.get(draft.uid)
        if before is not None and before.booking is not None:
            return _refused(component, f"the event belongs to {before.booking}")
        if before is not None and component.sequence < before.sequence:
            return Imported(component, Outcome.UNCHANGED, before.name, component.messages)
        after = self._put(self._version(replace(component, draft=draft), before), before)
        return Imported(component, _said_of_master(before, after), after.name, component.messages)

    def _version(self, component: Component, before: Event | None) -> Event:
        """The event as the component has it, without exceptions."""
        draft = component.draft
        if draft is None:
            raise RuntimeError("there is no event in the component")
        draft = self._adapted(draft, before)
        if before is None:
            name = EventName(self._calendar.name, self._new_id())
            return replace(new_event(self._tx, self._calendar, name, draft), sequence=component.sequence)
        values = fields_of(draft, EventDraft)
        return replace(before, **values, sequence=component.sequence, overrides=(), cancelled=())

    def _exception(
        self, component: Component, before: Event | None, had: Mapping[int, Override | EventTime]
    ) -> Component:
        """With what no file says of an exception as it is here."""
        if component.draft is None or component.original is None:
            raise RuntimeError("there is no exception in the component")
        draft = self._owned(component.draft)
        if before is not None:
            known = had.get(resolve_event(component.original, before.zone))
            own = known.attendees if isinstance(known, Override) else None
            draft = replace(draft, attendees=_with_comments(draft.attendees, before.attendees if own is None else own))
        return replace(component, draft=draft)

    def _owned(self, draft: EventDraft) -> EventDraft:
        """The owner of the calendar invites where nobody else is said to."""
        organizer = draft.organizer
        is_owner = organizer is not None and organizer.email.casefold() == self._owner.email.casefold()
        return replace(draft, organizer=None) if is_owner else draft

    def _adapted(self, draft: EventDraft, before: Event | None) -> EventDraft:
        """With what no file says as it is here."""
        draft = self._owned(draft)
        if before is None:
            return draft
        return replace(
            draft,
            event_type=before.event_type,
            external_ref=before.external_ref,
            metadata=draft.metadata or before.metadata,
            attendees=_with_comments(draft.attendees, before.attendees),
            from_pattern=before.from_pattern and draft.recurrence == before.recurrence,
        )

    def _put(self, event: Event, before: Event | None) -> Event:
        """The event as it is written, or as it is already; raises InvalidInput for one that was written before."""
        if event.uid in self._written:
            raise InvalidInput([Violation("data", "another component of the file has made an event with its UID")])
        self._written.add(event.uid)
        owner = self._owner.email.casefold() if has_people(event) else ""
        after = series.derived(replace(event, zone=self._calendar.time_zone, owner=owner))
        if before is None:
            return self._tx.events.create(after)
        return before if after == before else self._tx.events.update(after, before)

    def _drop_alone(self, attached: Iterable[Attached]) -> None:
        """Deletes the events that stood for exceptions of which the series was not known."""
        for one in attached:
            alone = self._known.pop(uid_alone(one.component, one.component.original or one.original), None)
            if alone is not None and one.is_taken and alone.booking is None:
                self._tx.events.delete(alone)


async def _joined(event: Event, exceptions: Sequence[Component], before: Event | None, *, known_only: bool) -> Joined:
    """Off the event loop where there are many: a thousand take some hundred milliseconds."""
    budget = Budget(_WORK)
    if len(exceptions) <= _FEW:
        return joined(event, exceptions, before, budget, known_only=known_only)
    return await asyncio.to_thread(joined, event, exceptions, before, budget, known_only=known_only)


async def _paced(records: Iterable[_T]) -> AsyncIterator[_T]:
    """Lets others have the event loop after each few records."""
    for number, record in enumerate(records, 1):
        yield record
        if number % _AT_A_STRETCH == 0:
            await asyncio.sleep(0)


def _refused(component: Component, message: str) -> Imported:
    messages = (message, *component.messages) if message else component.messages
    return Imported(component, Outcome.REFUSED, None, messages)


def _noted(imported: Imported, note: str) -> Imported:
    return replace(imported, messages=(*imported.messages, note))


def _said_of_alone(brought: Sequence[Imported]) -> str:
    """What became of events that stood for exceptions of a series that came now; "" if there were none."""
    kept = sum(one.outcome is Outcome.REFUSED for one in brought)
    said = f"exceptions that were events of their own until now and became its own: {len(brought) - kept}"
    more = f"; that could not: {kept}" if kept else ""
    return said + more if brought else ""


def _nothing_said(_before: Event | None, _after: Event) -> Outcome:
    """Of a master that is older than what is there."""
    return Outcome.UNCHANGED


def _said_of_master(before: Event | None, after: Event) -> Outcome:
    """Changed exceptions are told with their own components, lost ones with the master."""
    if before is None:
        return Outcome.CREATED
    same = replace(after, overrides=before.overrides, cancelled=before.cancelled, **_place_of(before))
    is_same = same == before and exceptions_of(before).keys() <= exceptions_of(after).keys()
    return Outcome.UNCHANGED if is_same else Outcome.UPDATED


def _place_of(before: Event) -> dict[str, Any]:
    """What every write changes, and what follows from exceptions."""
    names = ("revision", "index", "update_time", "extent", "occupied", "owner")
    return {name: getattr(before, name) for name in names}


@dataclass(frozen=True, slots=True)
class _Told:
    """What became of the exceptions of a series, by what it had for their starts and has now."""

    before: Event | None
    after: Event
    had: Mapping[int, Override | EventTime]
    has: Mapping[int, Override | EventTime]

    def of(self, attached: Attached) -> Imported:
        component = attached.component
        if attached.refusal:
            return _refused(component, attached.refusal)
        name = self.after.name.instance(series.original_id(attached.original))
        return Imported(component, self._outcome(attached), name, (*component.messages, *attached.notes))

    def _outcome(self, attached: Attached) -> Outcome:
        moment = resolve_event(attached.original, self.after.zone)
        known, now = self.had.get(moment), self.has.get(moment)
        if self.before is None or (known is None and now is not None):
            return Outcome.CREATED
        return Outcome.UNCHANGED if known == now else Outcome.UPDATED


def _with_comments(attendees: tuple[Attendee, ...], before: tuple[Attendee, ...]) -> tuple[Attendee, ...]:
    """Comments stay with the answers that they came with: no file has them."""
    known = {(one.email.casefold(), one.response): one.comment for one in before}
    return tuple(replace(one, comment=known.get((one.email.casefold(), one.response), "")) for one in attendees)
