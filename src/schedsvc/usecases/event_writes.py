"""What a write to a calendar's events does, inside the transaction that holds the calendar's lock.

Every write of an event goes through here: single calls, batches, responses. Each method decides first and writes last,
so that one that is refused has written nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from schedsvc.domain import itip, series
from schedsvc.domain.accounts import Account
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import (
    IdTaken,
    InvalidInput,
    OwnedByBooking,
    ResourceNotFound,
    Violation,
)
from schedsvc.domain.events import Event, EventDraft, EventStatus, Scope
from schedsvc.domain.limits import MESSAGE_BYTES
from schedsvc.domain.names import AccountName, EventName
from schedsvc.domain.particulars import Organizer
from schedsvc.domain.records import fields_of
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.sequences import next_sequence, with_next_version
from schedsvc.domain.time import EventTime
from schedsvc.domain.weights import weigh_event
from schedsvc.repositories.base import Read, Write
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.answers import Answer, answered, answered_overrides
from schedsvc.usecases.checks import require_etag, require_free

TOPIC = "itip"
Patch = Callable[[Event], EventDraft]


@dataclass(frozen=True, slots=True)
class Creation:
    """`event_id` empty: one is made. `notify` tells whether attendees are invited."""

    event_id: str
    draft: EventDraft
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """`patch` makes the draft asked for out of the event as it is. `scope` of None is what the name says."""

    name: EventName
    etag: str
    patch: Patch
    scope: Scope | None = None
    notify: bool = True
    keep_exceptions: bool = True


@dataclass(frozen=True, slots=True)
class Deletion:
    name: EventName
    etag: str = ""
    allow_missing: bool = False
    scope: Scope | None = None
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Changed:
    """The event that a change was about, and the original starts of exceptions that were lost by it."""

    event: Event
    dropped: tuple[EventTime, ...] = ()


class EventWrites:
    """The writes of one work to one calendar, whose feed is locked. `new_id` makes ids of events."""

    def __init__(self, tx: Write, calendar: Calendar, new_id: Callable[[], str]) -> None:
        self._tx = tx
        self._calendar = calendar
        self._new_id = new_id
        self._uids: set[str] = set()
        self._account: Account | None = None

    async def create(self, creation: Creation) -> Event:
        draft = creation.draft
        name = EventName(self._calendar.name, creation.event_id or self._new_id())
        if creation.event_id:
            require_free(await self._tx.events.get(name) is not None, name)
        if draft.uid:
            await self._require_new_uid(draft.uid)
        series.require_recurrence(draft, self._calendar.time_zone)
        event = self._tx.events.create(await self._derived(new_event(self._tx, self._calendar, name, draft)))
        await self._announce(creation.notify, None, event)
        return event

    async def update(self, change: Change) -> Changed:
        """Raises ResourceNotFound, EtagMismatch, OwnedByBooking, InvalidInput; writes nothing if nothing changes."""
        before = await self._existing(change.name.series)
        require_etag(before.etag, change.etag)
        require_free_standing(before)
        scope = _scope(change.name, change.scope, "scope")
        if not change.name.original:
            return await self._change_all(before, change, change.patch(before))
        occurrence = self._occurrence(before, change.name)
        if scope is Scope.ALL:
            return await self._change_all(before, change, _with_times_of(before, occurrence, change.patch(before)))
        if scope is Scope.THIS_INSTANCE:
            return await self._change_instance(before, occurrence, change)
        return await self._change_following(before, occurrence, change)

    async def delete(self, deletion: Deletion) -> None:
        scope = _scope(deletion.name, deletion.scope, "scope")
        before = await self._tx.events.get(deletion.name.series)
        occurrence = self._deletable(before, deletion.name)
        if before is None or (deletion.name.original and occurrence is None):
            if not deletion.allow_missing:
                raise not_found(deletion.name)
            return
        require_etag(before.etag, deletion.etag)
        require_free_standing(before)
        if scope is Scope.ALL or occurrence is None:
            await self._delete_all(before, deletion.notify)
        elif scope is Scope.THIS_INSTANCE:
            await self._delete_instance(before, occurrence, deletion)
        else:
            await self._delete_following(before, occurrence, deletion)

    async def respond(self, name: EventName, answer: Answer) -> Event:
        """Records an answer for a whole series or for one instance; raises NotAnAttendee.

        It is no new version (RFC 5546 section 3.2.3): SEQUENCE stays, and nobody is invited again.
        """
        before = await self._existing(name.series)
        require_etag(before.etag, answer.etag)
        require_free_standing(before)
        email = answer.attendee or (await self.owner()).email
        asked = self._standing(before, name) if name.original else before
        told = answered(asked, email, answer)
        if name.original:
            after = series.overridden(before, asked, told)
        else:
            after = replace(before, attendees=told.attendees, overrides=answered_overrides(before, email, answer))
        written = await self._put(before, after, notify=False)
        told = self._occurrence(written, name) if name.original else written
        if answer.notify and written is not before:
            self._send(itip.replied(told, email, answer.comment, await self._organizer()))
        return told

    async def owner(self) -> Account:
        """The account of the calendar."""
        if self._account is None:
            self._account = await existing_account(self._tx, AccountName(self._calendar.name.account))
        return self._account

    async def _change_all(self, before: Event, change: Change, draft: EventDraft, base: Event | None = None) -> Changed:
        """`base` is what is changed, if that is not the series as it stands."""
        if draft.start != before.start and draft.recurrence == before.recurrence:
            draft = series.with_dates_moved_along(draft, before)
        if draft.recurrence != before.recurrence or draft.start != before.start:
            series.require_recurrence(draft, self._calendar.time_zone)
        edited = series.edited(base or before, draft, keep_exceptions=change.keep_exceptions)
        return Changed(await self._put(before, edited.event, change.notify), edited.dropped)

    async def _change_instance(self, before: Event, occurrence: Event, change: Change) -> Changed:
        draft = change.patch(occurrence)
        if _original(occurrence) in before.cancelled and draft.status is EventStatus.CANCELLED:
            raise not_found(change.name)
        after = series.overridden(before, occurrence, draft)
        after = with_next_version(after, occurrence, self._occurrence(after, change.name))
        written = await self._put(before, after, notify=False)
        instance = self._occurrence(written, change.name)
        if written is not before:
            await self._announce(change.notify, occurrence, instance)
        return Changed(instance)

    async def _change_following(self, before: Event, occurrence: Event, change: Change) -> Changed:
        base = series.forgetting(before, occurrence, change.patch(occurrence))
        draft = change.patch(series.continuation(before, occurrence))
        if not draft.recurrence:
            text = "is needed for this and the following instances: leave it out of the mask to keep what is left of it"
            raise InvalidInput([Violation("event.recurrence", text)])
        if series.is_first(before, occurrence):
            return await self._change_all(before, change, draft, base)
        new_id = self._new_id()
        name = EventName(self._calendar.name, new_id)
        series.require_recurrence(draft, self._calendar.time_zone)
        parts = series.split(base, occurrence, name, f"{new_id}@schedsvc", draft)
        following = await self._derived(replace(parts.after, sequence=0))
        await self._put(before, parts.before, change.notify)
        made = self._tx.events.create(following)
        await self._announce(change.notify, None, made)
        return Changed(made, parts.dropped)

    async def _delete_all(self, before: Event, notify: bool) -> None:
        self._tx.events.delete(before)
        if notify and has_people(before):
            self._send(itip.called_off(before, await self._organizer()))

    async def _delete_instance(self, before: Event, occurrence: Event, deletion: Deletion) -> None:
        after = await self._put(before, series.cancelled(before, _original(occurrence)), notify=False)
        if deletion.notify and occurrence.attendees:
            gone = replace(occurrence, sequence=after.sequence)
            self._send(itip.called_off(gone, await self._organizer()))

    async def _delete_following(self, before: Event, occurrence: Event, deletion: Deletion) -> None:
        if series.is_first(before, occurrence):
            await self._delete_all(before, deletion.notify)
        else:
            await self._put(before, series.truncated(before, _original(occurrence)), deletion.notify)

    async def _put(self, before: Event, after: Event, notify: bool) -> Event:
        """Writes a new version of an event, unless it is the same."""
        after = await self._derived(replace(after, sequence=next_sequence(before, after)))
        if after == before:
            return before
        written = self._tx.events.update(after, before)
        await self._announce(notify, before, written)
        return written

    async def _derived(self, event: Event) -> Event:
        """The event with what follows from its calendar: instants, and whether the owner is among the attendees."""
        owner = (await self.owner()).email.casefold() if has_people(event) else ""
        derived = series.derived(replace(event, zone=self._calendar.time_zone, owner=owner))
        _require_fitting(derived)
        return derived

    async def _announce(self, notify: bool, before: Event | None, after: Event) -> None:
        if notify and (has_people(after) or (before is not None and has_people(before))):
            self._send(itip.announced(before, after, await self._organizer()))

    def _send(self, messages: Iterable[itip.Message]) -> None:
        for message in messages:
            self._tx.outbox.add(TOPIC, str(message.event.name), message.document())

    async def _organizer(self) -> Organizer:
        account = await self.owner()
        return Organizer(account.email, account.display_name)

    async def _existing(self, name: EventName) -> Event:
        return await existing_event(self._tx, name)

    def _occurrence(self, event: Event, name: EventName) -> Event:
        found = series.instance(event, name.original, Budget()) if event.is_series else None
        if found is None:
            raise not_found(name)
        return found

    def _deletable(self, event: Event | None, name: EventName) -> Event | None:
        """The instance of that name that is there to be deleted."""
        if event is None or not name.original or not event.is_series:
            return None
        found = series.instance(event, name.original, Budget())
        return None if found is None or _original(found) in event.cancelled else found

    def _standing(self, event: Event, name: EventName) -> Event:
        """The instance, if it was not deleted: what is deleted cannot be answered."""
        found = self._occurrence(event, name)
        if _original(found) in event.cancelled:
            raise not_found(name)
        return found

    async def _require_new_uid(self, uid: str) -> None:
        twins = [twin.name for twin in await self._tx.events.by_uids(self._calendar.name, [uid])]
        if twins or uid in self._uids:
            taken = str(twins[0]) if twins else "an event of this batch"
            raise IdTaken(f"{taken} has this UID: update it, or leave the UID empty", resource=taken)
        self._uids.add(uid)


def new_event(tx: Write, calendar: Calendar, name: EventName, draft: EventDraft) -> Event:
    """A record for a new event, with all that follows from it still to be derived (`series.derived`)."""
    values = fields_of(draft, EventDraft)
    values["uid"] = draft.uid or f"{name.event}@schedsvc"
    return Event(
        **values,
        name=name,
        extent=(0, 0),
        occupied=(0, 0),
        booking=None,
        sequence=0,
        revision=0,
        index=0,
        born=0,
        create_time=tx.now,
        update_time=tx.now,
        zone=calendar.time_zone,
    )


def has_people(event: Event) -> bool:
    """Whether anybody is invited, be it to one instance."""
    return bool(event.attendees) or any(override.attendees for override in event.overrides)


def not_found(name: EventName) -> ResourceNotFound:
    return ResourceNotFound("schedsvc/Event", str(name))


async def existing_event(tx: Read, name: EventName) -> Event:
    """The event or series; raises ResourceNotFound."""
    event = await tx.events.get(name)
    if event is None:
        raise not_found(name)
    return event


def require_free_standing(event: Event) -> None:
    """Raises OwnedByBooking for the event of a booking."""
    if event.booking is not None:
        message = f"{event.name} belongs to {event.booking}: cancel the booking instead"
        raise OwnedByBooking(message, booking=str(event.booking))


def _scope(name: EventName, asked: Scope | None, field: str) -> Scope:
    """What a write is about; raises InvalidInput for a part of a series that the name does not name."""
    if name.original:
        return asked or Scope.THIS_INSTANCE
    if asked in (Scope.THIS_INSTANCE, Scope.THIS_AND_FOLLOWING):
        text = f"{asked.name} needs the name of an instance: {name}~YYYYMMDDThhmmssZ"
        raise InvalidInput([Violation(field, text)])
    return Scope.ALL


def _with_times_of(before: Event, occurrence: Event, draft: EventDraft) -> EventDraft:
    """The draft, if it leaves the times of the series or of the named instance alone; raises InvalidInput otherwise."""
    if (draft.start, draft.end) == (occurrence.start, occurrence.end):
        return replace(draft, start=before.start, end=before.end)
    names = [name for name in ("start", "end") if getattr(draft, name) != getattr(before, name)]
    if names:
        text = "is that of one instance: name the series itself to change when all of it takes place"
        raise InvalidInput([Violation(f"event.{name}", text) for name in names])
    return draft


def _require_fitting(event: Event) -> None:
    """Raises InvalidInput for an event that no answer could hold: each exception is told as a whole event."""
    if weigh_event(event) > MESSAGE_BYTES:
        text = "is too large with its exceptions: invite fewer people, shorten its texts, or split the series"
        raise InvalidInput([Violation("event", text)])


def _original(occurrence: Event) -> EventTime:
    if occurrence.occurrence is None:
        raise RuntimeError(f"{occurrence.name} is no instance")
    return occurrence.occurrence.original
