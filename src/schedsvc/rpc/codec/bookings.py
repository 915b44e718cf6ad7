"""Bookings on the wire."""

from __future__ import annotations

from schedsvc.domain.bookings import Booker, Booking, BookingDraft, BookingState
from schedsvc.rpc.codec.time import fill_datetime, local_text
from schedsvc.v1 import bookings_pb2 as pb


def decode(message: pb.Booking) -> BookingDraft:
    """A duration that is not set stays None: it means the profile's."""
    return BookingDraft(
        start=message.start.seconds,
        duration=message.duration.seconds if message.HasField("duration") else None,
        booker=_decode_booker(message.booker),
        substitutions=dict(message.substitutions),
        metadata=dict(message.metadata),
    )


def _decode_booker(message: pb.Booker) -> Booker:
    return Booker(message.email, message.display_name, message.external_id, message.time_zone)


def encode(booking: Booking) -> pb.Booking:
    """The booking as it is answered."""
    out = pb.Booking()
    fill(out, booking)
    return out


def fill(out: pb.Booking, booking: Booking) -> None:
    """Sets an empty `out`, which may be a part of a larger message, to the booking as it is answered."""
    _fill_time(out, booking, booking.shown_in)
    _fill_booker(out.booker, booking.booker)
    out.name = str(booking.name)
    out.state = pb.Booking.State.ValueType(booking.state)
    out.substitutions.update(booking.substitutions)
    out.subject = booking.subject
    out.description = booking.description
    out.location = booking.location
    out.event = str(booking.event)
    out.cancel_reason = booking.cancel_reason
    out.metadata.update(booking.metadata)
    out.created_by = booking.created_by
    out.updated_by = booking.updated_by
    out.revision = booking.revision
    out.etag = booking.etag
    fill_datetime(out.create_time, booking.create_time)
    fill_datetime(out.update_time, booking.update_time)


def _fill_time(out: pb.Booking, booking: Booking, zone_name: str) -> None:
    start, end = booking.extent
    out.start.seconds, out.end.seconds = start, end
    out.duration.seconds = end - start
    out.local_start, out.local_end = local_text(start, zone_name), local_text(end, zone_name)


def _fill_booker(out: pb.Booker, booker: Booker) -> None:
    out.email = booker.email
    out.display_name = booker.display_name
    out.external_id = booker.external_id
    out.time_zone = booker.time_zone


def decode_states(request: pb.ListBookingsRequest) -> tuple[BookingState, ...]:
    """The states asked for, each once; empty means any."""
    return tuple(sorted({BookingState(state) for state in request.states}))
