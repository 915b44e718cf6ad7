"""Calendars as files: what is in them, who sees what, and how they travel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
from grpc import StatusCode

from schedsvc.domain.principals import Scope
from schedsvc.rpc.codec.icalendar.writing.files import File
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, UpdateAccountRequest
from schedsvc.v1.calendars_pb2 import ACCESS_ROLE_FREE_BUSY_READER, ACCESS_ROLE_READER, AccessRole, Reminder
from schedsvc.v1.events_pb2 import (
    Attachment,
    Attendee,
    Conference,
    CreateEventRequest,
    DeleteEventRequest,
    Event,
    ListInstancesRequest,
    Organizer,
    Reminders,
    ShowAs,
    UpdateEventRequest,
)
from schedsvc.v1.interchange_pb2 import ExportCalendarRequest
from schedsvc.v1.time_pb2 import EventTime, TimeBound
from tests.rpc.calendar_files import dump, everything, lines, load, new_calendar
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import ALPHA, Deployment, on_both_stores
from tests.rpc.requests import World, hours, share
from tests.rpc.requests import bound as at

HOUR = 3600


def local(text: str, zone: str = "Europe/Berlin") -> EventTime:
    return EventTime(date_time=text, time_zone=zone)


FULL = Event(
    uid="full@example.org",
    start=local("2030-03-28T09:00:00"),
    end=local("2030-03-28T10:30:00"),
    subject='Plans, "big" ones; and \\ more\nof them — 日本語',
    description="x" * 300,
    location="Room 1",
    show_as=ShowAs.SHOW_AS_WORKING_ELSEWHERE,
    status=Event.STATUS_TENTATIVE,
    event_type=Event.TYPE_FOCUS_TIME,
    visibility=Event.VISIBILITY_CONFIDENTIAL,
    organizer=Organizer(email="chair@example.org", display_name='The "Chair", Esq.'),
    attendees=[
        Attendee(email="a@example.org", display_name="A; B", response=Attendee.RESPONSE_ACCEPTED),
        Attendee(email="b@example.org", type=Attendee.TYPE_OPTIONAL, response=Attendee.RESPONSE_DECLINED),
        Attendee(email="c@example.org", type=Attendee.TYPE_RESOURCE, response=Attendee.RESPONSE_TENTATIVE),
    ],
    metadata={"team": "blue, red", "n": "1"},
    reminders=Reminders(
        overrides=[
            Reminder(method=Reminder.METHOD_POPUP, minutes_before=10),
            Reminder(method=Reminder.METHOD_EMAIL, minutes_before=1440),
        ]
    ),
    conference=Conference(uri="https://example.org/j?x=1,2", phone="+49 30 (0) 1", pin="12#", provider="Example, Inc."),
    attachments=[Attachment(uri="https://example.org/a", title="A: one", mime_type="text/plain")],
    categories=["one", "two, three"],
    color="#00ff7f",
    recurrence=["RRULE:FREQ=WEEKLY;COUNT=6", "EXDATE;TZID=Europe/Berlin:20300404T090000"],
)
OF_A_RECORD: tuple[Any, ...] = ("name", "series", "revision", "etag", "create_time", "update_time", "external_ref")


def bare(event: Event) -> Event:
    plain = Event()
    plain.CopyFrom(event)
    for part in (plain, *plain.exceptions):
        for field in OF_A_RECORD:
            part.ClearField(field)
    return plain


async def full(caller: Caller, calendar: str) -> Event:
    """A series with everything, and with instances that were moved, changed and deleted."""
    made = await caller.calendar.CreateEvent(CreateEventRequest(parent=calendar, event=FULL))
    moved = Event(
        name=f"{made.name}~20300411T070000Z",
        start=local("2030-04-12T15:00", "Asia/Tokyo"),
        end=local("2030-04-12T16:00", "Asia/Tokyo"),
        subject="Elsewhere",
    )
    await caller.calendar.UpdateEvent(UpdateEventRequest(event=moved))
    stripped = Event(name=f"{made.name}~20300418T070000Z")
    request = UpdateEventRequest(event=stripped)
    request.update_mask.paths.extend(["attendees", "conference", "reminders", "categories", "description"])
    await caller.calendar.UpdateEvent(request)
    await caller.calendar.DeleteEvent(DeleteEventRequest(name=f"{made.name}~20300425T070000Z"))
    return made


@on_both_stores
async def test_every_field_goes_out_and_in_again(alpha: Caller, world: World) -> None:
    first, second = [await new_calendar(alpha, world.account, "Europe/Berlin") for _ in range(2)]
    await full(alpha, first)
    data = await dump(alpha, first)
    answer = await load(alpha, second, data)
    assert [message for result in answer.results for message in result.messages] == []
    ((before,), (after,)) = [await everything(alpha, calendar) for calendar in (first, second)]
    assert bare(before) == bare(after)
    listed = [
        [
            bare(instance)
            for instance in (
                await alpha.calendar.ListInstances(ListInstancesRequest(name=series.name, show_cancelled=True))
            ).instances
        ]
        for series in (before, after)
    ]
    assert listed[0] == listed[1]
    assert (await load(alpha, first, data)).unchanged_count == len(answer.results) == 4


async def test_a_file_is_what_the_rfc_wants(alpha: Caller, world: World) -> None:
    calendar = await new_calendar(alpha, world.account, "Europe/Berlin")
    await full(alpha, calendar)
    data = await dump(alpha, calendar)
    assert data.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert max(map(len, data.split(b"\r\n"))) <= 75
    assert {"CALSCALE:GREGORIAN", "X-WR-CALNAME:Test", "X-WR-TIMEZONE:Europe/Berlin"} <= set(lines(data))
    parsed = icalendar.Calendar.from_ical(data)
    assert parsed.get_missing_tzids() == set()
    zones = [str(zone["TZID"]) for zone in parsed.walk("VTIMEZONE")]
    assert sorted(zones) == ["Asia/Tokyo", "Europe/Berlin"]
    kinds = [part.name for part in parsed.subcomponents]
    assert kinds.index("VTIMEZONE") < kinds.index("VEVENT")
    for part in parsed.walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART", "SEQUENCE"} <= set(part)


async def test_floating_times_stay_without_a_zone(alpha: Caller, world: World) -> None:
    body = [
        "UID:f",
        "DTSTART:20300327T090000",
        "DTEND:20300327T100000",
        "RRULE:FREQ=DAILY;UNTIL=20300402T090000",
        "RDATE:20300410T110000",
        "EXDATE:20300329T090000",
    ]
    moved = ["UID:f", "RECURRENCE-ID:20300401T090000", "DTSTART:20300401T150000", "DURATION:PT1H"]
    file = "\r\n".join(["BEGIN:VEVENT", *body, "END:VEVENT", "BEGIN:VEVENT", *moved, "END:VEVENT", ""]).encode()
    for zone in ("Europe/Berlin", "UTC"):
        first, second = [await new_calendar(alpha, world.account, name) for name in (zone, "America/New_York")]
        await load(alpha, first, file)
        data = await dump(alpha, first)
        assert set(body) - {"DURATION:PT1H"} <= set(lines(data))
        assert "TZID" not in data.decode()
        await load(alpha, second, data)
        (series,) = await everything(alpha, second)
        page = await alpha.calendar.ListInstances(ListInstancesRequest(name=series.name))
        assert [event.start.date_time for event in page.instances] == [
            *(f"2030-03-{day}T09:00:00" for day in (27, 28, 30, 31)),
            "2030-04-01T15:00:00",
            "2030-04-02T09:00:00",
            "2030-04-10T11:00:00",
        ]
        assert {event.start.time_zone for event in page.instances} == {"America/New_York"}
        assert (await load(alpha, second, data)).unchanged_count == 2


async def test_a_range_has_what_takes_place_in_it(alpha: Caller, world: World) -> None:
    calendar = await new_calendar(alpha, world.account, "UTC")
    for uid, day, rule in (
        ("before", "2030-01-07", []),
        ("weekly", "2030-01-01", ["RRULE:FREQ=WEEKLY"]),
        ("monthly", "2030-01-05", ["RRULE:FREQ=MONTHLY"]),
        ("inside", "2030-01-08", []),
        ("after", "2030-01-09", []),
    ):
        start, end = (local(f"{day}T{hour}:00", "UTC") for hour in (10, 11))
        event = Event(uid=uid, start=start, end=end, recurrence=rule)
        await alpha.calendar.CreateEvent(CreateEventRequest(parent=calendar, event=event))
    data = await dump(alpha, calendar, time_min=TimeBound(date="2030-01-08"), time_max=TimeBound(date="2030-01-09"))
    assert lines(data, lambda line: line.startswith("UID:")) == ["UID:weekly", "UID:inside"]


async def test_an_empty_calendar_is_a_file_too(alpha: Caller, world: World) -> None:
    for zone in ("UTC", "Africa/Cairo"):
        data = await dump(alpha, await new_calendar(alpha, world.account, zone))
        (part,) = icalendar.Calendar.from_ical(data).subcomponents
        assert (part.name, str(part["TZID"])) == ("VTIMEZONE", zone)


async def guest(deployment: Deployment, calendar: str, role: AccessRole.ValueType) -> Caller:
    """Somebody to whom the calendar is shared."""
    alpha = await deployment.caller(ALPHA)
    await alpha.calendar.CreateAccount(CreateAccountRequest(account=Account(), account_id="visitor"))
    await share(alpha, calendar, "accounts/visitor", role)
    return await deployment.caller(ALPHA, Scope.READ, account="visitor")


async def test_a_reader_is_not_told_what_is_private(deployment: Deployment, alpha: Caller, world: World) -> None:
    calendar = await new_calendar(alpha, world.account, "Europe/Berlin")
    await full(alpha, calendar)
    reader = await guest(deployment, calendar, ACCESS_ROLE_READER)
    data = await dump(reader, calendar)
    assert "UID:full@example.org" in lines(data)
    told = {line.partition(":")[0].partition(";")[0] for line in lines(data)}
    hidden = {"SUMMARY", "DESCRIPTION", "LOCATION", "ATTENDEE", "ATTACH", "CONFERENCE", "CATEGORIES", "COLOR", "VALARM"}
    assert told & hidden == set()
    assert b"SCHEDSVC-METADATA" not in data
    assert b"Elsewhere" not in data


async def test_taken_time_needs_no_more_than_the_right_to_see_it(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    calendar = await new_calendar(alpha, world.account, "UTC")
    await load(
        alpha,
        calendar,
        b"BEGIN:VFREEBUSY\nUID:x\nFREEBUSY:20300107T100000Z/PT1H,20300107T103000Z/PT1H\n"
        b"FREEBUSY;FBTYPE=BUSY-TENTATIVE:20300107T110000Z/PT2H\n"
        b"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20300108T000000Z/P1D\nEND:VFREEBUSY\n",
    )
    watcher = await guest(deployment, calendar, ACCESS_ROLE_FREE_BUSY_READER)
    window = {"time_min": at(0), "time_max": at(48 * HOUR)}
    taken = ExportCalendarRequest.FORMAT_FREE_BUSY
    data = await dump(watcher, calendar, format=taken, **window)
    assert lines(data, lambda line: line.startswith(("FREEBUSY", "DT"))) == [
        "DTSTAMP:20300107T080000Z",
        "DTSTART:20300107T000000Z",
        "DTEND:20300109T000000Z",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20300108T000000Z/20300109T000000Z",
        "FREEBUSY;FBTYPE=BUSY:20300107T100000Z/20300107T113000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20300107T113000Z/20300107T130000Z",
    ]
    assert (await load(alpha, world.spare_calendar, data)).created_count == 1
    assert await dump(alpha, world.spare_calendar, format=taken, **window)
    refusal = await refused(dump(watcher, calendar))
    assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
    refusal = await refused(dump(watcher, calendar, format=taken))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["time_min", "time_max"])
    refusal = await refused(dump(watcher, calendar, format=taken, time_min=at(0), time_max=at(93 * 24 * HOUR)))
    assert refusal.reason == "RANGE_TOO_LARGE"


async def test_work_hours_are_weekly_parts(deployment: Deployment, alpha: Caller, world: World) -> None:
    account = Account(name=world.account, work_hours=hours("Europe/Berlin", 8, 12))
    await alpha.calendar.UpdateAccount(UpdateAccountRequest(account=account))
    available = ExportCalendarRequest.FORMAT_AVAILABILITY
    calendar = await new_calendar(alpha, world.account, "UTC")
    watcher = await guest(deployment, calendar, ACCESS_ROLE_FREE_BUSY_READER)
    data = await dump(watcher, calendar, format=available, time_min=at(0), time_max=at(48 * HOUR))
    parsed = icalendar.Calendar.from_ical(data)
    assert [part.name for part in parsed.subcomponents] == ["VTIMEZONE", "VAVAILABILITY"]
    (part,) = parsed.walk("AVAILABLE")
    assert set(lines(part.to_ical())) >= {
        "DTSTART;TZID=Europe/Berlin:20300107T080000",
        "DTEND;TZID=Europe/Berlin:20300107T120000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    }
    whole = await dump(watcher, calendar, format=available)
    assert b"BEGIN:VAVAILABILITY" in whole
    nobody = await dump(alpha, f"{world.spare_account}/calendars/primary", format=available)
    assert b"VAVAILABILITY" not in nobody


async def test_a_calendar_that_is_not_there_is_not_found(alpha: Caller, world: World) -> None:
    for kind in ExportCalendarRequest.Format.values():
        request = {"format": kind, "time_min": at(0), "time_max": at(HOUR)}
        refusal = await refused(dump(alpha, f"{world.account}/calendars/nowhere", **request))
        assert refusal.code is StatusCode.NOT_FOUND
    refusal = await refused(dump(alpha, world.calendar, time_min=at(0)))
    assert refusal.fields == ["time_max"]


async def many(caller: Caller, calendar: str, count: int) -> None:
    body = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTART:2030{n % 12 + 1:02}{n % 28 + 1:02}T100000Z\nSUMMARY:{n}\n"
        f"DESCRIPTION:{'x' * 2000}\nEND:VEVENT\n"
        for n in range(count)
    )
    await load(caller, calendar, body.encode())


@on_both_stores
async def test_a_large_calendar_comes_in_pieces_and_is_of_one_moment(alpha: Caller, world: World) -> None:
    await many(alpha, world.spare_calendar, 430)
    call = alpha.calendar.ExportCalendar(ExportCalendarRequest(parent=world.spare_calendar))
    pieces = [await anext(aiter(call))]
    for event in await everything(alpha, world.spare_calendar):
        await alpha.calendar.DeleteEvent(DeleteEventRequest(name=event.name))
    pieces += [piece async for piece in call]
    assert len(pieces) > 2
    assert max(len(piece.data) for piece in pieces) <= 1024 * 1024
    whole = b"".join(piece.data for piece in pieces)
    assert whole.count(b"BEGIN:VEVENT") == 430
    assert len(icalendar.Calendar.from_ical(whole).events) == 430


async def test_an_export_that_nobody_reads_gives_its_connection_back(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    await many(alpha, world.spare_calendar, 430)
    calls = [alpha.calendar.ExportCalendar(ExportCalendarRequest(parent=world.spare_calendar)) for _ in range(8)]
    for call in calls:
        await call.read()
        call.cancel()
    async with asyncio.timeout(20):
        assert (await dump(alpha, world.spare_calendar)).count(b"BEGIN:VEVENT") == 430


async def test_an_export_ends_where_the_server_does(deployment: Deployment, alpha: Caller, world: World) -> None:
    deployment.load.closing.set()
    refusal = await refused(dump(alpha, world.calendar))
    assert (refusal.code, refusal.reason) == (StatusCode.UNAVAILABLE, "DRAINING")


class Endless:
    """Writing that goes on until its call is over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.ended = threading.Semaphore(0), threading.Semaphore(0)
        monkeypatch.setattr(File, "events", lambda _file, found, is_over: self._write(is_over))

    def _write(self, is_over: Callable[[], bool]) -> bytes:
        self.begun.release()
        while not is_over():
            pass
        self.ended.release()
        return b""


async def test_an_export_ends_with_the_server_while_it_is_written_or_waits_for_its_turn(
    deployment: Deployment, alpha: Caller, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Endless(monkeypatch)
    refusals = [asyncio.create_task(refused(dump(alpha, world.calendar))) for _ in range(3)]
    for _ in range(2):
        assert await asyncio.to_thread(endless.begun.acquire, timeout=10)
    deployment.load.closing.set()
    async with asyncio.timeout(10):
        found = [await one for one in refusals]
    assert {(one.code, one.reason) for one in found} == {(StatusCode.UNAVAILABLE, "DRAINING")}
    assert [endless.ended.acquire(blocking=False) for _ in range(3)] == [True, True, False]


async def test_a_cancelled_export_stops_writing_and_gives_its_turn_back(
    alpha: Caller, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Endless(monkeypatch)
    for _ in range(4):
        call = alpha.calendar.ExportCalendar(ExportCalendarRequest(parent=world.calendar))
        await call.initial_metadata()
        assert await asyncio.to_thread(endless.begun.acquire, timeout=10)
        call.cancel()
        assert await asyncio.to_thread(endless.ended.acquire, timeout=10)


async def test_a_tenant_that_has_all_its_turns_does_not_keep_out_another_one(
    alpha: Caller, beta: Caller, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await beta.calendar.CreateAccount(CreateAccountRequest(account=Account(time_zone="UTC"), account_id="bob"))
    endless = Endless(monkeypatch)
    request = ExportCalendarRequest(parent=world.calendar)
    calls = [alpha.calendar.ExportCalendar(request) for _ in range(8)]
    reading = [asyncio.create_task(call.read()) for call in calls]
    for _ in range(2):
        assert await asyncio.to_thread(endless.begun.acquire, timeout=10)
    async with asyncio.timeout(10):
        assert await dump(beta, "accounts/bob/calendars/primary")
    assert not endless.begun.acquire(blocking=False)
    for call in calls:
        call.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    for _ in range(2):
        assert await asyncio.to_thread(endless.ended.acquire, timeout=10)


@pytest.mark.parametrize("year", [2026, 2031])
async def test_stamps_are_those_of_the_last_change(
    year: int, deployment: Deployment, alpha: Caller, world: World
) -> None:
    deployment.clock.time = datetime(year, 3, 1, tzinfo=UTC)
    await load(alpha, world.spare_calendar, b"BEGIN:VEVENT\nUID:x\nDTSTART:20300107T100000Z\nEND:VEVENT\n")
    deployment.clock.pass_by(days=3)
    assert f"DTSTAMP:{year}0301T000000Z" in lines(await dump(alpha, world.spare_calendar))
