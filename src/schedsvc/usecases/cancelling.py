"""Calling bookings off: what CancelBooking does to one and the deletion of a profile to all."""

from __future__ import annotations

from dataclasses import replace

from schedsvc.domain.bookings import Booking, BookingState
from schedsvc.domain.events import Event, EventStatus
from schedsvc.domain.profiles import BookingProfile
from schedsvc.domain.time import seconds_up
from schedsvc.repositories.base import Write


async def cancel(tx: Write, booking: Booking, reason: str, by: str) -> Booking:
    """The cancelled booking; its event is kept as cancelled. The feeds of both must be locked."""
    event = await tx.events.get(booking.event)
    if event is not None:
        tx.events.update(called_off(event), event)
    return _cancelled(tx, booking, reason, by)


async def cancel_all(tx: Write, profile: BookingProfile, *, by: str, with_events: bool) -> None:
    """Cancels the profile's bookings to come; `with_events=False` where the calendars are deleted anyway."""
    for booking in await tx.bookings.to_come(profile.name, seconds_up(tx.now)):
        if with_events:
            await cancel(tx, booking, "", by)
        else:
            _cancelled(tx, booking, "", by)


def called_off(event: Event) -> Event:
    """The event with status CANCELLED and the next SEQUENCE (RFC 5546)."""
    return replace(event, status=EventStatus.CANCELLED, sequence=event.sequence + 1)


def _cancelled(tx: Write, booking: Booking, reason: str, by: str) -> Booking:
    after = replace(booking, state=BookingState.CANCELLED, cancel_reason=reason, updated_by=by)
    return tx.bookings.update(after, booking)
