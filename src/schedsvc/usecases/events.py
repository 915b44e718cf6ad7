"""Single events, series and their instances: one at a time, in batches, and from one calendar to another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from schedsvc.domain import series
from schedsvc.domain.errors import DomainError, IdTaken, InvalidInput, Violation
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.limits import MESSAGE_BYTES
from schedsvc.domain.names import AccountName, CalendarName, EventName
from schedsvc.domain.principals import Principal
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.roles import Role
from schedsvc.domain.visibility import as_seen
from schedsvc.domain.weights import weigh_event
from schedsvc.repositories.base import Store, Write
from schedsvc.usecases.access import require_role
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.answers import Answer
from schedsvc.usecases.calendars import existing_calendar
from schedsvc.usecases.checks import require_etag
from schedsvc.usecases.event_writes import (
    Change,
    Changed,
    Creation,
    Deletion,
    EventWrites,
    existing_event,
    has_people,
    not_found,
    require_free_standing,
)
from schedsvc.usecases.requests import WriteOptions

T = TypeVar("T")
EventWrite = Creation | Change | Deletion
Written = Changed | DomainError | None
"""What became of one write of a batch: the event, an error, or nothing where it was deleted."""


class Events:
    """`new_id` makes ids for events whose creator chose none; UIDs are made from it too."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def create(
        self, principal: Principal, options: WriteOptions, parent: CalendarName, creation: Creation
    ) -> Event:
        return await self._write(principal, options, parent, lambda writes: writes.create(creation))

    async def get(self, principal: Principal, name: EventName) -> Event:
        """An event, a series, or an instance; a deleted instance is CANCELLED."""
        async with self._store.read(principal.tenant) as tx:
            role = await require_role(tx, principal, name.calendar, Role.READER)
            event = as_seen(await existing_event(tx, name.series), role)
        if not name.original:
            return event
        instance = series.instance(event, name.original, Budget()) if event.is_series else None
        if instance is None:
            raise not_found(name)
        return instance

    async def update(self, principal: Principal, options: WriteOptions, change: Change) -> Changed:
        return await self._write(principal, options, change.name.calendar, lambda writes: writes.update(change))

    async def delete(self, principal: Principal, options: WriteOptions, deletion: Deletion) -> None:
        await self._write(principal, options, deletion.name.calendar, lambda writes: writes.delete(deletion))

    async def batch(
        self,
        principal: Principal,
        options: WriteOptions,
        parent: CalendarName,
        writes: Sequence[EventWrite],
        *,
        atomic: bool,
    ) -> list[Written]:
        """All in one transaction and one revision; if `atomic`, the first error undoes it all and says its place."""

        async def run(to: EventWrites) -> list[Written]:
            written: list[Written] = []
            for index, write in enumerate(writes):
                written.append(await _one_of_many(to, index, write, atomic))
                await asyncio.sleep(0)  # two hundred splits are work: others get a turn in between
            _require_tellable(written)
            return written

        return await self._write(principal, options, parent, run)

    async def respond(
        self,
        principal: Principal,
        options: WriteOptions,
        name: EventName,
        answer: Answer,
    ) -> Event:
        """Records an answer; raises NotAnAttendee."""
        return await self._write(principal, options, name.calendar, lambda writes: writes.respond(name, answer))

    async def move(
        self, principal: Principal, options: WriteOptions, name: EventName, destination: CalendarName, etag: str
    ) -> Event:
        """Keeps the UID, and the id unless it is taken there; needs WRITER on both calendars."""

        async def work(tx: Write) -> Event:
            for calendar in (name.calendar, destination):
                await require_role(tx, principal, calendar, Role.WRITER)
            before = await existing_event(tx, name)
            require_etag(before.etag, etag)
            require_free_standing(before)
            moved = await self._moved(tx, before, destination)
            tx.events.delete(before, moved_to=moved.name)
            return tx.events.create(moved)

        feeds = [calendar_feed(name.calendar), calendar_feed(destination)]
        return await self._store.write(principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only)

    async def _moved(self, tx: Write, before: Event, destination: CalendarName) -> Event:
        """The event as it stands in the other calendar."""
        if destination == before.name.calendar:
            raise InvalidInput([Violation("destination", "is the calendar that the event is in")])
        calendar = await existing_calendar(tx, destination)
        if twins := await tx.events.by_uids(destination, [before.uid]):
            raise IdTaken(f"{twins[0].name} has the UID of this event", resource=str(twins[0].name))
        name = EventName(destination, before.name.event)
        if await tx.events.get(name) is not None:
            name = EventName(destination, self._new_id())
        account = await existing_account(tx, AccountName(destination.account))
        owner = account.email.casefold() if has_people(before) else ""
        return series.derived(replace(before, name=name, zone=calendar.time_zone, owner=owner))

    async def _write(
        self,
        principal: Principal,
        options: WriteOptions,
        parent: CalendarName,
        run: Callable[[EventWrites], Awaitable[T]],
    ) -> T:
        async def work(tx: Write) -> T:
            await require_role(tx, principal, parent, Role.WRITER)
            return await run(EventWrites(tx, await existing_calendar(tx, parent), self._new_id))

        return await self._store.write(
            principal.tenant, [calendar_feed(parent)], work, once=options.once, dry_run=options.validate_only
        )


async def _one_of_many(to: EventWrites, index: int, write: EventWrite, atomic: bool) -> Written:
    try:
        return await _one(to, write)
    except DomainError as error:
        placed = _placed(error, index, write)
        if atomic:
            raise placed from None
        return placed


async def _one(to: EventWrites, write: EventWrite) -> Changed | None:
    if isinstance(write, Creation):
        return Changed(await to.create(write))
    if isinstance(write, Change):
        return await to.update(write)
    await to.delete(write)
    return None


def _require_tellable(written: Sequence[Written]) -> None:
    """Raises InvalidInput, before anything is committed, for a batch whose answer would be too large to be sent."""
    if sum(weigh_event(one.event) for one in written if isinstance(one, Changed)) > MESSAGE_BYTES:
        raise InvalidInput([Violation("writes", "would have an answer of more than 3 MiB: write fewer at once")])


def _placed(error: DomainError, index: int, write: EventWrite) -> DomainError:
    """The error with its place in the batch."""
    if isinstance(error, InvalidInput):
        kind = {Creation: "create", Change: "update", Deletion: "delete"}[type(write)]
        at = f"writes[{index}].{kind}"
        error = InvalidInput([replace(found, field=f"{at}.{found.field}") for found in error.violations])
    error.metadata["index"] = str(index)
    return error
