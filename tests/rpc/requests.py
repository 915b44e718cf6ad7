"""A valid request for every RPC, against a little world that `prepare` makes; each write has one effect on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.dayofweek_pb2 import DayOfWeek

from schedsvc.v1.accounts_pb2 import (
    Account,
    CreateAccountRequest,
    DeleteAccountRequest,
    GetAccountRequest,
    ListAccountsRequest,
    UpdateAccountRequest,
)
from schedsvc.v1.booking_profiles_pb2 import (
    BookingProfile,
    CreateBookingProfileRequest,
    DeleteBookingProfileRequest,
    GetBookingProfileRequest,
    ListBookingProfilesRequest,
    UpdateBookingProfileRequest,
)
from schedsvc.v1.bookings_pb2 import (
    Booker,
    Booking,
    CancelBookingRequest,
    CreateBookingRequest,
    GetBookingRequest,
    ListBookingsRequest,
    ListSlotsRequest,
)
from schedsvc.v1.calendars_pb2 import (
    ACCESS_ROLE_FREE_BUSY_READER,
    ACCESS_ROLE_READER,
    ACCESS_ROLE_WRITER,
    AccessRole,
    Calendar,
    CreateCalendarRequest,
    DeleteCalendarRequest,
    ExternalRef,
    GetCalendarRequest,
    ListCalendarsRequest,
    Reminder,
    UpdateCalendarRequest,
)
from schedsvc.v1.changes_pb2 import (
    ListChangesRequest,
    ListDeletedRequest,
    ListUpdatedRequest,
    StartSyncRequest,
    StartSyncResponse,
    StreamChangesRequest,
)
from schedsvc.v1.events_pb2 import (
    SCOPE_ALL,
    SHOW_AS_BUSY,
    Attachment,
    Attendee,
    BatchWriteEventsRequest,
    Conference,
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    EventWrite,
    GetEventRequest,
    GetSeriesRequest,
    ListEventsRequest,
    ListInstancesRequest,
    MoveEventRequest,
    Organizer,
    RecurrencePattern,
    Reminders,
    RespondToEventRequest,
    ShowAs,
    UpdateEventRequest,
)
from schedsvc.v1.free_busy_pb2 import QueryFreeBusyRequest
from schedsvc.v1.grants_pb2 import (
    CreateGrantRequest,
    DeleteGrantRequest,
    GetGrantRequest,
    Grant,
    ListGrantsRequest,
    UpdateGrantRequest,
)
from schedsvc.v1.interchange_pb2 import ExportCalendarRequest, ImportCalendarRequest
from schedsvc.v1.suggestions_pb2 import MemberGroup, SuggestTimesRequest, TimeInterval
from schedsvc.v1.time_pb2 import DaySchedule, EventTime, MinuteRange, TimeBound, WorkHours
from tests.rpc.callers import Caller

HOUR, DAY = 3600, 86_400
MIDNIGHT = 1_893_974_400
"""2030-01-07T00:00Z, a Monday."""

FILE = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//example//EN\r
BEGIN:VEVENT\r
UID:imported@example.org\r
DTSTAMP:20300101T000000Z\r
DTSTART:20300109T090000Z\r
DTEND:20300109T100000Z\r
SUMMARY:Imported\r
END:VEVENT\r
END:VCALENDAR\r
"""


@dataclass(frozen=True, slots=True)
class World:
    """Names of what there is. `spare…` is in nobody's way and can be deleted; so are `series` and `trip`, in summer."""

    account: str
    spare_account: str
    guest_account: str
    calendar: str
    spare_calendar: str
    grant: str
    event: str
    series: str
    trip: str
    profile: str
    spare_profile: str
    booking: str
    tokens: StartSyncResponse

    @property
    def primary_calendar(self) -> str:
        return f"{self.account}/calendars/primary"


def at(seconds: int) -> Timestamp:
    """An instant, counted from Monday's midnight."""
    return Timestamp(seconds=MIDNIGHT + seconds)


def instant(seconds: int) -> EventTime:
    return EventTime(instant=at(seconds))


def bound(seconds: int) -> TimeBound:
    return TimeBound(instant=at(seconds))


def timed(start: int, end: int, **fields: object) -> Event:
    """An event in UTC; seconds from Monday's midnight."""
    return Event(start=instant(start), end=instant(end), **fields)  # type: ignore[arg-type]


def all_day(first: str, after: str, **fields: object) -> Event:
    return Event(start=EventTime(date=first), end=EventTime(date=after), **fields)  # type: ignore[arg-type]


def hours(time_zone: str = "UTC", start: int = 9, end: int = 17, days: Sequence[int] = range(1, 6)) -> WorkHours:
    """The same hours on each of some days, Monday being 1."""
    minutes = [MinuteRange(start_minute=start * 60, end_minute=end * 60)]
    schedules = [DaySchedule(day_of_week=DayOfWeek.ValueType(day), intervals=minutes) for day in days]
    return WorkHours(time_zone=time_zone, day_schedules=schedules)


def half_hours(**fields: object) -> BookingProfile:
    """A profile that sells half hours at every half hour."""
    values = {"duration": Duration(seconds=1800), "availability_step_minutes": 30, "work_hours": hours(), **fields}
    return BookingProfile(**values)  # type: ignore[arg-type]


def booking_at(seconds: int, email: str = "grace@example.org", **fields: object) -> Booking:
    return Booking(start=at(seconds), booker=Booker(email=email, display_name="Grace"), **fields)  # type: ignore[arg-type]


async def share(caller: Caller, calendar: str, grantee: str, role: AccessRole.ValueType) -> Grant:
    return await caller.calendar.CreateGrant(
        CreateGrantRequest(parent=calendar, grant=Grant(grantee=grantee, role=role))
    )


def gym() -> Event:
    """A series: on Mondays and Thursdays of June 2030, one of which is left out."""
    return Event(
        start=EventTime(date_time="2030-06-03T18:00", time_zone="Europe/Berlin"),
        end=EventTime(date_time="2030-06-03T19:30", time_zone="Europe/Berlin"),
        subject="Gym",
        recurrence=[
            "RRULE:FREQ=WEEKLY;UNTIL=20300630T220000Z;BYDAY=MO,TH",
            "EXDATE;TZID=Europe/Berlin:20300610T180000",
        ],
        attendees=[Attendee(email="bob@example.org"), Attendee(email="eve@example.org", type=Attendee.TYPE_OPTIONAL)],
    )


def creation(event_id: str, event: Event) -> EventWrite:
    """A new event as a write of a batch."""
    return EventWrite(create=CreateEventRequest(event_id=event_id, event=event))


async def prepare(caller: Caller, owner: str = "ada", suffix: str = "") -> World:
    """Makes a world below the account `owner`, which may be there already; `suffix` ends the ids of its children."""
    account, spare, guest = f"accounts/{owner}", f"spare{suffix}-{owner}", f"guest{suffix}-{owner}"
    calendar, profile = f"side{suffix}", f"intro{suffix}"
    for id_ in (owner, spare, guest):
        await caller.calendar.CreateAccount(CreateAccountRequest(account_id=id_, account=Account(time_zone="UTC")))
    for id_ in (calendar, f"spare{suffix}"):
        await caller.calendar.CreateCalendar(
            CreateCalendarRequest(parent=account, calendar_id=id_, calendar=Calendar(time_zone="UTC"))
        )
    for id_ in (profile, f"spare{suffix}"):
        await caller.booking.CreateBookingProfile(
            CreateBookingProfileRequest(
                parent=account,
                booking_profile_id=id_,
                booking_profile=half_hours(conflict_calendars=[f"{account}/calendars/{calendar}"]),
            )
        )
    granted = await share(caller, f"{account}/calendars/{calendar}", f"accounts/{guest}", ACCESS_ROLE_READER)
    made = await caller.calendar.CreateEvent(
        CreateEventRequest(
            parent=f"{account}/calendars/{calendar}",
            event_id=f"standup{suffix}",
            event=timed(12 * HOUR, 13 * HOUR, subject="Stand-up"),
        )
    )
    summer = await caller.calendar.BatchWriteEvents(
        BatchWriteEventsRequest(
            parent=f"{account}/calendars/primary",
            writes=[
                creation(f"gym{suffix}", gym()),
                creation(f"trip{suffix}", all_day("2030-07-01", "2030-07-15", subject="Trip")),
            ],
        )
    )
    booked = await caller.booking.CreateBooking(
        CreateBookingRequest(
            parent=f"{account}/bookingProfiles/{profile}", booking_id=f"first{suffix}", booking=booking_at(9 * HOUR)
        )
    )
    targets = [f"{account}/calendars/{calendar}", f"{account}/bookingProfiles/{profile}"]
    return World(
        account=account,
        spare_account=f"accounts/{spare}",
        guest_account=f"accounts/{guest}",
        calendar=f"{account}/calendars/{calendar}",
        spare_calendar=f"{account}/calendars/spare{suffix}",
        grant=granted.name,
        event=made.name,
        series=summer.results[0].event.name,
        trip=summer.results[1].event.name,
        profile=f"{account}/bookingProfiles/{profile}",
        spare_profile=f"{account}/bookingProfiles/spare{suffix}",
        booking=booked.name,
        tokens=await caller.sync.StartSync(StartSyncRequest(targets=targets)),
    )


def _create_account(_: World) -> Message:
    return CreateAccountRequest(
        account_id="eve",
        account=Account(
            kind=Account.KIND_PERSON,
            display_name="Eve",
            email="eve@example.org",
            time_zone="Europe/Berlin",
            work_hours=hours("Europe/Berlin"),
            external_id="crm-7",
            attributes={"seats": "1"},
            metadata={"team": "blue"},
        ),
    )


def _update_account(world: World) -> Message:
    return UpdateAccountRequest(account=Account(name=world.account, display_name="Ada L.", work_hours=hours()))


def _create_calendar(world: World) -> Message:
    return CreateCalendarRequest(
        parent=world.account,
        calendar_id="trips",
        calendar=Calendar(
            display_name="Trips",
            description="where to",
            color="#00ff7f",
            time_zone="Asia/Tokyo",
            metadata={"kind": "travel"},
            external_ref=ExternalRef(provider="caldav", id="c-1", etag="e-1"),
            default_reminders=[Reminder(method=Reminder.METHOD_POPUP, minutes_before=10)],
        ),
    )


def _update_calendar(world: World) -> Message:
    return UpdateCalendarRequest(calendar=Calendar(name=world.calendar, display_name="On the side", color="#123456"))


def _create_grant(world: World) -> Message:
    return CreateGrantRequest(
        parent=world.primary_calendar, grant=Grant(grantee=world.guest_account, role=ACCESS_ROLE_FREE_BUSY_READER)
    )


def _create_event(world: World) -> Message:
    return CreateEventRequest(
        parent=world.calendar,
        event_id="lunch",
        event=Event(
            start=EventTime(date_time="2030-01-08T12:00:00", time_zone="Europe/Berlin"),
            end=EventTime(date_time="2030-01-08T13:00:00", time_zone="Europe/Berlin"),
            uid="lunch@example.org",
            subject="Lunch",
            description="with the team",
            location="canteen",
            attendees=[Attendee(email="bob@example.org", display_name="Bob", comment="vegan")],
            metadata={"menu": "soup"},
            external_ref=ExternalRef(provider="caldav", id="e-1"),
            pattern=RecurrencePattern(
                type=RecurrencePattern.TYPE_WEEKLY,
                interval=2,
                days_of_week=[DayOfWeek.TUESDAY, DayOfWeek.FRIDAY],
                week_start=DayOfWeek.SUNDAY,
                end_date="2030-03-31",
                exclusions=[EventTime(date_time="2030-01-11T12:00:00", time_zone="Europe/Berlin")],
            ),
            visibility=Event.VISIBILITY_PUBLIC,
            organizer=Organizer(email="ada@example.org", display_name="Ada"),
            reminders=Reminders(overrides=[Reminder(method=Reminder.METHOD_POPUP, minutes_before=10)]),
            conference=Conference(uri="https://example.org/lunch", phone="+1 555 0100", pin="7", provider="jitsi"),
            attachments=[Attachment(uri="https://example.org/menu.pdf", title="Menu", mime_type="application/pdf")],
            categories=["food", "team"],
            color="#00ff7f",
        ),
        notify_attendees=False,
    )


def _list_events(world: World) -> Message:
    return ListEventsRequest(
        parent=world.calendar,
        time_min=bound(0),
        time_max=TimeBound(date="2030-02-01"),
        time_zone="UTC",
        ical_uids=["x@example.org"],
        query="up",
        expand=True,
        attendee="bob@example.org",
        show_as=[SHOW_AS_BUSY],
        metadata={"menu": "soup"},
        updated_min=at(0),
    )


def _update_event(world: World) -> Message:
    return UpdateEventRequest(
        event=Event(name=world.event, subject="Daily", location="kitchen", categories=["team"]),
        scope=SCOPE_ALL,
        notify_attendees=True,
        keep_exceptions=True,
    )


def _list_instances(world: World) -> Message:
    return ListInstancesRequest(
        name=world.series,
        time_min=TimeBound(date="2030-06-01"),
        time_max=TimeBound(date="2030-07-01"),
        time_zone="UTC",
        show_cancelled=True,
    )


def _respond_to_event(world: World) -> Message:
    return RespondToEventRequest(
        name=f"{world.series}~20300606T160000Z",
        response=Attendee.RESPONSE_TENTATIVE,
        comment="perhaps",
        attendee="bob@example.org",
        notify_attendees=False,
    )


def _batch_write_events(world: World) -> Message:
    tennis = RecurrencePattern(type=RecurrencePattern.TYPE_DAILY, count=3)
    return BatchWriteEventsRequest(
        parent=world.primary_calendar,
        writes=[
            creation("swim", timed(200 * DAY, 200 * DAY + HOUR, subject="Swim")),
            creation("tennis", all_day("2030-08-01", "2030-08-02", subject="Tennis", pattern=tennis)),
        ],
        atomic=True,
    )


def _query_free_busy(world: World) -> Message:
    return QueryFreeBusyRequest(
        targets=[world.calendar, world.account],
        time_min=bound(0),
        time_max=bound(DAY),
        time_zone="Europe/Berlin",
        view_step_minutes=30,
        include_work_hours=True,
        fail_open=True,
    )


def _suggest_times(world: World) -> Message:
    return SuggestTimesRequest(
        groups=[
            MemberGroup(members=[world.calendar]),
            MemberGroup(members=[world.account, world.calendar], required=1),
        ],
        duration=Duration(seconds=1800),
        time_min=TimeBound(date="2030-01-07"),
        time_max=bound(2 * DAY),
        time_zone="Europe/Berlin",
        step_minutes=15,
        buffer_before_minutes=5,
        buffer_after_minutes=10,
        use_work_hours=True,
        extra_busy=[TimeInterval(start=at(10 * HOUR), end=at(11 * HOUR))],
        only_within=[TimeInterval(start=at(0), end=at(DAY))],
        busy_statuses=[ShowAs.SHOW_AS_BUSY, ShowAs.SHOW_AS_WORKING_ELSEWHERE],
        fail_open=True,
        format=SuggestTimesRequest.FORMAT_SLOTS,
        page_size=10,
    )


def _import_calendar(world: World) -> Message:
    return ImportCalendarRequest(parent=world.calendar, data=FILE)


def _export_calendar(world: World) -> Message:
    return ExportCalendarRequest(
        parent=world.calendar,
        time_min=bound(0),
        time_max=TimeBound(date="2030-02-01"),
        time_zone="UTC",
        format=ExportCalendarRequest.FORMAT_EVENTS,
    )


def _create_profile(world: World) -> Message:
    return CreateBookingProfileRequest(
        parent=world.account,
        booking_profile_id="demo",
        booking_profile=BookingProfile(
            slug="show-me",
            display_name="Demo",
            calendar=world.calendar,
            conflict_calendars=[world.primary_calendar],
            work_hours=hours("America/New_York", 8, 12),
            duration=Duration(seconds=2700),
            availability_step_minutes=15,
            buffer_before_minutes=5,
            buffer_after_minutes=10,
            start_after_minutes=0,
            time_available_for="P3M",
            start_time=at(0),
            end_time=at(30 * DAY),
            subject="Demo for {{name}}",
            description="{{topic=Everything}}",
            location="{{place:string=here}}",
            metadata={"a": "b"},
        ),
    )


def _update_profile(world: World) -> Message:
    return UpdateBookingProfileRequest(
        booking_profile=BookingProfile(
            name=world.profile, display_name="Introduction", conflict_calendars=[world.primary_calendar]
        )
    )


def _list_slots(world: World) -> Message:
    return ListSlotsRequest(
        parent=world.profile,
        time_min=TimeBound(date="2030-01-07"),
        time_max=TimeBound(date_time="2030-01-08T12:00:00"),
        time_zone="Europe/Berlin",
        duration=Duration(seconds=1800),
    )


def _create_booking(world: World) -> Message:
    return CreateBookingRequest(
        parent=world.profile,
        booking_id="second",
        booking=Booking(
            start=at(10 * HOUR),
            duration=Duration(seconds=1800),
            booker=Booker(email="alan@example.org", display_name="Alan", external_id="p-2", time_zone="Asia/Tokyo"),
            substitutions={"topic": "tea"},
            metadata={"source": "web"},
        ),
    )


def _list_bookings(world: World) -> Message:
    return ListBookingsRequest(
        parent=world.profile,
        start_min=bound(0),
        start_max=bound(DAY),
        time_zone="UTC",
        states=[Booking.STATE_CONFIRMED],
        booker_email="grace@example.org",
    )


def _start_sync(world: World) -> Message:
    return StartSyncRequest(
        targets=[world.calendar, world.profile], time_min=bound(0), time_max=bound(DAY), time_zone="UTC"
    )


BUILDERS: Mapping[str, Callable[[World], Message]] = {
    "CalendarService/CreateAccount": _create_account,
    "CalendarService/GetAccount": lambda world: GetAccountRequest(name=world.account),
    "CalendarService/ListAccounts": lambda _: ListAccountsRequest(page_size=10),
    "CalendarService/UpdateAccount": _update_account,
    "CalendarService/DeleteAccount": lambda world: DeleteAccountRequest(name=world.spare_account),
    "CalendarService/CreateCalendar": _create_calendar,
    "CalendarService/GetCalendar": lambda world: GetCalendarRequest(name=world.calendar),
    "CalendarService/ListCalendars": lambda world: ListCalendarsRequest(parent=world.account, page_size=10),
    "CalendarService/UpdateCalendar": _update_calendar,
    "CalendarService/DeleteCalendar": lambda world: DeleteCalendarRequest(name=world.spare_calendar),
    "CalendarService/CreateGrant": _create_grant,
    "CalendarService/GetGrant": lambda world: GetGrantRequest(name=world.grant),
    "CalendarService/ListGrants": lambda world: ListGrantsRequest(parent=world.calendar, page_size=10),
    "CalendarService/UpdateGrant": lambda world: UpdateGrantRequest(
        grant=Grant(name=world.grant, role=ACCESS_ROLE_WRITER)
    ),
    "CalendarService/DeleteGrant": lambda world: DeleteGrantRequest(name=world.grant),
    "CalendarService/CreateEvent": _create_event,
    "CalendarService/GetEvent": lambda world: GetEventRequest(name=world.event),
    "CalendarService/ListEvents": _list_events,
    "CalendarService/UpdateEvent": _update_event,
    "CalendarService/DeleteEvent": lambda world: DeleteEventRequest(name=world.event),
    "CalendarService/ListInstances": _list_instances,
    "CalendarService/GetSeries": lambda world: GetSeriesRequest(name=f"{world.series}~20300606T160000Z"),
    "CalendarService/RespondToEvent": _respond_to_event,
    "CalendarService/MoveEvent": lambda world: MoveEventRequest(name=world.trip, destination=world.calendar),
    "CalendarService/BatchWriteEvents": _batch_write_events,
    "CalendarService/QueryFreeBusy": _query_free_busy,
    "CalendarService/SuggestTimes": _suggest_times,
    "CalendarService/ImportCalendar": _import_calendar,
    "CalendarService/ExportCalendar": _export_calendar,
    "BookingService/CreateBookingProfile": _create_profile,
    "BookingService/GetBookingProfile": lambda world: GetBookingProfileRequest(name=world.profile),
    "BookingService/ListBookingProfiles": lambda world: ListBookingProfilesRequest(parent=world.account),
    "BookingService/UpdateBookingProfile": _update_profile,
    "BookingService/DeleteBookingProfile": lambda world: DeleteBookingProfileRequest(name=world.spare_profile),
    "BookingService/ListSlots": _list_slots,
    "BookingService/CreateBooking": _create_booking,
    "BookingService/GetBooking": lambda world: GetBookingRequest(name=world.booking),
    "BookingService/ListBookings": _list_bookings,
    "BookingService/CancelBooking": lambda world: CancelBookingRequest(name=world.booking, reason="rain"),
    "SyncService/StartSync": _start_sync,
    "SyncService/ListChanges": lambda world: ListChangesRequest(token=world.tokens.change_token, page_size=10),
    "SyncService/ListUpdated": lambda world: ListUpdatedRequest(token=world.tokens.updated_token),
    "SyncService/ListDeleted": lambda world: ListDeletedRequest(token=world.tokens.deleted_token),
    "SyncService/StreamChanges": lambda world: StreamChangesRequest(
        tokens=[world.tokens.change_token], heartbeat=Duration(seconds=15)
    ),
}
"""By `Service/Method`."""
