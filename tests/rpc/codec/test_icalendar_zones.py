"""Which zone a TZID means."""

from __future__ import annotations

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from schedsvc.domain.time import zone_names
from schedsvc.rpc.codec.icalendar.zones import known_name
from tests.rpc.codec.files import BERLIN, calendar, draft, only, refusal, zoned


def starting(parameters: str, value: str = "20300501T100000", zones: str = "") -> bytes:
    return calendar(f"{zones}\nBEGIN:VEVENT\nUID:x\nDTSTAMP:20300101T000000Z\nDTSTART{parameters}:{value}\nEND:VEVENT")


NAMES = [
    ("Asia/Tokyo", "Asia/Tokyo"),
    ('"Asia/Tokyo"', "Asia/Tokyo"),
    ("asia/tokyo", "Asia/Tokyo"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ('"Eastern Standard Time"', "America/New_York"),
    ("/example.org/20300101/Europe/Berlin", "Europe/Berlin"),
    ("/example.org/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ("posix/Europe/Vaduz", "Europe/Vaduz"),
    ("US/Eastern", "US/Eastern"),
]


@pytest.mark.parametrize(("tzid", "zone"), NAMES)
def test_a_zone_is_known_by_its_name_as_iana_windows_or_a_vendor_writes_it(tzid: str, zone: str) -> None:
    assert draft(starting(f";TZID={tzid}")).start == zoned("2030-05-01T10:00", zone)


def test_another_spelling_is_told() -> None:
    assert only(starting(";TZID=Asia/Tokyo")).messages == ()
    said = only(starting(";TZID=Tokyo Standard Time")).messages
    assert said == ('the TZID "Tokyo Standard Time" was read as Asia/Tokyo',)


def test_every_windows_name_is_a_zone_that_is_known() -> None:
    assert {known_name(name) for name in WINDOWS_TO_OLSON} <= zone_names()


def test_a_time_without_a_zone_is_read_in_that_of_the_calendar() -> None:
    component = only(starting(""), "Asia/Kolkata")
    assert component.draft is not None
    assert component.draft.start == zoned("2030-05-01T10:00", "Asia/Kolkata")
    assert component.messages == ("DTSTART names no time zone: read in Asia/Kolkata",)


def test_a_time_in_utc_is_in_utc_whatever_its_tzid_says() -> None:
    assert draft(starting(";TZID=Asia/Tokyo", "20300501T100000Z")).start == zoned("2030-05-01T10:00", "UTC")


@pytest.mark.parametrize("tzid", ["Mars", "../../etc/passwd", "US-Eastern", "GMT+0200x", "/", "''", "Europe"])
def test_an_unknown_zone_is_refused(tzid: str) -> None:
    assert refusal(starting(f";TZID={tzid}")).startswith("BAD_TIME_ZONE: the TZID ")


def part(kind: str, start: str, before: str, after: str, more: str = "") -> str:
    return f"BEGIN:{kind}\nDTSTART:{start}\nTZOFFSETFROM:{before}\nTZOFFSETTO:{after}\n{more}\nEND:{kind}\n"


def zone(*parts: str, more: str = "") -> str:
    return f"BEGIN:VTIMEZONE\nTZID:Mine\n{more}\n{''.join(parts)}END:VTIMEZONE\n"


SUMMER = part("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")
WINTER = part("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU")
US_SUMMER = part("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU")
US_WINTER = part("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU")
MATCHED = [
    (zone(SUMMER, WINTER), BERLIN),
    (zone(WINTER, SUMMER), BERLIN),
    (zone(US_SUMMER, US_WINTER), "America/New_York"),
    (zone(part("STANDARD", "19700101T000000", "+0900", "+0900")), "Etc/GMT-9"),
    (zone(part("STANDARD", "19700101T000000", "+0000", "+0000")), "UTC"),
    (zone(part("STANDARD", "19700101T000000", "+0530", "+0530")), "Asia/Kolkata"),
    (zone(SUMMER), "Etc/GMT-2"),
    (zone(SUMMER, WINTER.replace("SU\n", "SU;UNTIL=20200101T000000Z\n")), "Etc/GMT-2"),
    (zone(more="X-LIC-LOCATION:Pacific/Fiji"), "Pacific/Fiji"),
]


@pytest.mark.parametrize(("definition", "name"), MATCHED)
def test_an_unknown_name_is_matched_by_what_its_vtimezone_does(definition: str, name: str) -> None:
    assert draft(starting(";TZID=Mine", zones=definition)).start == zoned("2030-05-01T10:00", name)


def test_a_definition_may_come_after_the_event() -> None:
    data = starting(";TZID=Mine") + calendar(zone(SUMMER, WINTER))
    assert draft(data).start == zoned("2030-05-01T10:00", BERLIN)


UNMATCHED = [
    zone(),
    zone(part("STANDARD", "19700101T000000", "x", "+0100")),
    zone(part("STANDARD", "never", "+0100", "+0100")),
    zone(SUMMER.replace("YEARLY", "SECONDLY"), WINTER),
    zone(SUMMER.replace("BYDAY=-1SU", "BYMONTHDAY=25"), WINTER),
]


@pytest.mark.parametrize("definition", UNMATCHED)
def test_a_definition_that_cannot_be_read_does_not_help(definition: str) -> None:
    assert refusal(starting(";TZID=Mine", zones=definition)).startswith("BAD_TIME_ZONE")


ODD = part("STANDARD", "20240101T000000", "+1000", "+1200") + part("DAYLIGHT", "20240505T080000", "+1200", "+1000")
READ = [
    (zone(part("STANDARD", "19700101T000000", "+0037", "+0037")), "20300501T100000", "2030-05-01T09:23"),
    (zone(SUMMER.replace("-1SU", "1SU"), WINTER), "20300501T100000", "2030-05-01T08:00"),
    (zone(ODD), "20240303T080000", "2024-03-02T20:00"),
    (zone(ODD), "20240505T080001", "2024-05-04T22:00:01"),
    (zone(ODD), "20240505T070001", "2024-05-04T19:00:01"),
    (zone(ODD.replace("T080000", "T060000").replace("+1000", "+1400")), "20240505T070000", "2024-05-04T19:00"),
]


@pytest.mark.parametrize(("definition", "local", "utc"), READ)
def test_a_moment_is_read_by_a_definition_that_no_zone_fits(definition: str, local: str, utc: str) -> None:
    """The first of two, and with the offset before a gap."""
    component = only(starting(";TZID=Mine", local, definition))
    assert component.draft is not None
    assert component.draft.start == zoned(utc, "UTC")
    assert 'the TZID "Mine" is defined in the file alone: its times are kept in UTC' in component.messages


def test_a_series_is_not_read_by_a_definition_that_no_zone_fits() -> None:
    data = starting(";TZID=Mine", "20240303T080000", zone(ODD)).replace(
        b"END:VEVENT", b"RRULE:FREQ=DAILY\r\nEND:VEVENT"
    )
    assert refusal(data).startswith("BAD_TIME_ZONE")


def test_the_own_zone_data_win_over_the_definition_in_the_file() -> None:
    wrong = zone(part("STANDARD", "19700101T000000", "+0900", "+0900")).replace("TZID:Mine", f"TZID:{BERLIN}")
    assert draft(starting(f";TZID={BERLIN}", zones=wrong)).start == zoned("2030-05-01T10:00", BERLIN)


def test_a_rule_that_has_ended_matters_until_then() -> None:
    old = SUMMER.replace("SU\n", "SU;UNTIL=20310101\n")
    assert draft(starting(";TZID=Mine", zones=zone(old, WINTER))).start == zoned("2030-05-01T10:00", BERLIN)
    later = starting(";TZID=Mine", "20310501T100000", zone(old, WINTER))
    assert draft(later).start == zoned("2031-05-01T10:00", "Etc/GMT-1")


def vague(tzid: str, offset: str) -> str:
    return zone(part("STANDARD", "19700101T000000", offset, offset)).replace("TZID:Mine", f"TZID:{tzid}")


@pytest.mark.parametrize(
    ("tzid", "offset", "known"),
    [
        ("EST", "+1000", "Etc/GMT-10"),
        ("EST", "-0500", "EST"),
        ("MST", "+0900", "Etc/GMT-9"),
        ("My/Zones/Tokyo/EST", "+0100", "Etc/GMT-1"),
        ("EST", "+0117", "EST"),
        ("Asia/Tokyo", "+0100", "Asia/Tokyo"),
    ],
)
def test_the_file_says_which_zone_an_abbreviation_means_and_never_what_a_full_name_does(
    tzid: str, offset: str, known: str
) -> None:
    component = only(starting(f";TZID={tzid}", zones=vague(tzid, offset)))
    assert component.draft is not None
    assert component.draft.start == zoned("2030-05-01T10:00", known)
    said = [message for message in component.messages if "otherwise than" in message]
    assert bool(said) is ((tzid, known) in {("Asia/Tokyo", "Asia/Tokyo"), ("EST", "EST")} and offset != "-0500")


def test_a_zone_with_a_nul_in_its_name_is_none() -> None:
    said = refusal(starting(";TZID=Europe/Ber\0lin"))
    assert said.startswith("BAD_TIME_ZONE")
    assert "\0" not in said
    assert "IANA name" in said


def test_a_colon_in_a_zone_without_quotes_is_named() -> None:
    assert "a TZID with a colon in it must be in quotes" in refusal(starting(";TZID=(GMT+01:00) Berlin"))
