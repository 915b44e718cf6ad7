"""Bookings in the table `bookings`; every write also appends to the log of the profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.bookings import Booker, Booking, BookingState
from schedsvc.domain.changes import Change, ChangeCause, ChangeKind, Place
from schedsvc.domain.feeds import FeedKey, FeedKind, profile_feed, profile_of
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, CalendarName, EventName, ProfileName
from schedsvc.repositories.base import BookingFilter, Page
from schedsvc.repositories.sql.bodies import at, dump, dump_calendar, escaped, load, micros, texts
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import bookings, of_tenant
from schedsvc.repositories.sql.windows import after_place, beyond, overlaps

_COLUMNS = (
    bookings.c.feed_id,
    bookings.c.booking_id,
    bookings.c.revision,
    bookings.c.idx,
    bookings.c.born,
    bookings.c.body,
)
_ALL = sa.select(*_COLUMNS).where(of_tenant(bookings))
_OF_PROFILE = _ALL.where(bookings.c.feed_id == sa.bindparam("feed_id"))
_GET = _OF_PROFILE.where(bookings.c.booking_id == sa.bindparam("booking_id"))
_SORT_KEY = (bookings.c.start_s, bookings.c.feed_id, bookings.c.booking_id)
_TO_COME = _OF_PROFILE.where(
    bookings.c.state == int(BookingState.CONFIRMED), bookings.c.end_s > sa.bindparam("now")
).order_by(bookings.c.start_s, bookings.c.booking_id)


class SqlBookings:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, name: BookingName) -> Booking | None:
        feed_id = profile_feed(name.profile).id
        row = await self._session.first(_GET, feed_id=feed_id, booking_id=name.booking)
        return None if row is None else _booking(row)

    async def list(
        self, profile: ProfileName | None, account: str | None, wanted: BookingFilter, page: Page
    ) -> Sequence[Booking]:
        statement = _ALL
        if profile is not None:
            statement = statement.where(bookings.c.feed_id == profile_feed(profile).id)
        elif account is not None:
            statement = statement.where(bookings.c.account_id == account)
        statement = statement.where(*_conditions(wanted), *_bounds(wanted.starts, page.after))
        return await self._bookings(statement.order_by(*_SORT_KEY).limit(page.size))

    async def to_come(self, profile: ProfileName, now: int) -> Sequence[Booking]:
        return await self._bookings(_TO_COME, feed_id=profile_feed(profile).id, now=now)

    async def live(
        self, profile: ProfileName, window: Interval | None, after: Place, mark: int, limit: int
    ) -> Sequence[Booking]:
        statement = _OF_PROFILE.where(after_place(bookings, after, mark))
        if window is not None:
            statement = statement.where(overlaps(bookings, window))
        statement = statement.order_by(bookings.c.revision, bookings.c.idx).limit(limit)
        return await self._bookings(statement, feed_id=profile_feed(profile).id)

    async def _bookings(self, statement: sa.Executable, **values: Any) -> Sequence[Booking]:
        return [_booking(row) for row in await self._session.all(statement, **values)]


class SqlBookingWrites(SqlBookings):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def create(self, draft: Booking) -> Booking:
        place, now = self._ledger.next_place(profile_feed(draft.name.profile)), self._ledger.now
        booking = replace(
            draft,
            revision=place.revision,
            index=place.index,
            born=place.revision,
            create_time=now,
            update_time=now,
        )
        self._write(Act.INSERT, booking, None)
        return booking

    def update(self, booking: Booking, before: Booking, cause: ChangeCause | None = None) -> Booking:
        place = self._ledger.next_place(profile_feed(booking.name.profile))
        booking = replace(
            booking,
            revision=place.revision,
            index=place.index,
            born=before.born,
            create_time=before.create_time,
            update_time=self._ledger.now,
        )
        self._write(Act.UPDATE, booking, before.extent, cause)
        return booking

    def _write(self, act: Act, booking: Booking, previous: Interval | None, cause: ChangeCause | None = None) -> None:
        body = dump_booking(booking)
        self._ledger.rows.put(bookings, act, _row(booking, body))
        change = Change(
            feed=profile_feed(booking.name.profile),
            place=Place(booking.revision, booking.index),
            kind=ChangeKind.CREATED if act is Act.INSERT else ChangeKind.UPDATED,
            reason=None,
            resource_id=booking.name.booking,
            uid="",
            extent=booking.extent,
            previous=previous,
            born=booking.born,
            time=booking.update_time,
            record=booking,
            cause=cause,
        )
        self._ledger.publish(change, body)


def dump_booking(booking: Booking) -> str:
    """Everything but name and place: what `bookings` and `changes` hold alike."""
    booker, event = booking.booker, booking.event
    return dump(
        {
            "state": int(booking.state),
            "extent": booking.extent,
            "occupied": booking.occupied,
            "time_zone": booking.time_zone,
            "booker": [booker.email, booker.display_name, booker.external_id, booker.time_zone],
            "substitutions": texts(booking.substitutions),
            "subject": booking.subject,
            "description": booking.description,
            "location": booking.location,
            "cancel_reason": booking.cancel_reason,
            "event": [*dump_calendar(event.calendar), event.event],
            "metadata": texts(booking.metadata),
            "created_by": booking.created_by,
            "updated_by": booking.updated_by,
            "create_us": micros(booking.create_time),
            "update_us": micros(booking.update_time),
        }
    )


def load_booking(name: BookingName, place: Place, born: int, text: str) -> Booking:
    body = load(text)
    start, end = body["extent"]
    occupied_start, occupied_end = body["occupied"]
    account, calendar, event = body["event"]
    return Booking(
        name=name,
        state=BookingState(body["state"]),
        extent=(start, end),
        occupied=(occupied_start, occupied_end),
        time_zone=body["time_zone"],
        booker=Booker(*body["booker"]),
        substitutions=body["substitutions"],
        subject=body["subject"],
        description=body["description"],
        location=body["location"],
        cancel_reason=body["cancel_reason"],
        event=EventName(CalendarName(account, calendar), event),
        metadata=body["metadata"],
        created_by=body["created_by"],
        updated_by=body["updated_by"],
        revision=place.revision,
        index=place.index,
        born=born,
        create_time=at(body["create_us"]),
        update_time=at(body["update_us"]),
    )


def _conditions(wanted: BookingFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(bookings.c.state.in_(padded([int(state) for state in wanted.states])))
    if wanted.booker_email:
        conditions.append(bookings.c.booker == escaped(wanted.booker_email.casefold()))
    return conditions


def _bounds(starts: Interval | None, after: tuple[str | int, ...] | None) -> list[sa.ColumnElement[bool]]:
    """Of two lower bounds the later: with both, an index would be entered at the wrong one."""
    bounds = [] if starts is None else [bookings.c.start_s < starts[1]]
    if after is not None and (starts is None or int(after[0]) >= starts[0]):
        bounds.append(beyond(_SORT_KEY, after))
    elif starts is not None:
        bounds.append(bookings.c.start_s >= starts[0])
    return bounds


def _row(booking: Booking, body: str) -> dict[str, Any]:
    return {
        "feed_id": profile_feed(booking.name.profile).id,
        "booking_id": booking.name.booking,
        "account_id": booking.name.profile.account,
        "state": int(booking.state),
        "start_s": booking.extent[0],
        "end_s": booking.extent[1],
        "booker": escaped(booking.booker.email.casefold()),
        "revision": booking.revision,
        "idx": booking.index,
        "born": booking.born,
        "body": body,
    }


def _booking(row: sa.Row[Any]) -> Booking:
    name = BookingName(profile_of(FeedKey(FeedKind.PROFILE, row.feed_id)), row.booking_id)
    return load_booking(name, Place(row.revision, row.idx), row.born, row.body)
