from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.cli.icalendar import Component, read


def event(*lines: str) -> Component:
    return read("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"]).encode()).components[0]


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_line_break_and_a_byte_order_mark_are_read(line_break: str, mark: bytes) -> None:
    text = line_break.join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", "END:VEVENT", "END:VCALENDAR"])
    (found,) = read(mark + text.encode()).events
    assert found.value("UID") == "1"
    assert found.lines[0].number == 2


def test_components_outside_of_a_calendar_are_found() -> None:
    assert [found.value("UID") for found in read(b"BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\n").events] == [
        "1",
        "2",
    ]


def test_a_line_is_unfolded_and_a_text_unescaped() -> None:
    assert event("SUMMARY:one\\, tw", " o\\n and\\; th", "\tree").value("SUMMARY") == "one, two\n and; three"


def test_a_colon_inside_of_a_quoted_parameter_ends_no_name() -> None:
    assert event('LOCATION;ALTREP="https://a.example/b;c":Hall').value("LOCATION") == "Hall"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("DTSTART:20270405T090000Z", datetime(2027, 4, 5, 9, tzinfo=UTC)),
        ("DTSTART:20270405T090000", datetime(2027, 4, 5, 9, tzinfo=UTC)),
        ("DTSTART;TZID=Europe/Vienna:20270405T090000", datetime(2027, 4, 5, 7, tzinfo=UTC)),
        ("DTSTART;TZID=Nowhere:20270405T090000", datetime(2027, 4, 5, 9, tzinfo=UTC)),
        ("DTSTART;VALUE=DATE:20270405", datetime(2027, 4, 5, tzinfo=UTC)),
        ("DTSTART:20271399T000000", None),
        ("SUMMARY:no start", None),
    ],
)
def test_the_start_of_an_event_is_an_instant(line: str, expected: datetime | None) -> None:
    assert event(line).start() == expected


def test_the_zone_is_the_calendars_or_the_first_that_is_known() -> None:
    inside = b"BEGIN:VEVENT\nDTSTART;TZID=Nowhere:20270405T090000\nEND:VEVENT\n"
    known = b"BEGIN:VEVENT\nDTSTART;TZID=Asia/Tokyo:20270405T090000\nEND:VEVENT\n"
    assert read(b"BEGIN:VCALENDAR\nX-WR-TIMEZONE:Europe/Rome\n" + known + b"END:VCALENDAR\n").zone == "Europe/Rome"
    assert read(inside + known).zone == "Asia/Tokyo"
    assert read(inside).zone == "UTC"


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_taken_apart_without_loss(raw: bytes) -> None:
    file = read(b"BEGIN:VEVENT\r\nX:" + raw.replace(b"\r", b"").replace(b"\n", b"") + b"\r\nEND:VEVENT\r\n")
    (found,) = file.components
    assert b"\r\nX:" + raw.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n" in file.part([found]).encoded()


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    for component in read(raw).components:
        component.value("LOCATION")
        component.start()
