"""Imports of iCalendar files: events are matched by UID, so that importing a file twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from schedsvc.domain import series
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.events import Event, EventDraft
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.interchange import Component
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.principals import Principal
from schedsvc.domain.records import fields_of
from schedsvc.repositories.base import Once, Store, Write
from schedsvc.usecases.access import require_account
from schedsvc.usecases.calendars import existing_calendar
from schedsvc.usecases.event_writes import new_event
from schedsvc.usecases.requests import WriteOptions

BATCH = 500


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


class Imports:
    """`new_id` makes the ids of new events."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def zone(self, principal: Principal, options: WriteOptions, parent: CalendarName) -> str:
        """The zone that the file's floating times are read in; raises ResourceNotFound.

        UTC if the calendar is gone but the import may have been carried out before: `run` tells.
        """
        require_account(principal, parent.account)
        async with self._store.read(principal.tenant) as tx:
            calendar = await tx.calendars.get(parent)
            if calendar is None and options.once is not None:
                return "UTC"
            return (calendar or await existing_calendar(tx, parent)).time_zone

    async def run(
        self, principal: Principal, options: WriteOptions, parent: CalendarName, components: Sequence[Component]
    ) -> list[Imported]:
        """Writes batches of 500 components, each in one transaction; the request id is kept with the last one.

        An import that breaks off in between is mended by sending it again.
        """
        require_account(principal, parent.account)
        if options.once is not None:
            await self._require_new(principal.tenant, parent, options.once)
        batches = [components[at : at + BATCH] for at in range(0, len(components), BATCH)] or [()]
        done: list[Imported] = []
        for batch in batches[:-1]:
            done += await self._write(principal, replace(options, once=None), parent, batch, [])
        return await self._write(principal, options, parent, batches[-1], done)

    async def _require_new(self, tenant: str, parent: CalendarName, once: Once) -> None:
        """Raises AlreadyAnswered before the first of several batches is written again."""

        async def nothing(tx: Write) -> None:
            return None

        asked = replace(once, encode=lambda _: b"")
        await self._store.write(tenant, [calendar_feed(parent)], nothing, once=asked, dry_run=True)

    async def _write(
        self,
        principal: Principal,
        options: WriteOptions,
        parent: CalendarName,
        batch: Sequence[Component],
        done: Sequence[Imported],
    ) -> list[Imported]:
        async def work(tx: Write) -> list[Imported]:
            calendar = await existing_calendar(tx, parent)
            uids = {component.uid for component in batch if component.draft is not None}
            known = {event.uid: event for event in await tx.events.by_uids(parent, uids)}
            return [*done, *(self._take(tx, calendar, known, component) for component in batch)]

        return await self._store.write(
            principal.tenant, [calendar_feed(parent)], work, once=options.once, dry_run=options.validate_only
        )

    def _take(self, tx: Write, calendar: Calendar, known: Mapping[str, Event], component: Component) -> Imported:
        if component.draft is None:
            return Imported(component, Outcome.REFUSED, None, component.messages)
        before = known.get(component.uid)
        if before is None:
            name = EventName(calendar.name, self._new_id())
            event = tx.events.create(
                series.derived(replace(new_event(tx, calendar, name, component.draft), sequence=component.sequence))
            )
            return Imported(component, Outcome.CREATED, event.name, component.messages)
        return _overwrite(tx, calendar, before, component, component.draft)


def _overwrite(tx: Write, calendar: Calendar, before: Event, component: Component, draft: EventDraft) -> Imported:
    """Takes over a newer or equally new version (RFC 5546 section 2.1.5: the higher SEQUENCE wins)."""
    if before.booking is not None:
        message = f"the event belongs to {before.booking}"
        return Imported(component, Outcome.REFUSED, None, (*component.messages, message))
    if component.sequence < before.sequence:
        return Imported(component, Outcome.UNCHANGED, before.name, component.messages)
    taken = replace(draft, event_type=before.event_type)
    changed = replace(before, **fields_of(taken, EventDraft), sequence=component.sequence, zone=calendar.time_zone)
    after = series.derived(changed)
    if after == before:
        return Imported(component, Outcome.UNCHANGED, before.name, component.messages)
    tx.events.update(after, before)
    return Imported(component, Outcome.UPDATED, before.name, component.messages)


def counts(results: Sequence[Imported]) -> Mapping[Outcome, int]:
    """How many components had each outcome."""
    return {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
