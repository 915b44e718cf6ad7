"""Lines, zones and parts of files as they are written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.events import Level
from schedsvc.domain.freebusy import Period
from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.names import CalendarName
from schedsvc.domain.time import AllDay, Zoned, local_at, seconds, zone_names
from schedsvc.rpc.codec.icalendar.lines import unfold
from schedsvc.rpc.codec.icalendar.properties import Notes, Properties
from schedsvc.rpc.codec.icalendar.writing import content
from schedsvc.rpc.codec.icalendar.writing.busy import vavailability, vfreebusy
from schedsvc.rpc.codec.icalendar.writing.zones import vtimezone
from tests.rpc.codec.files import BERLIN, zoned

CREATED = datetime(2030, 1, 1, tzinfo=UTC)
CALENDAR = Calendar(
    name=CalendarName("ada", "work"),
    display_name="Work",
    description="",
    color="",
    time_zone=BERLIN,
    metadata={},
    external_ref=None,
    edition=1,
    create_time=CREATED,
    update_time=CREATED,
)
VISIBLE = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\n\\,;:^\"'"), max_size=200)


def read(line: bytes) -> Properties:
    return Properties(unfold(line), {"SUMMARY", "CATEGORIES"}, Notes())


@given(VISIBLE)
@settings(max_examples=300)
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    line = content.text("SUMMARY", text)
    assert line.endswith(b"\r\n")
    assert all(len(piece) <= 75 for piece in line.split(b"\r\n"))
    found = read(line).one("SUMMARY")
    assert found is not None
    assert found.text == text
    parsed = icalendar.Event.from_ical(b"BEGIN:VEVENT\r\n" + line + b"END:VEVENT\r\n")
    assert str(parsed.get("SUMMARY", "")) == text


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=90).filter(str.strip))
def test_any_parameter_is_read_as_it_was_written(text: str) -> None:
    found = read(content.plain("SUMMARY", "x", {"CN": text})).one("SUMMARY")
    assert found is not None
    assert found.params["CN"] == text.strip()
    assert found.value == "x"


def test_control_characters_and_odd_line_breaks_do_not_leave_the_house() -> None:
    assert content.text("SUMMARY", "a\x00b\x07c\r\nd\re\tf") == b"SUMMARY:abc\\nd\\ne\tf\r\n"
    assert content.plain("ATTACH", "https://example.org/\r\nX:1") == b"ATTACH:https://example.org/X:1\r\n"


TIMES = [
    (AllDay(date(2030, 5, 1)), "", b"T;VALUE=DATE:20300501\r\n"),
    (zoned("2030-05-01T10:00", "UTC"), "", b"T:20300501T100000Z\r\n"),
    (zoned("2030-05-01T10:00", BERLIN), "", b"T;TZID=Europe/Berlin:20300501T100000\r\n"),
    (zoned("2030-05-01T10:00", BERLIN), BERLIN, b"T:20300501T100000\r\n"),
    (zoned("2030-05-01T10:00", "UTC"), "UTC", b"T:20300501T100000\r\n"),
]


@pytest.mark.parametrize(("time", "floating", "line"), TIMES)
def test_times_are_written_by_their_kind(time: AllDay | Zoned, floating: str, line: bytes) -> None:
    assert content.time("T", time, floating=floating) == line


def onsets(part: Any, until: datetime) -> Iterator[tuple[int, timedelta]]:
    """The instants at which a part of a VTIMEZONE begins to hold, by another program's reading of rules."""
    start, before, after = part["DTSTART"].dt, part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td
    starts = [start]
    if "RRULE" in part:
        rule, _, last = part["RRULE"].to_ical().decode().partition(";UNTIL=")
        if last:
            ending, _, more = last.partition(";")
            rule, until = f"{rule};{more}".rstrip(";"), datetime.fromisoformat(ending).replace(tzinfo=None) + before
        starts = list(rrulestr(rule, dtstart=start).between(start, until, inc=True))
    if "RDATE" in part:
        starts += [found.dt for found in part["RDATE"].dts]
    return ((seconds((local - before).replace(tzinfo=UTC)), after) for local in starts)


@pytest.mark.parametrize("year", [1925, 1996, 2024])
@pytest.mark.parametrize("zone", [*sorted(zone_names())[::29], "Africa/Casablanca", "Asia/Gaza", "Europe/Dublin"])
def test_a_zone_means_the_same_to_other_programs(zone: str, year: int) -> None:
    data = b"BEGIN:VCALENDAR\r\n" + b"".join(vtimezone(zone, year)) + b"END:VCALENDAR\r\n"
    (defined,) = icalendar.Calendar.from_ical(data).walk("VTIMEZONE")
    found = sorted(
        onset for part in defined.subcomponents for onset in onsets(part, datetime.fromisoformat("2100-01-01"))
    )
    instants = [instant for instant, _ in found]
    first, last = (seconds(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, 2100))
    moments = [*range(first, last, 86_400 * 17), *(t + d for t in instants if first < t < last for d in (-1, 0))]
    for instant in moments:
        assert found[bisect_right(instants, instant) - 1][1] == local_at(instant, zone).utcoffset(), instant


def test_a_zone_with_a_lasting_rule_is_short() -> None:
    assert sum(map(len, vtimezone("Asia/Jerusalem", 2024))) < 600
    assert sum(map(len, vtimezone("UTC", 2024))) < 200


def unfolded(data: bytes) -> list[str]:
    return data.replace(b"\r\n ", b"").decode().split("\r\n")


def test_taken_time_stands_by_its_type() -> None:
    periods = [Period(hour * 3600, hour * 3600 + 1800, Level.BUSY) for hour in range(150)]
    periods += [Period(10**6, 10**6 + 60, Level.TENTATIVE), Period(10**6 + 60, 10**6 + 90, Level.WORKING_ELSEWHERE)]
    found = unfolded(b"".join(vfreebusy(CALENDAR, (0, 2 * 10**6), periods, 0)))
    taken = [line.partition(":") for line in found if line.startswith("FREEBUSY")]
    assert [(head, value.count(",") + 1) for head, _, value in taken] == [
        ("FREEBUSY;FBTYPE=BUSY", 100),
        ("FREEBUSY;FBTYPE=BUSY", 50),
        ("FREEBUSY;FBTYPE=BUSY-TENTATIVE", 1),
    ]


def test_work_hours_begin_on_the_first_day_that_has_them() -> None:
    """From Wednesday, 1 May 2030, until midnight."""
    days = {1: (MinuteRange(540, 720), MinuteRange(780, 1440)), 5: (MinuteRange(540, 720),)}
    window = (seconds(datetime(2030, 5, 1, tzinfo=UTC)), seconds(datetime(2030, 6, 1, tzinfo=UTC)))
    made = vavailability(CALENDAR, WorkHours(BERLIN, days), window, 0)
    assert (made.zones, made.year) == ({BERLIN}, 2029)
    chosen = ("DTSTART", "DTEND", "RRULE")
    assert [line for line in unfolded(b"".join(made.lines)) if line.startswith(chosen)] == [
        "DTSTART:20300501T000000Z",
        "DTEND:20300601T000000Z",
        "DTSTART;TZID=Europe/Berlin:20300503T090000",
        "DTEND;TZID=Europe/Berlin:20300503T120000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,FR",
        "DTSTART;TZID=Europe/Berlin:20300506T130000",
        "DTEND;TZID=Europe/Berlin:20300507T000000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
    ]
