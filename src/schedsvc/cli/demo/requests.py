"""The requests of the demonstration."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from google.type.dayofweek_pb2 import DayOfWeek

from schedsvc.cli.demo.plan import FIRST_HOUR, LAST_HOUR, STEP_MINUTES, Plan
from schedsvc.client import messages

PROFILE_ID = "visits"
DURATION = timedelta(minutes=STEP_MINUTES)


def room_calendar(plan: Plan) -> str:
    """As requests may name it."""
    return f"accounts/{plan.account}/calendars/primary"


def real_calendar(plan: Plan) -> str:
    """As answers name it."""
    return f"accounts/{plan.account}/calendars/{plan.account}"


def rest_account(plan: Plan) -> messages.CreateAccountRequest:
    account = messages.Account(
        kind=messages.Account.KIND_GROUP, display_name="Everything without a room", time_zone=plan.zone
    )
    return messages.CreateAccountRequest(account=account, account_id=plan.rest)


def profile(plan: Plan) -> messages.CreateBookingProfileRequest:
    """Half hours, every day from 08:00 to 20:00, without notice, as far ahead as the file goes."""
    hours = messages.MinuteRange(start_minute=FIRST_HOUR * 60, end_minute=LAST_HOUR * 60)
    week = [messages.DaySchedule(day_of_week=day, intervals=[hours]) for day in DayOfWeek.values() if day]
    wanted = messages.BookingProfile(
        display_name=f"Visits to {plan.display_name}"[:256],
        work_hours=messages.WorkHours(time_zone=plan.zone, day_schedules=week),
        availability_step_minutes=STEP_MINUTES,
        start_after_minutes=0,
        time_available_for=f"P{plan.horizon_days}D",
        subject="Visit of {{name}}",
    )
    wanted.duration.FromTimedelta(DURATION)
    return messages.CreateBookingProfileRequest(
        parent=f"accounts/{plan.account}", booking_profile=wanted, booking_profile_id=PROFILE_ID
    )


def slots(profile_name: str, plan: Plan) -> messages.ListSlotsRequest:
    return messages.ListSlotsRequest(
        parent=profile_name,
        time_min=_day(plan.monday),
        time_max=_day(plan.monday + timedelta(days=7)),
        time_zone=plan.zone,
        page_size=1000,
    )


def busy(plan: Plan) -> messages.QueryFreeBusyRequest:
    return messages.QueryFreeBusyRequest(
        targets=[room_calendar(plan)],
        time_min=_day(plan.monday),
        time_max=_day(plan.monday + timedelta(days=7)),
        time_zone=plan.zone,
    )


def booking(profile_name: str, start: datetime, caller: str) -> messages.CreateBookingRequest:
    wanted = messages.Booking(
        booker=messages.Booker(email=f"{caller}@example.org", display_name=f"the {caller} caller")
    )
    wanted.start.FromDatetime(start)
    return messages.CreateBookingRequest(parent=profile_name, booking=wanted, booking_id=f"{caller}-caller")


def sync(profile_name: str) -> messages.StartSyncRequest:
    return messages.StartSyncRequest(targets=[profile_name], skip_initial=True)


def stream(token: str) -> messages.StreamChangesRequest:
    return messages.StreamChangesRequest(tokens=[token])


def _day(day: date) -> messages.TimeBound:
    return messages.TimeBound(date=day.isoformat())
