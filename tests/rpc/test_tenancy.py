"""Whatever belongs to another tenant does not exist, on every RPC and in every field that names something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from grpc import StatusCode

from schedsvc.v1.accounts_pb2 import CreateAccountRequest, GetAccountRequest, ListAccountsRequest
from schedsvc.v1.booking_profiles_pb2 import GetBookingProfileRequest, ListBookingProfilesRequest
from schedsvc.v1.bookings_pb2 import GetBookingRequest, ListBookingsRequest
from schedsvc.v1.calendars_pb2 import GetCalendarRequest, ListCalendarsRequest, UpdateCalendarRequest
from schedsvc.v1.changes_pb2 import ListChangesRequest, StartSyncRequest
from schedsvc.v1.events_pb2 import CreateEventRequest, GetEventRequest, ListEventsRequest
from tests.repositories.conftest import Database
from tests.rpc.callers import METHODS, Caller, Refusal, refused, told
from tests.rpc.conftest import on_both_stores
from tests.rpc.contents import contents
from tests.rpc.references import Path, naming, references, shown
from tests.rpc.requests import BUILDERS, HOUR, World, prepare, timed

pytestmark = on_both_stores

# What beta owns below its own account `ada`, which alpha has too, and accounts that only beta has.
FOREIGN = {
    "schedsvc/Account": ["accounts/zoe"],
    "schedsvc/Calendar": ["accounts/ada/calendars/side-b", "accounts/zoe/calendars/side-z"],
    "schedsvc/Grant": [
        "accounts/ada/calendars/side-b/grants/guest-b-ada",
        "accounts/zoe/calendars/side-z/grants/guest-z-zoe",
    ],
    "schedsvc/Event": [
        "accounts/ada/calendars/side-b/events/standup-b",
        "accounts/zoe/calendars/side-z/events/standup-z",
    ],
    "schedsvc/BookingProfile": ["accounts/ada/bookingProfiles/intro-b", "accounts/zoe/bookingProfiles/intro-z"],
    "schedsvc/Booking": [
        "accounts/ada/bookingProfiles/intro-b/bookings/first-b",
        "accounts/zoe/bookingProfiles/intro-z/bookings/first-z",
    ],
}


# These answer with an error for each name, in this field.
ANSWERED = {"CalendarService/QueryFreeBusy": "results", "CalendarService/SuggestTimes": "errors"}


def _cases() -> Iterator[tuple[str, Path, str]]:
    for name, method in METHODS.items():
        for path, kind in references(method.input_type):
            for foreign in FOREIGN[kind]:
                # A profile writes to calendars of its own account alone, which its name says without a look.
                if shown(path) != "booking_profile.calendar" or foreign.startswith("accounts/ada/"):
                    yield name, path, foreign


def _unknown(name: str) -> str:
    """A name of the same form and length that nobody has."""
    return name[:-2] + "-q" if name[-2] == "-" else name[:-1] + "q"


def _masked(text: str, name: str) -> str:
    """The text without the id that the name ends with."""
    return text.replace(name.rpartition("/")[2], "?")


async def _answer(caller: Caller, name: str, request: Message) -> Refusal:
    if name not in ANSWERED:
        return await refused(caller.send(name, request))
    last = getattr((await caller.send(name, request)).message, ANSWERED[name])[-1]
    return told(last.error)


async def test_another_tenants_ids_are_not_found_like_unknown_ones_on_every_rpc(
    alpha: Caller, beta: Caller, world: World
) -> None:
    await prepare(beta, suffix="-b")
    await prepare(beta, "zoe", suffix="-z")
    seen = set()
    for name, path, foreign in _cases():
        request, where = BUILDERS[name](world), f"{name} {shown(path)} {foreign}"
        theirs = await _answer(alpha, name, naming(request, path, foreign))
        unknown = await _answer(alpha, name, naming(request, path, _unknown(foreign)))
        assert (theirs.code, theirs.reason) == (StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"), where
        assert (unknown.code, unknown.reason) == (theirs.code, theirs.reason), where
        assert _masked(theirs.text, foreign) == _masked(unknown.text, _unknown(foreign)), where
        assert theirs.resource == theirs.metadata["resource"], where
        seen.add(name)
    without = {name for name in METHODS if name not in seen}
    assert without == {
        "CalendarService/CreateAccount",
        "CalendarService/ListAccounts",
        "SyncService/ListChanges",
        "SyncService/ListUpdated",
        "SyncService/ListDeleted",
        "SyncService/StreamChanges",
    }


async def test_attempts_on_another_tenant_leave_both_as_they_were(
    alpha: Caller, beta: Caller, world: World, database: Database
) -> None:
    await prepare(beta, suffix="-b")
    await prepare(beta, "zoe", suffix="-z")
    before = await contents(database)
    for name, path, foreign in _cases():
        await _answer(alpha, name, naming(BUILDERS[name](world), path, foreign))
    assert await contents(database) == before


async def test_another_tenants_tokens_are_not_ours(alpha: Caller, beta: Caller, world: World) -> None:
    theirs = await prepare(beta)
    for name in METHODS:
        if not name.startswith("SyncService/") or name == "SyncService/StartSync":
            continue
        refusal = await refused(alpha.send(name, BUILDERS[name](theirs)))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SYNC_TOKEN_INVALID"), name
    page = await beta.calendar.ListAccounts(ListAccountsRequest(page_size=1))
    refusal = await refused(
        alpha.calendar.ListAccounts(ListAccountsRequest(page_size=1, page_token=page.next_page_token))
    )
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


async def test_two_tenants_use_the_same_names_without_meeting(alpha: Caller, beta: Caller, world: World) -> None:
    theirs = await prepare(beta)
    assert (theirs.event, theirs.booking) == (world.event, world.booking)
    await alpha.calendar.UpdateCalendar(
        UpdateCalendarRequest(calendar={"name": world.calendar, "display_name": "alpha's"})  # type: ignore[arg-type]
    )
    await alpha.send("CalendarService/DeleteEvent", BUILDERS["CalendarService/DeleteEvent"](world))
    await alpha.send("BookingService/CancelBooking", BUILDERS["BookingService/CancelBooking"](world))
    assert (await beta.calendar.GetCalendar(GetCalendarRequest(name=world.calendar))).display_name == ""
    assert (await beta.calendar.GetEvent(GetEventRequest(name=world.event))).subject == "Stand-up"
    assert (await beta.booking.GetBooking(GetBookingRequest(name=world.booking))).state == 1
    assert (await beta.booking.GetBookingProfile(GetBookingProfileRequest(name=world.profile))).slug == "intro"
    assert (await beta.calendar.GetAccount(GetAccountRequest(name=world.account))).name == "accounts/ada"


async def test_lists_over_everything_stop_at_the_tenant(alpha: Caller, beta: Caller, world: World) -> None:
    await prepare(beta, suffix="-b")
    await prepare(beta, "zoe", suffix="-z")
    accounts = await alpha.calendar.ListAccounts(ListAccountsRequest())
    calendars = await alpha.calendar.ListCalendars(ListCalendarsRequest(parent="accounts/-"))
    profiles = await alpha.booking.ListBookingProfiles(ListBookingProfilesRequest(parent="accounts/-"))
    bookings = await alpha.booking.ListBookings(ListBookingsRequest(parent="accounts/-/bookingProfiles/-"))
    found: list[Any] = [*accounts.accounts, *calendars.calendars, *profiles.booking_profiles, *bookings.bookings]
    assert len(found) == 3 + 5 + 2 + 1
    assert not [item.name for item in found if "-b" in item.name or "zoe" in item.name]


async def test_events_busy_time_and_changes_of_a_calendar_are_those_of_the_tenant(
    alpha: Caller, beta: Caller, world: World
) -> None:
    await prepare(beta)
    started = await alpha.sync.StartSync(StartSyncRequest(targets=[world.calendar], skip_initial=True))
    await beta.calendar.CreateEvent(
        CreateEventRequest(parent=world.calendar, event=timed(14 * HOUR, 15 * HOUR, subject="theirs"))
    )
    listed = await alpha.calendar.ListEvents(ListEventsRequest(parent=world.calendar))
    assert [event.subject for event in listed.events] == ["Stand-up"]
    changes = await alpha.sync.ListChanges(ListChangesRequest(token=started.change_token))
    assert not changes.feeds


async def test_an_id_that_another_tenant_has_is_free(alpha: Caller, beta: Caller, world: World) -> None:
    made = await beta.calendar.CreateAccount(CreateAccountRequest(account_id="ada", account={}))  # type: ignore[arg-type]
    assert made.name == world.account
