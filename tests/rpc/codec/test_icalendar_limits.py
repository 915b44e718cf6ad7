"""Files that were made to hurt, or broke on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.interchange import Component
from schedsvc.rpc.codec.icalendar import parse
from tests.rpc.codec.files import BERLIN, calendar, draft, event, only, refusal

REPOSITORY = Path(__file__).parents[3]
SHARED = REPOSITORY.parent / "shared" / "data" / "ics"
CONFERENCE = SHARED / "conference_2027.ics"
OTHERS = sorted(path for path in SHARED.glob("*.ics") if path != CONFERENCE)
with_shared_files = pytest.mark.skipif(
    not CONFERENCE.exists(), reason="the calendar files of other projects (../shared/data/ics) are not here"
)


def attempt(data: bytes) -> list[Component]:
    """Whatever the bytes are, there are components or the one error for the file as a whole."""
    try:
        return parse(data, BERLIN)
    except InvalidInput as error:
        (violation,) = error.violations
        assert violation.field == "data"
        return []


@with_shared_files
def test_every_event_of_a_real_conference_is_read() -> None:
    components = parse(CONFERENCE.read_bytes(), "America/New_York")
    assert len(components) == 224
    assert [component for component in components if component.draft is None] == []
    assert {message for component in components for message in component.messages} == set()


@with_shared_files
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_files_of_other_programs_are_read_or_refused_in_words(path: Path) -> None:
    components = attempt(path.read_bytes())
    assert components
    assert all(component.messages for component in components if component.is_refused)


def test_a_component_of_more_than_1_mib_is_refused_and_the_next_one_read() -> None:
    long = "\n".join(f"DESCRIPTION:{'x' * 60_000}" for _ in range(18))
    big, good = parse(
        calendar(f"BEGIN:VEVENT\nUID:x\n{long}\nEND:VEVENT\nBEGIN:VEVENT\nUID:y\nDTSTART:20300501\nEND:VEVENT"), BERLIN
    )
    assert (big.draft, big.messages) == (None, ("it is longer than 1048576 bytes",))
    assert good.draft is not None


def test_a_component_of_more_than_1000_properties_is_refused() -> None:
    assert draft(event(*(f"X-P{n}:1" for n in range(996)))).uid == "e1"
    assert refusal(event(*(f"X-P{n}:1" for n in range(997)))) == "it has more than 1000 properties"


def test_a_line_of_more_than_64_kib_is_left_out() -> None:
    component = only(event(f"SUMMARY:{'x' * 65_600}", "LOCATION:Hall"))
    assert component.draft is not None
    assert (component.draft.subject, component.draft.location) == ("", "Hall")
    assert component.messages == ("SUMMARY is longer than 64 KiB and was left out",)


def test_long_lines_that_say_nothing_of_interest_are_passed_over() -> None:
    assert only(event(f"X-ALT-DESC:{'A' * 200_000}")).messages == ("not kept: X-ALT-DESC",)


def nested(depth: int) -> bytes:
    inside = "\n".join("BEGIN:X" for _ in range(depth)) + "\n" + "\n".join("END:X" for _ in range(depth))
    return event(*inside.split("\n"))


def test_what_is_nested_deeper_than_four_is_refused() -> None:
    assert draft(nested(2)).uid == "e1"
    assert refusal(nested(3)) == "it is nested deeper than 4 levels"


@pytest.mark.parametrize("name", ["VEVENT", "VALARM", "VCALENDAR", "X"])
@pytest.mark.parametrize("keyword", ["BEGIN", "END"])
def test_ten_thousand_levels_are_no_trouble(keyword: str, name: str) -> None:
    assert isinstance(attempt(calendar("BEGIN:VEVENT\n" + f"{keyword}:{name}\n" * 10_000)), list)


def test_a_component_that_is_not_closed_is_refused_and_the_next_one_read() -> None:
    open_, good = parse(
        calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nBEGIN:VEVENT\nUID:y\nDTSTART:20300501\nEND:VEVENT"), BERLIN
    )
    assert (open_.uid, open_.messages[0]) == ("x", "it has no END:VEVENT")
    assert good.draft is not None


def test_a_file_that_breaks_off_says_so() -> None:
    assert refusal(event().partition(b"END:VEVENT")[0]) == "the file ends inside it"


@pytest.mark.parametrize(
    "data",
    [
        b"BEGIN:VCALENDAR\n" + b"x" * (20 * 1024 * 1024),
        b"BEGIN:VCALENDAR\n" + b"\n" * 1_000_001,
        b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 50_001,
    ],
    ids=["bytes", "lines", "components"],
)
def test_a_file_that_is_too_large_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="import it in parts"):
        parse(data, BERLIN)


def test_no_more_than_20_messages_are_told_of_one_component() -> None:
    component = only(event(*(f"ATTENDEE:mailto:{n}" for n in range(30))))
    assert len(component.messages) == 21
    assert component.messages[-1] == "and 10 more"


SMALL = event(
    "SUMMARY;LANGUAGE=en:Caf\u00e9\\, \\n x",
    'ATTENDEE;CN="Doe, J";PARTSTAT=ACCEPTED:mailto:a@example.com',
    "SEQUENCE:3",
    "RRULE:FREQ=WEEKLY;COUNT=3",
    "EXDATE:20300508T100000Z",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER:-PT5M",
    "END:VALARM",
)
ODD = (b"", b"\0", b"\n", b"\r", b" ", b'"', b":", b";", b"\\", b"\xff")


def test_any_byte_may_be_missing_or_another_one() -> None:
    for place in range(len(SMALL)):
        for odd in ODD:
            attempt(SMALL[:place] + odd + SMALL[place + 1 :])


def test_any_bit_may_be_flipped() -> None:
    for place in range(len(SMALL)):
        for bit in range(8):
            attempt(SMALL[:place] + bytes([SMALL[place] ^ (1 << bit)]) + SMALL[place + 1 :])


def test_a_file_may_break_off_anywhere() -> None:
    for end in range(len(SMALL)):
        attempt(SMALL[:end])


LINES = r"""
BEGIN:VTIMEZONE
TZID:Mine
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19700101T000000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
END:VEVENT
BEGIN:VCALENDAR
END:VCALENDAR
BEGIN:VALARM
END:VALARM
BEGIN:VFREEBUSY
END:VFREEBUSY
FREEBUSY;FBTYPE=BUSY:20300101T000000Z/PT1H,20300101T000000Z/20300101T000000Z
FREEBUSY:x/y
RRULE:FREQ=YEARLY;BYDAY=20MO;UNTIL=99991231
RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2147483647
RRULE:FREQ=HOURLY;UNTIL=00010101T000000Z
EXDATE;VALUE=DATE:20300501,99991231
EXDATE:00010101T000000Z
RDATE;TZID=Mine:20300501T100000
CATEGORIES:a\,b,,\
TRIGGER:-P1D
ACTION:DISPLAY
UID:x
UID:
DTSTART:20300501
DTSTART;TZID=Mine:20300501T100000
DTSTART;TZID=:00010101T000000
DTSTART;VALUE=DATE:99991231
DTEND:20300502
DTEND:19000101T000000Z
DURATION:P999999W
DURATION:PT9999999999S
DURATION:-P1D
DURATION:
DTSTAMP:99999999T999999Z
SEQUENCE:99999999999999999999
ATTENDEE;CN=a,b;CN=c:mailto:
ATTENDEE;X="
SUMMARY
SUMMARY;:
SUMMARY;=:x
SUMMARY:\\\
RDATE;VALUE=PERIOD:20300101T000000/PT1H
RECURRENCE-ID;RANGE=THISANDFUTURE:20300101
 fold
""".strip().split("\n")


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=25), st.sampled_from(["\r\n", "\n", "\r"]))
@settings(max_examples=400)
def test_lines_in_any_order_are_no_trouble(lines: list[str], newline: str) -> None:
    for component in attempt(newline.join(["BEGIN:VCALENDAR", *lines]).encode()):
        assert component.line >= 1
        assert component.messages or not component.is_refused


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_no_trouble(data: bytes) -> None:
    attempt(data)
    attempt(b"BEGIN:VEVENT\n" + data)
