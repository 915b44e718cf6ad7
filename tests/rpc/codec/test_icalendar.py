"""iCalendar files of every degree of correctness."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import AttendeeType, EventStatus, ResponseStatus, ShowAs
from schedsvc.domain.interchange import Component
from schedsvc.domain.time import AllDay, Zoned
from schedsvc.rpc.codec.icalendar import parse
from tests.rpc.codec.files import BERLIN, calendar, draft, event, only, refusal, zoned


def test_a_plain_event_is_read_without_a_word() -> None:
    component = only(event("SUMMARY:Talk", "DESCRIPTION:About it", "LOCATION:Hall C\\, Ballroom A", "SEQUENCE:3"))
    assert component.messages == ()
    assert (component.uid, component.line, component.sequence) == ("e1", 2, 3)
    assert component.stamp == datetime(2030, 1, 1, tzinfo=UTC)
    found = component.draft
    assert found is not None
    assert (found.uid, found.subject, found.description, found.location) == (
        "e1",
        "Talk",
        "About it",
        "Hall C, Ballroom A",
    )
    assert (found.start, found.end) == (zoned("2030-05-01T10:00", "UTC"), zoned("2030-05-01T11:00", "UTC"))
    assert (found.status, found.show_as) == (EventStatus.CONFIRMED, ShowAs.BUSY)


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_may_end_in_any_way_and_begin_with_a_byte_order_mark(newline: str, mark: bytes) -> None:
    data = mark + event("SUMMARY:Talk").replace(b"\r\n", newline.encode())
    assert draft(data).subject == "Talk"


def test_a_line_folded_inside_of_a_character_is_put_together() -> None:
    split = "SUMMARY:Café".encode()
    data = event("SUMMARY:@@").replace(b"SUMMARY:@@", split[:-1] + b"\r\n " + split[-1:] + b"\r\n\t!")
    assert draft(data).subject == "Café!"


def test_names_and_values_may_be_folded_apart() -> None:
    assert draft(calendar("BEGIN:VEVENT\nUID\n :x\nDTST\n ART\n ;VALUE=DATE\n :20300501\nEND:VEVENT")).uid == "x"


def test_bytes_that_are_not_utf8_are_read_as_latin1() -> None:
    component = only(event("SUMMARY:@").replace(b"@", b"Caf\xe9"))
    assert component.draft is not None
    assert component.draft.subject == "Café"
    assert component.messages == ("SUMMARY is not UTF-8: read as Latin-1",)


def test_text_is_unescaped_once() -> None:
    assert draft(event(r"SUMMARY:a\nb\, c\; d\\n e")).subject == "a\nb, c; d\\n e"


def test_nul_is_left_out_since_it_cannot_be_stored() -> None:
    component = only(event("SUMMARY:a\0b"))
    assert component.draft is not None
    assert component.draft.subject == "ab"
    assert "NUL" in component.messages[0]


def test_texts_that_are_too_long_are_cut() -> None:
    component = only(event("SUMMARY:" + "x" * 1025, "DESCRIPTION:" + "y" * 8193))
    assert component.draft is not None
    assert (len(component.draft.subject), len(component.draft.description)) == (1024, 8192)
    assert component.messages == ("SUMMARY was cut to 1024 characters", "DESCRIPTION was cut to 8192 characters")


def test_events_without_a_calendar_around_them_are_read() -> None:
    bare = event().removeprefix(b"BEGIN:VCALENDAR\r\n").removesuffix(b"END:VCALENDAR\r\n")
    assert [component.line for component in parse(bare + bare, BERLIN)] == [1, 7]


def test_keywords_may_be_in_any_case() -> None:
    assert draft(b"begin:vcalendar\nbegin:vevent\nuid:x\ndtstart:20300501\nend:vevent\nend:vcalendar").uid == "x"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"hello", b"BEGIN:VCARD\nFN:x\nEND:VCARD", b"\x89PNG\r\n\x1a\n", b"{}"])
def test_what_is_no_calendar_at_all_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(data, BERLIN)
    assert [violation.field for violation in caught.value.violations] == ["data"]


def test_an_empty_calendar_has_no_components() -> None:
    assert parse(calendar(""), BERLIN) == []


def test_a_bad_component_never_keeps_out_the_others() -> None:
    data = calendar(
        "BEGIN:VEVENT\nUID:bad\nDTSTART:never\nEND:VEVENT\nBEGIN:VEVENT\nUID:good\nDTSTART:20300501\nEND:VEVENT"
    )
    bad, good = parse(data, BERLIN)
    assert (bad.uid, bad.line, bad.messages[0]) == ("bad", 2, 'DTSTART "never" is no date or time')
    assert (good.uid, good.line, good.draft is not None) == ("good", 6, True)


# --- times


def test_a_date_lasts_a_day_and_a_time_no_time_unless_an_end_is_told() -> None:
    daily = draft(calendar("BEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:20300501\nEND:VEVENT"))
    assert (daily.start, daily.end) == (AllDay(date(2030, 5, 1)), AllDay(date(2030, 5, 2)))
    assert daily.show_as is ShowAs.FREE
    timed = draft(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501T100000Z\nEND:VEVENT"))
    assert timed.start == timed.end


LASTING = [
    ("20300501", "P1D", AllDay(date(2030, 5, 2))),
    ("20300501", "P1W", AllDay(date(2030, 5, 8))),
    ("20300501", "PT48H", AllDay(date(2030, 5, 3))),
    ("20300501T100000Z", "PT1H30M", zoned("2030-05-01T11:30", "UTC")),
    ("20300501T100000Z", "+P0D", zoned("2030-05-01T10:00", "UTC")),
    ("20300330T120000", "P1D", zoned("2030-03-31T12:00", BERLIN)),
    ("20300330T120000", "PT24H", zoned("2030-03-31T13:00", BERLIN)),
    ("20300330T120000", "P1DT1H", zoned("2030-03-31T13:00", BERLIN)),
]


@pytest.mark.parametrize(("start", "duration", "end"), LASTING)
def test_a_duration_counts_days_by_the_calendar_and_hours_by_the_clock(
    start: str, duration: str, end: AllDay | Zoned
) -> None:
    found = draft(calendar(f"BEGIN:VEVENT\nUID:x\nDTSTART:{start}\nDURATION:{duration}\nEND:VEVENT"))
    assert found.end == end


@pytest.mark.parametrize("duration", ["-PT1H", "P", "PT", "P1", "1H", "PT1H1", "P1Y", "P999999W", "P12345678901D"])
def test_a_duration_that_cannot_be_is_refused(duration: str) -> None:
    assert refusal(calendar(f"BEGIN:VEVENT\nUID:x\nDTSTART:20300501T100000\nDURATION:{duration}\nEND:VEVENT"))


def test_an_end_before_the_start_is_refused() -> None:
    said = refusal(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501T100000Z\nDTEND:20300501T095959Z\nEND:VEVENT"))
    assert said == "DTEND must not be before the start"


def test_an_end_on_the_day_of_the_start_means_that_whole_day() -> None:
    component = only(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nDTEND:20300501\nEND:VEVENT"))
    assert component.draft is not None
    assert component.draft.end == AllDay(date(2030, 5, 2))
    assert "DTEND is the day of DTSTART: read as a whole day" in component.messages


BAD_TIMES = [
    "",
    "never",
    "20301301",
    "20300230",
    "20300501T250000",
    "20300501T100061",
    "18991231",
    "22000102",
    "99991231T235959Z",
]


@pytest.mark.parametrize("start", BAD_TIMES)
def test_a_start_that_cannot_be_is_refused(start: str) -> None:
    assert "DTSTART" in refusal(calendar(f"BEGIN:VEVENT\nUID:x\nDTSTART:{start}\nEND:VEVENT"))


def test_an_event_without_a_start_is_refused() -> None:
    assert refusal(calendar("BEGIN:VEVENT\nUID:x\nEND:VEVENT")) == "it has no DTSTART"


def test_a_date_and_a_time_do_not_make_an_event() -> None:
    said = refusal(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nDTEND:20300502T100000Z\nEND:VEVENT"))
    assert said == "DTEND must be a date, as the start is"


def test_of_two_starts_the_first_counts() -> None:
    component = only(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nDTSTART:20310501\nEND:VEVENT"))
    assert component.draft is not None
    assert component.draft.start == AllDay(date(2030, 5, 1))
    assert "DTSTART is there 2 times: the first one counts" in component.messages


# --- what else an event says


SHOWN = [
    ((), ShowAs.BUSY),
    (("TRANSP:OPAQUE",), ShowAs.BUSY),
    (("TRANSP:TRANSPARENT",), ShowAs.FREE),
    (("STATUS:TENTATIVE",), ShowAs.TENTATIVE),
    (("STATUS:TENTATIVE", "TRANSP:TRANSPARENT"), ShowAs.FREE),
    (("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRANSP:OPAQUE"), ShowAs.OUT_OF_OFFICE),
    (("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",), ShowAs.WORKING_ELSEWHERE),
]


@pytest.mark.parametrize(("lines", "shown_as"), SHOWN)
def test_how_the_time_is_shown(lines: tuple[str, ...], shown_as: ShowAs) -> None:
    assert draft(event(*lines)).show_as is shown_as


def test_a_status_is_kept_and_an_unknown_one_told() -> None:
    assert draft(event("STATUS:cancelled")).status is EventStatus.CANCELLED
    component = only(event("STATUS:PERHAPS"))
    assert component.messages == ('STATUS "PERHAPS" was read as CONFIRMED',)


def test_attendees_are_read_with_their_answers() -> None:
    found = draft(
        event(
            'ATTENDEE;CN="Doe, Jane";PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:mailto:jane@example.com',
            "ATTENDEE;CUTYPE=ROOM:MAILTO:room@example.com",
            "ATTENDEE;EMAIL=bob@example.com;PARTSTAT=X-NEW:urn:uuid:1",
        )
    ).attendees
    assert [(a.email, a.display_name, a.type, a.response) for a in found] == [
        ("jane@example.com", "Doe, Jane", AttendeeType.OPTIONAL, ResponseStatus.ACCEPTED),
        ("room@example.com", "", AttendeeType.RESOURCE, ResponseStatus.NEEDS_ACTION),
        ("bob@example.com", "", AttendeeType.REQUIRED, ResponseStatus.NEEDS_ACTION),
    ]


def test_attendees_without_an_address_or_told_twice_are_left_out() -> None:
    component = only(
        event("ATTENDEE:mailto:a@example.com", "ATTENDEE:mailto:A@example.com", "ATTENDEE:mailto:nobody", "ATTENDEE:")
    )
    assert component.draft is not None
    assert [attendee.email for attendee in component.draft.attendees] == ["a@example.com"]
    assert len(component.messages) == 3


def test_only_500_attendees_are_read() -> None:
    component = only(event(*(f"ATTENDEE:mailto:a{n}@example.com" for n in range(501))))
    assert component.draft is not None
    assert len(component.draft.attendees) == 500
    assert component.messages == ("only the first 500 of 501 ATTENDEEs were read",)


@pytest.mark.parametrize(
    ("text", "sequence"), [("7", 7), ("2146483647", 2146483647), ("2147483648", 0), ("-1", 0), ("x", 0), ("٣", 0)]
)
def test_a_sequence_is_a_number_of_31_bits(text: str, sequence: int) -> None:
    assert only(event(f"SEQUENCE:{text}")).sequence == sequence


@pytest.mark.parametrize("sequence", [2146483648, 2147483647])
def test_a_sequence_that_leaves_no_room_for_changes_is_lowered(sequence: int) -> None:
    component = only(event(f"SEQUENCE:{sequence}"))
    assert component.sequence == 2146483647
    assert component.messages == (f"SEQUENCE {sequence} was lowered to 2146483647: later changes need higher ones",)


def test_of_two_versions_with_one_sequence_the_one_with_the_newer_stamp_counts() -> None:
    def version(subject: str, stamp: str, sequence: int = 1) -> str:
        times = f"DTSTART:20300501{stamp and chr(10)}{stamp}"
        return f"BEGIN:VEVENT\nUID:x\nSEQUENCE:{sequence}\n{times}\nSUMMARY:{subject}\nEND:VEVENT\n"

    old, new = "DTSTAMP:20300101T000000Z", "DTSTAMP:20300102T000000Z"
    for first, second, counts in (
        (version("a", new), version("b", old), "a"),
        (version("a", old), version("b", new), "b"),
        (version("a", new), version("b", new), "b"),
        (version("a", new), version("b", ""), "b"),
        (version("a", new, 1), version("b", old, 2), "b"),
    ):
        found = [one.draft.subject for one in parse(calendar(first + second), BERLIN) if one.draft is not None]
        assert found == [counts]


def test_a_leap_second_is_read_as_the_one_before_it() -> None:
    component = only(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20161231T235960Z\nDTSTAMP:20300101T000000Z\nEND:VEVENT"))
    assert component.draft is not None
    assert component.draft.start == zoned("2016-12-31T23:59:59", "UTC")
    assert component.messages == ("the leap second of DTSTART was read as :59",)


def test_a_date_with_a_time_behind_it_does_not_float() -> None:
    found = draft(calendar("BEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:20260701T090000\nEND:VEVENT"))
    assert (found.start, found.floating) == (AllDay(date(2026, 7, 1)), False)


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_refused_and_says_what_it_must_be(coding: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(("\ufeff" + event().decode()).encode(coding), BERLIN)
    assert caught.value.violations[0].description.startswith("must be UTF-8")


def test_last_modified_stands_in_for_a_missing_stamp() -> None:
    component = only(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nLAST-MODIFIED:20300101T000000Z\nEND:VEVENT"))
    assert component.stamp == datetime(2030, 1, 1, tzinfo=UTC)
    missing = only(calendar("BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nEND:VEVENT"))
    assert (missing.stamp, missing.messages) == (None, ("it has no DTSTAMP",))


# --- UIDs


def without_uid(stamp: str) -> Component:
    return only(calendar(f"BEGIN:VEVENT\nDTSTAMP:{stamp}\nDTSTART:20300501\nSUMMARY:x\nEND:VEVENT"))


def test_a_missing_uid_is_made_from_the_content_so_that_a_second_import_matches() -> None:
    first, second = without_uid("20300101T000000Z"), without_uid("20300201T000000Z")
    assert len(first.uid) == 32
    assert first.uid == second.uid
    assert first.draft is not None
    assert first.draft.uid == first.uid
    assert first.messages == ("it has no UID: one was made from its content",)


def test_of_events_with_one_uid_the_last_counts() -> None:
    twice = "BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nSUMMARY:{}\nEND:VEVENT\n"
    first, last = parse(calendar(twice.format("a") + twice.format("b")), BERLIN)
    assert first.draft is None
    assert first.messages[0] == "the same UID comes again in line 7, which counts"
    assert last.draft is not None
    assert last.draft.subject == "b"


def test_a_uid_of_more_than_255_characters_is_refused() -> None:
    component = only(calendar(f"BEGIN:VEVENT\nUID:{'u' * 256}\nDTSTART:20300501\nEND:VEVENT"))
    assert (component.draft, len(component.uid)) == (None, 255)


def test_of_versions_of_one_event_that_with_the_highest_sequence_counts() -> None:
    version = "BEGIN:VEVENT\nUID:x\nDTSTART:20300501\nSEQUENCE:{}\nEND:VEVENT\n"
    first, last = parse(calendar(version.format(2) + version.format(1)), BERLIN)
    assert first.draft is not None
    assert last.messages[0] == "the same UID comes again in line 2, which counts"


# --- what is left out


@pytest.mark.parametrize("kind", ["VTODO", "VJOURNAL", "VAVAILABILITY", "X-OTHER"])
def test_other_kinds_of_components_are_refused_by_name(kind: str) -> None:
    component = only(calendar(f"BEGIN:{kind}\nUID:t1\nEND:{kind}"))
    assert component.is_refused
    assert (component.uid, component.messages) == (
        "t1",
        (f"{kind} is not supported: only VEVENT and VFREEBUSY are imported; write it as a VEVENT to keep it",),
    )


def test_properties_that_are_not_kept_are_named() -> None:
    assert only(event("CREATED:20300101T000000Z", "LAST-MODIFIED:20300101T000000Z")).messages == ()
    assert only(event("PRIORITY:5", "GEO:1;2", "PRIORITY:4")).messages == ("not kept: PRIORITY, GEO",)
    many = only(event(*(f"X-P{n}:1" for n in range(22)))).messages
    assert many[0].startswith("not kept: X-P0, ")
    assert many[0].endswith(", X-P19 and 2 more")


def test_alarms_and_time_zones_are_no_components() -> None:
    zone = "BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n"
    alarm = "BEGIN:VALARM\nUID:alarm\nSUMMARY:Beep\nEND:VALARM\n"
    component = only(calendar(f"{zone}BEGIN:VEVENT\nUID:x\nDTSTART:20300501\n{alarm}END:VEVENT\n{zone}"))
    assert component.draft is not None
    assert (component.uid, component.draft.subject) == ("x", "")
