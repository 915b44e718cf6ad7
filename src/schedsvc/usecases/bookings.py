"""Bookings: a slot is evaluated again under the lock of everything it depends on, so it is never sold twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schedsvc.domain.availability import Question, needed, refusals
from schedsvc.domain.bookings import Booking, BookingDraft, BookingState
from schedsvc.domain.errors import InvalidInput, ResourceNotFound, SlotUnavailable, Violation
from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventStatus,
    EventType,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.feeds import FeedKey, calendar_feed, profile_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import DESCRIPTION_CHARACTERS, LOCATION_CHARACTERS, SUBJECT_CHARACTERS
from schedsvc.domain.names import AccountName, BookingName, EventName, ProfileName
from schedsvc.domain.principals import Principal
from schedsvc.domain.profiles import BookingProfile
from schedsvc.domain.ranges import RangeRequest, resolve_bound
from schedsvc.domain.templates import render, variables
from schedsvc.domain.time import seconds_up, zoned_at
from schedsvc.domain.weights import weigh_booking
from schedsvc.repositories.base import BookingFilter, Once, Page, Read, Store, Write
from schedsvc.usecases.access import require_account, unreadable, visible_account
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.cancelling import cancel
from schedsvc.usecases.checks import require_etag, require_free
from schedsvc.usecases.locking import require_locked, until_locked
from schedsvc.usecases.offers import Compiled, Offers
from schedsvc.usecases.profiles import existing_profile
from schedsvc.usecases.requests import Listed, WriteOptions, listed, one_more
from schedsvc.usecases.slots import required_duration
from schedsvc.usecases.timelines import Timelines

EVER = (-(2**62), 2**62)
_LIMITS = (
    ("subject", SUBJECT_CHARACTERS),
    ("description", DESCRIPTION_CHARACTERS),
    ("location", LOCATION_CHARACTERS),
)


@dataclass(frozen=True, slots=True)
class BookingQuery:
    """Which bookings: of a profile, else of an account, else of all; empty means any."""

    profile: ProfileName | None
    account: AccountName | None
    asked: RangeRequest
    states: tuple[BookingState, ...] = ()
    booker_email: str = ""


class Bookings:
    """`new_id` makes the ids of bookings, where their creator chose none, and of their events."""

    def __init__(self, store: Store, new_id: Callable[[], str], offers: Offers, timelines: Timelines) -> None:
        self._store = store
        self._new_id = new_id
        self._offers = offers
        self._timelines = timelines

    async def create(
        self, principal: Principal, options: WriteOptions, parent: ProfileName, booking_id: str, draft: BookingDraft
    ) -> Booking:
        """Raises SlotUnavailable with every reason of the evaluator, InvalidInput for duration and texts."""
        require_account(principal, parent.account)
        name = BookingName(parent, booking_id or self._new_id())

        async def work(tx: Write) -> Booking:
            compiled = await self._offers.at(tx, parent, tx.locked)
            require_locked(tx.locked, compiled.feeds)
            if booking_id:
                require_free(await tx.bookings.get(name) is not None, name)
            extent = await self._require_slot(tx, compiled, draft)
            booking = _new_booking(tx, compiled, name, draft, extent, self._new_id(), principal.id)
            tx.events.create(_event_of(booking))
            return tx.bookings.create(booking)

        async def attempt() -> Booking:
            feeds = await self._feeds(principal.tenant, parent, options.once)
            return await self._store.write(
                principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only
            )

        return await until_locked(attempt)

    async def get(self, principal: Principal, name: BookingName) -> Booking:
        require_account(principal, name.profile.account)
        async with self._store.read(principal.tenant) as tx:
            return await _existing(tx, name)

    async def list(self, principal: Principal, query: BookingQuery, page: Page) -> Listed[Booking]:
        asked = query.profile.account if query.profile else query.account.account if query.account else None
        owner = visible_account(principal, asked)
        wanted = BookingFilter(_starts(query.asked), query.states, query.booker_email.lower())
        async with self._store.read(principal.tenant) as tx:
            if query.profile is not None:
                await existing_profile(tx, query.profile)
            elif query.account is not None:
                await existing_account(tx, query.account)
            found = await tx.bookings.list(query.profile, owner, wanted, one_more(page))
            return listed(found, page, _sort_key, weigh_booking)

    async def cancel(
        self, principal: Principal, options: WriteOptions, name: BookingName, *, reason: str = "", etag: str = ""
    ) -> Booking:
        """A booking that is cancelled already is answered as it stands, without a new revision."""
        require_account(principal, name.profile.account)

        async def work(tx: Write) -> Booking:
            booking = await _existing(tx, name)
            require_etag(booking.etag, etag)
            if booking.state is not BookingState.CANCELLED:
                booking = await cancel(tx, booking, reason, principal.id)
            return booking

        async with self._store.read(principal.tenant) as tx:
            event = (await _existing(tx, name)).event
        feeds = [profile_feed(name.profile), calendar_feed(event.calendar)]
        return await self._store.write(principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only)

    async def _feeds(self, tenant: str, profile: ProfileName, once: Once | None) -> Sequence[FeedKey]:
        kept = self._offers.guess(tenant, profile)
        if kept is not None:
            return kept
        try:
            async with self._store.read(tenant) as tx:
                return await self._offers.feeds(tx, profile)
        except ResourceNotFound:
            if once is None:
                raise
            # The booking may have been made before the profile went: the lock tells.
            return [profile_feed(profile)]

    async def _require_slot(self, tx: Write, compiled: Compiled, draft: BookingDraft) -> Interval:
        """The slot's extent, once the evaluator has nothing against it."""
        duration = required_duration(compiled.offer, draft.duration, "booking.duration")
        question = Question(seconds_up(tx.now), duration, unreadable=await unreadable(tx, compiled.profile))
        window = needed(compiled.offer, question, draft.start, draft.start + 1)
        timelines = await self._timelines.load(tx, tx.locked, compiled.profile.calendars, window)
        reasons = refusals(compiled.offer, question, timelines, draft.start)
        if reasons:
            raise SlotUnavailable(reasons)
        return draft.start, draft.start + duration


def _sort_key(booking: Booking) -> tuple[str | int, ...]:
    profile = booking.name.profile
    return booking.extent[0], f"{profile.account}/{profile.profile}", booking.name.booking


async def _existing(tx: Read, name: BookingName) -> Booking:
    booking = await tx.bookings.get(name)
    if booking is None:
        raise ResourceNotFound("schedsvc/Booking", str(name))
    return booking


def _starts(asked: RangeRequest) -> Interval | None:
    """Either bound may be missing here: bookings are few, and are listed by an index on their start."""
    if asked.low is None and asked.high is None:
        return None
    zone = asked.time_zone or "UTC"
    low = EVER[0] if asked.low is None else resolve_bound(asked.low, zone)
    high = EVER[1] if asked.high is None else resolve_bound(asked.high, zone)
    if high <= low:
        raise InvalidInput([Violation(asked.fields[1], f"must be after {asked.fields[0]}", "BAD_TIME_RANGE")])
    return low, high


def _new_booking(
    tx: Write,
    compiled: Compiled,
    name: BookingName,
    draft: BookingDraft,
    extent: Interval,
    event_id: str,
    by: str,
) -> Booking:
    subject, description, location = _texts(compiled.profile, draft)
    return Booking(
        name=name,
        state=BookingState.CONFIRMED,
        extent=extent,
        occupied=(extent[0] - compiled.offer.before, extent[1] + compiled.offer.after),
        time_zone=compiled.offer.time_zone,
        booker=draft.booker,
        substitutions=draft.substitutions,
        subject=subject,
        description=description,
        location=location,
        cancel_reason="",
        event=EventName(compiled.profile.calendar, event_id),
        metadata=draft.metadata,
        created_by=by,
        updated_by=by,
        revision=0,
        index=0,
        born=0,
        create_time=tx.now,
        update_time=tx.now,
    )


def _texts(profile: BookingProfile, draft: BookingDraft) -> tuple[str, str, str]:
    """Subject, description and location with the booker's values.

    Raises InvalidInput naming the values that are missing, or the texts that would become too long.
    """
    values = {**draft.substitutions, "name": draft.booker.display_name, "email": draft.booker.email}
    asked = variables(profile.subject, profile.description, profile.location)
    missing = [variable.name for variable in asked if variable.default is None and variable.name not in values]
    if missing:
        raise InvalidInput(
            [_bad_values(f"a value for {name!r} is required", "SUBSTITUTION_MISSING") for name in missing]
        )
    subject = render(profile.subject, values) or profile.display_name or "Booking"
    texts = subject, render(profile.description, values), render(profile.location, values)
    long = [(name, limit) for text, (name, limit) in zip(texts, _LIMITS, strict=True) if len(text) > limit]
    if long:
        raise InvalidInput(
            [_bad_values(f"the {name} would be longer than {limit:,} characters") for name, limit in long]
        )
    return texts


def _bad_values(description: str, reason: str = "FIELD_INVALID") -> Violation:
    return Violation("booking.substitutions", description, reason)


def _event_of(booking: Booking) -> Event:
    start, end = (zoned_at(instant, booking.time_zone) for instant in booking.extent)
    booker = Attendee(booking.booker.email, booking.booker.display_name, AttendeeType.REQUIRED, ResponseStatus.ACCEPTED)
    return Event(
        name=booking.event,
        uid=f"{booking.event.event}@schedsvc",
        start=start,
        end=end,
        extent=booking.extent,
        occupied=booking.occupied,
        subject=booking.subject,
        description=booking.description,
        location=booking.location,
        show_as=ShowAs.BUSY,
        status=EventStatus.CONFIRMED,
        event_type=EventType.BOOKING,
        attendees=(booker,),
        metadata={},
        external_ref=None,
        booking=booking.name,
        sequence=0,
        revision=0,
        index=0,
        born=0,
        create_time=booking.create_time,
        update_time=booking.update_time,
    )
