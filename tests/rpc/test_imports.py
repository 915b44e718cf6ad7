"""Files with bad components and odd bytes; Windows zones; importing again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from grpc import StatusCode

from schedsvc.v1.calendars_pb2 import Calendar, CreateCalendarRequest
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.events_pb2 import Event, ListEventsRequest, UpdateEventRequest
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest, ImportCalendarResponse, ImportResult
from tests.rpc.callers import Caller, attempt, refused
from tests.rpc.consumers import walk
from tests.rpc.requests import World

NAME = "CalendarService/ImportCalendar"


def event(uid: str, *lines: str, end: str = "") -> list[str]:
    """A component of one hour on Wednesday, with more lines."""
    times = [] if end else ["DTSTART:20300109T090000Z", "DTEND:20300109T100000Z"]
    return ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20300101T000000Z", *times, *lines, "END:VEVENT"]


def calendar(*components: Sequence[str]) -> list[str]:
    lines = [line for component in components for line in component]
    return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", *lines, "END:VCALENDAR"]


def text(lines: Sequence[str], line_break: str = "\r\n") -> bytes:
    return "".join(line + line_break for line in lines).encode()


async def imported(caller: Caller, world: World, data: bytes, pieces: int = 1) -> ImportCalendarResponse:
    """The answer to an upload in so many pieces."""
    size = -(-len(data) // pieces)
    parts = [ImportCalendarRequest(data=data[at : at + size]) for at in range(0, len(data), size)]
    parts[0].parent = world.spare_calendar
    answer = (await caller.send(NAME, parts)).message
    assert isinstance(answer, ImportCalendarResponse)
    return answer


async def events(caller: Caller, world: World) -> dict[str, Event]:
    listed = await caller.calendar.ListEvents(ListEventsRequest(parent=world.spare_calendar, page_size=1000))
    return {found.uid: found for found in listed.events}


async def test_a_bad_component_is_reported_with_its_line_and_the_others_are_imported(
    alpha: Caller, world: World
) -> None:
    file = calendar(
        event("good-1"),
        event("no-start", "DTEND:20300109T100000Z", end="none"),
        event("good-2"),
        event("reversed", "DTSTART:20300109T100000Z", "DTEND:20300109T090000Z", end="none"),
        event("nonsense", "DTSTART:tomorrow", end="none"),
        event("recurring", "RRULE:FREQ=SECONDLY"),
        event("good-3"),
    )
    answer = await imported(alpha, world, text(file))
    assert (answer.created_count, answer.refused_count) == (3, 4)
    refusals = [result for result in answer.results if result.outcome == ImportResult.OUTCOME_REFUSED]
    assert [result.uid for result in refusals] == ["no-start", "reversed", "nonsense", "recurring"]
    assert list(answer.results)[:4] == refusals
    for result in refusals:
        assert result.messages
        assert not result.event
        assert file[result.line - 1] == "BEGIN:VEVENT"
        assert file[result.line] == f"UID:{result.uid}"
    assert set(await events(alpha, world)) == {"good-1", "good-2", "good-3"}


ODD = calendar(event("a", "SUMMARY:Ein schöner 日本語 Titel 👩‍🚀"), event("b"))


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_any_line_break_and_a_byte_order_mark_are_read(
    line_break: str, mark: bytes, alpha: Caller, world: World
) -> None:
    answer = await imported(alpha, world, mark + text(ODD, line_break))
    assert (answer.created_count, answer.refused_count) == (2, 0)
    assert (await events(alpha, world))["a"].subject == "Ein schöner 日本語 Titel 👩‍🚀"


@pytest.mark.parametrize("step", range(1, 8))
async def test_lines_folded_inside_a_character_are_put_together_byte_by_byte(
    step: int, alpha: Caller, world: World
) -> None:
    raw = text(ODD)
    start = raw.index(b"SUMMARY:") + 9
    end = raw.index(b"\r\n", start)
    folded = b"".join(raw[at : at + step] + b"\r\n " for at in range(start, end, step))
    await imported(alpha, world, raw[:start] + folded + raw[end:])
    assert (await events(alpha, world))["a"].subject == "Ein schöner 日本語 Titel 👩‍🚀"


async def test_latin_1_is_read_with_a_warning(alpha: Caller, world: World) -> None:
    raw = "".join(line + "\r\n" for line in calendar(event("a", "SUMMARY:Café für zwei"))).encode("latin-1")
    answer = await imported(alpha, world, raw)
    assert (answer.created_count, (await events(alpha, world))["a"].subject) == (1, "Café für zwei")
    assert answer.results[0].messages


async def test_a_uid_that_comes_twice_makes_one_event_and_a_warning(alpha: Caller, world: World) -> None:
    answer = await imported(alpha, world, text(calendar(event("a", "SUMMARY:one"), event("a", "SUMMARY:two"))))
    assert answer.created_count == 1
    assert len(answer.results) == 2
    assert [result for result in answer.results if result.messages]
    assert list(await events(alpha, world)) == ["a"]


async def test_a_component_without_dtstamp_or_uid_is_read_with_a_warning_or_refused(
    alpha: Caller, world: World
) -> None:
    bare = event("a")
    bare.remove("DTSTAMP:20300101T000000Z")
    answer = await imported(alpha, world, text(calendar(bare)))
    assert answer.created_count == 1
    nameless = [line for line in event("x") if not line.startswith("UID")]
    answer = await imported(alpha, world, text(calendar(nameless)))
    assert answer.created_count + answer.refused_count == 1
    assert answer.results[0].messages


@pytest.mark.parametrize(
    ("tzid", "start"),
    [
        ("W. Europe Standard Time", "2030-01-09T08:00:00Z"),
        ('"W. Europe Standard Time"', "2030-01-09T08:00:00Z"),
        ("Eastern Standard Time", "2030-01-09T14:00:00Z"),
        ("Tokyo Standard Time", "2030-01-09T00:00:00Z"),
        ("America/New_York", "2030-01-09T14:00:00Z"),
    ],
)
async def test_windows_names_of_zones_are_read(tzid: str, start: str, alpha: Caller, world: World) -> None:
    component = event("a", f"DTSTART;TZID={tzid}:20300109T090000", f"DTEND;TZID={tzid}:20300109T100000", end="none")
    answer = await imported(alpha, world, text(calendar(component)))
    assert answer.created_count == 1, answer
    assert (await events(alpha, world))["a"].start.resolved.ToJsonString() == start


@pytest.mark.parametrize("tzid", ["../../etc/passwd", "Mars/Olympus", "/etc/localtime", "x" * 5000])
async def test_a_zone_that_nobody_knows_is_refused_component_by_component(
    tzid: str, alpha: Caller, world: World
) -> None:
    odd = event("odd", f"DTSTART;TZID={tzid}:20300109T090000", "DURATION:PT1H", end="none")
    answer = await imported(alpha, world, text(calendar(odd, event("good"))))
    assert (answer.created_count, answer.refused_count) == (1, 1)


async def test_times_without_a_zone_and_dates_are_read_in_the_zone_of_the_calendar(alpha: Caller, world: World) -> None:
    made = await alpha.calendar.CreateCalendar(
        CreateCalendarRequest(parent=world.account, calendar=Calendar(time_zone="Asia/Tokyo"))
    )
    floating = event("floating", "DTSTART:20300109T090000", "DTEND:20300109T100000", end="none")
    day = event("day", "DTSTART;VALUE=DATE:20300109", end="none")
    data = text(calendar(floating, day))
    await alpha.send(NAME, ImportCalendarRequest(parent=made.name, data=data))
    listed = await alpha.calendar.ListEvents(ListEventsRequest(parent=made.name))
    found = {event.uid: event for event in listed.events}
    assert found["floating"].start.resolved.ToJsonString() == "2030-01-09T00:00:00Z"
    assert (found["day"].start.date, found["day"].end.date) == ("2030-01-09", "2030-01-10")


async def test_importing_twice_changes_nothing(alpha: Caller, world: World) -> None:
    data = text(calendar(event("a", "SUMMARY:x"), event("b", "RRULE:FREQ=DAILY"), event("c", "RRULE:FREQ=SECONDLY")))
    first = await imported(alpha, world, data)
    assert (first.created_count, first.refused_count) == (2, 1)
    request = StartSyncRequest(targets=[world.spare_calendar], skip_initial=True)
    token = (await alpha.sync.StartSync(request)).change_token
    before = await events(alpha, world)
    second = await imported(alpha, world, data)
    assert (second.created_count, second.updated_count, second.unchanged_count) == (0, 0, 2)
    assert await events(alpha, world) == before
    assert (await walk(alpha, token)).changes == []


async def test_a_file_in_pieces_is_the_same_file(alpha: Caller, world: World) -> None:
    data = text(ODD)
    assert (await imported(alpha, world, data, pieces=len(data))).created_count == 2
    assert (await imported(alpha, world, data, pieces=7)).unchanged_count == 2


async def test_a_newer_version_is_taken_and_an_older_one_is_not(alpha: Caller, world: World) -> None:
    """RFC 5546: the higher SEQUENCE wins."""
    for sequence, subject, outcome in (
        (2, "second", ImportResult.OUTCOME_CREATED),
        (1, "first", ImportResult.OUTCOME_UNCHANGED),
        (3, "third", ImportResult.OUTCOME_UPDATED),
        (3, "third again", ImportResult.OUTCOME_UPDATED),
    ):
        answer = await imported(alpha, world, text(calendar(event("a", f"SEQUENCE:{sequence}", f"SUMMARY:{subject}"))))
        assert [result.outcome for result in answer.results] == [outcome]
    found = (await events(alpha, world))["a"]
    assert (found.subject, found.sequence) == ("third again", 3)


async def test_an_imported_event_can_be_changed_here_and_is_then_ahead_of_its_file(alpha: Caller, world: World) -> None:
    data = text(calendar(event("a", "SEQUENCE:0", "SUMMARY:theirs")))
    await imported(alpha, world, data)
    mine = Event(name=(await events(alpha, world))["a"].name, location="here", subject="mine")
    await alpha.calendar.UpdateEvent(UpdateEventRequest(event=mine))
    answer = await imported(alpha, world, data)
    assert answer.unchanged_count == 1
    assert (await events(alpha, world))["a"].subject == "mine"


async def test_an_upload_needs_its_target_on_the_first_message_and_stays_with_it(alpha: Caller, world: World) -> None:
    data = text(ODD)
    for parts in (
        [],
        [ImportCalendarRequest(data=data)],
        [ImportCalendarRequest(parent=world.calendar, data=data), ImportCalendarRequest(parent=world.spare_calendar)],
    ):
        refusal = await refused(alpha.send(NAME, parts))
        assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["parent"])
    parts = [ImportCalendarRequest(parent=world.calendar, data=data), ImportCalendarRequest(parent=world.calendar)]
    assert (await alpha.send(NAME, parts)).message.created_count == 2


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 1000, b"BEGIN:VCALENDAR\r\n" * 300, bytes(range(256))])
async def test_what_is_no_calendar_file_is_refused_or_has_nothing_in_it(
    data: bytes, alpha: Caller, world: World
) -> None:
    """Never INTERNAL."""
    answer, refusal = await attempt(alpha.send(NAME, ImportCalendarRequest(parent=world.calendar, data=data)))
    if refusal is not None:
        assert refusal.code is StatusCode.INVALID_ARGUMENT
    else:
        assert (answer.message.created_count, answer.message.updated_count) == (0, 0)
