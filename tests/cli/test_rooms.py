from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schedsvc.cli.icalendar import read
from schedsvc.cli.rooms import account_ids, slug, split
from schedsvc.domain.names import is_id

FILE = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//somebody//EN\r
X-WR-TIMEZONE:Europe/Paris\r
BEGIN:VTIMEZONE\r
TZID:Here\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:1\r
DTSTART;TZID=Europe/Paris:20270405T090000\r
LOCATION:Hall A\\, left\r
BEGIN:VALARM\r
LOCATION:not this one\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTART:20270405T090000Z\r
END:VEVENT\r
BEGIN:VTODO\r
UID:3\r
LOCATION:Hall A\\, left\r
END:VTODO\r
BEGIN:VEVENT\r
UID:4\r
LOCATION;LANGUAGE=en:Hall \r
 A\\, left\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_each_location_is_a_room_with_its_events_and_the_rest_stays_together() -> None:
    found = split(read(FILE))
    (room,) = found.rooms
    assert (room.location, room.account) == ("Hall A, left", "hall-a-left")
    assert [event.value("UID") for event in room.events] == ["1", "4"]
    assert found.rest is not None
    assert [component.value("UID") for component in read(found.rest.encoded()).components[1:]] == ["2", "3"]


def test_an_exception_stays_with_its_series_wherever_it_takes_place() -> None:
    events = b"".join(
        b"BEGIN:VEVENT\r\nUID:%b\r\nLOCATION:%b\r\n%bEND:VEVENT\r\n" % parts
        for parts in (
            (b"1", b"Roof", b"RECURRENCE-ID:20270406T090000Z\r\n"),
            (b"1", b"Hall", b"RRULE:FREQ=DAILY\r\n"),
            (b"2", b"Roof", b"RECURRENCE-ID:20270406T090000Z\r\n"),
        )
    )
    found = split(read(events))
    assert {room.location: [event.value("UID") for event in room.events] for room in found.rooms} == {
        "Hall": ["1", "1"],
        "Roof": ["2"],
    }


def test_a_part_keeps_what_its_events_may_refer_to_and_their_own_lines() -> None:
    (room,) = split(read(FILE)).rooms
    text = room.part.encoded().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert "X-WR-TIMEZONE:Europe/Paris\r\nBEGIN:VTIMEZONE\r\nTZID:Here\r\nEND:VTIMEZONE\r\n" in text
    assert "LOCATION;LANGUAGE=en:Hall \r\n A\\, left\r\n" in text
    assert text.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")


def test_a_line_of_a_part_is_found_again_in_the_file() -> None:
    (room,) = split(read(FILE)).rooms
    part = room.part.encoded().decode().split("\r\n")
    file = FILE.decode().split("\r\n")
    for number, text in enumerate(part[:-1], 1):
        if room.part.original(number):
            assert file[room.part.original(number) - 1] == text
    assert [room.part.original(part.index("UID:4") + 1)] == [file.index("UID:4") + 1]


def test_places_whose_ids_would_be_the_same_get_a_mark_each() -> None:
    ids = account_ids(["Room 1", "room-1", "Room 2", "???"])
    assert ids["Room 2"] == "room-2"
    assert len(set(ids.values())) == 4
    assert all(ids[name].startswith("room-1-") for name in ("Room 1", "room-1"))


def test_accents_are_dropped_and_signs_become_hyphens() -> None:
    assert slug("  Café / Küche 2 ") == "cafe-kuche-2"


@given(st.sets(st.text(min_size=1), min_size=1, max_size=10))
def test_every_text_gets_an_id_of_its_own(places: set[str]) -> None:
    ids = account_ids(places)
    assert len(set(ids.values())) == len(places)
    assert all(is_id(name) for name in ids.values())


@given(st.lists(st.text(min_size=1, max_size=3), unique=True, min_size=1, max_size=10))
def test_ids_do_not_depend_on_the_order(places: list[str]) -> None:
    assert account_ids(places) == account_ids(reversed(places))
