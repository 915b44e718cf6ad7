"""The little that the tests of processes need: an account, a profile that is open at all hours, and its slots."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import dayofweek_pb2

from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from schedsvc.v1.booking_profiles_pb2 import BookingProfile, CreateBookingProfileRequest
from schedsvc.v1.bookings_pb2 import Booker, Booking, CreateBookingRequest, ListSlotsRequest
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.time_pb2 import DaySchedule, MinuteRange, WorkHours
from tests.processes.conftest import Client

ACCOUNT = "accounts/anna"
CALENDAR = "accounts/anna/calendars/anna"
PROFILE = "accounts/anna/bookingProfiles/talk"
DAYS = range(dayofweek_pb2.MONDAY, dayofweek_pb2.SUNDAY + 1)


async def build(client: Client) -> None:
    """Makes the account and its profile."""
    await client.calendars.CreateAccount(CreateAccountRequest(account=Account(), account_id="anna"))
    always = [DaySchedule(day_of_week=day, intervals=[MinuteRange(start_minute=0, end_minute=1440)]) for day in DAYS]
    profile = BookingProfile(
        duration=Duration(seconds=1800),
        availability_step_minutes=30,
        work_hours=WorkHours(time_zone="UTC", day_schedules=always),
    )
    await client.bookings.CreateBookingProfile(
        CreateBookingProfileRequest(parent=ACCOUNT, booking_profile=profile, booking_profile_id="talk")
    )


async def slots(client: Client, count: int) -> list[Timestamp]:
    """The first free starts."""
    listed = await client.bookings.ListSlots(ListSlotsRequest(parent=PROFILE, page_size=count))
    return [slot.start for slot in listed.slots]


def booking(start: Timestamp, booker: str = "ada", request_id: str = "") -> CreateBookingRequest:
    made = Booking(start=start, booker=Booker(email=f"{booker}@example.org"))
    return CreateBookingRequest(parent=PROFILE, booking=made, request_id=request_id)


async def change_token(client: Client, *targets: str) -> str:
    """Where a consumer of all records begins."""
    started = await client.sync.StartSync(StartSyncRequest(targets=targets))
    return started.change_token
