"""Booking profiles on the wire."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.duration_pb2 import Duration

from schedsvc.domain.hours import WorkHours
from schedsvc.domain.names import CalendarName, parse_calendar, parse_profile, primary_calendar
from schedsvc.domain.periods import format_period, parse_period
from schedsvc.domain.profiles import BookingProfile, ProfileDraft
from schedsvc.rpc.codec import patches
from schedsvc.rpc.codec.time import (
    decode_datetime,
    decode_minutes,
    decode_work_hours,
    encode_datetime,
    encode_work_hours,
)
from schedsvc.v1 import booking_profiles_pb2 as pb

DEFAULT_STEP = 15
DEFAULT_NOTICE = 60
DEFAULT_HORIZON = "P60D"


def decode(message: pb.BookingProfile, account: str) -> ProfileDraft:
    """With the defaults, for a profile of the account of that id; a slug that is not set stays empty."""
    return ProfileDraft(
        slug=message.slug,
        display_name=message.display_name,
        calendar=_calendar(message.calendar, account),
        conflict_calendars=tuple(dict.fromkeys(map(parse_calendar, message.conflict_calendars))),
        work_hours=decode_work_hours(message.work_hours) if message.HasField("work_hours") else None,
        duration_minutes=decode_minutes(message.duration),
        step_minutes=message.availability_step_minutes or DEFAULT_STEP,
        buffer_before_minutes=message.buffer_before_minutes,
        buffer_after_minutes=message.buffer_after_minutes,
        start_after_minutes=_notice(message),
        available_for=parse_period(message.time_available_for or DEFAULT_HORIZON),
        active_from=decode_datetime(message.start_time) if message.HasField("start_time") else None,
        active_until=decode_datetime(message.end_time) if message.HasField("end_time") else None,
        subject=message.subject,
        description=message.description,
        location=message.location,
        metadata=dict(message.metadata),
    )


def _calendar(name: str, account: str) -> CalendarName:
    return parse_calendar(name) if name else primary_calendar(account)


def _notice(message: pb.BookingProfile) -> int:
    given = message.HasField("start_after_minutes")
    return message.start_after_minutes if given else DEFAULT_NOTICE


def encode(profile: BookingProfile, effective: WorkHours | None = None) -> pb.BookingProfile:
    """The profile as it is answered; `effective` are the hours in force."""
    start, end = profile.active_from, profile.active_until
    return pb.BookingProfile(
        name=str(profile.name),
        slug=profile.slug,
        display_name=profile.display_name,
        calendar=str(profile.calendar),
        conflict_calendars=[str(name) for name in profile.conflict_calendars],
        work_hours=encode_work_hours(profile.work_hours) if profile.work_hours else None,
        effective_work_hours=encode_work_hours(effective) if effective else None,
        duration=Duration(seconds=60 * profile.duration_minutes),
        availability_step_minutes=profile.step_minutes,
        buffer_before_minutes=profile.buffer_before_minutes,
        buffer_after_minutes=profile.buffer_after_minutes,
        start_after_minutes=profile.start_after_minutes,
        time_available_for=format_period(profile.available_for),
        start_time=encode_datetime(start) if start else None,
        end_time=encode_datetime(end) if end else None,
        subject=profile.subject,
        description=profile.description,
        location=profile.location,
        metadata=profile.metadata,
        etag=profile.etag,
        create_time=encode_datetime(profile.create_time),
        update_time=encode_datetime(profile.update_time),
    )


def patch(request: pb.UpdateBookingProfileRequest) -> Callable[[BookingProfile], ProfileDraft]:
    """From the profile as it is to the one asked for; raises InvalidInput when applied."""
    merged = patches.merger(request.booking_profile, request.update_mask, "booking_profile")
    account = parse_profile(request.booking_profile.name).account
    return lambda current: decode(merged(encode(current)), account)
