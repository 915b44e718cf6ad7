from __future__ import annotations

import json
import shlex
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.json_format import ParseDict

from schedsvc.cli.demo import EXAMPLE, grpcurl, requests
from schedsvc.cli.demo.grid import week_grid
from schedsvc.cli.demo.plan import make_plan, monday_before
from schedsvc.cli.failures import Failed
from schedsvc.cli.icalendar import read
from schedsvc.client import messages

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (datetime(2027, 4, 7, 12, tzinfo=VIENNA), datetime(2027, 4, 5, 8, tzinfo=VIENNA)),
        (datetime(2027, 4, 5, 8, tzinfo=VIENNA), datetime(2027, 4, 5, 8, tzinfo=VIENNA)),
        (datetime(2027, 4, 5, 7, 59, tzinfo=VIENNA), datetime(2027, 3, 29, 8, tzinfo=VIENNA)),
    ],
)
def test_the_clock_shows_the_last_monday_morning_before_the_first_event(first: datetime, expected: datetime) -> None:
    assert monday_before(first) == expected


def test_the_example_plays_in_its_busiest_room_and_week() -> None:
    plan = make_plan(read(EXAMPLE.read_bytes()))
    assert (plan.zone, plan.clock) == ("Europe/Vienna", datetime(2027, 4, 5, 8, tzinfo=VIENNA))
    assert (plan.account, plan.display_name) == ("main-hall", "Main Hall")
    assert plan.monday == date(2027, 4, 5)
    assert plan.horizon_days >= 14


def test_events_without_a_room_are_shown_too() -> None:
    plan = make_plan(read(b"BEGIN:VEVENT\nUID:1\nDTSTART:20270407T100000Z\nEND:VEVENT\n"))
    assert (plan.account, plan.rest, plan.busiest) == ("no-room", "no-room", date(2027, 4, 7))


def test_a_file_of_recurring_events_alone_shows_nothing() -> None:
    with pytest.raises(Failed, match="no single event"):
        make_plan(read(b"BEGIN:VEVENT\nUID:1\nDTSTART:20270407T100000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n"))


def test_the_grid_has_days_side_by_side_and_hours_from_top_to_bottom() -> None:
    days = [date(2027, 4, 5), date(2027, 4, 6)]
    free = {datetime(2027, 4, 5, 9, 30), datetime(2027, 4, 6, 8, 0)}  # noqa: DTZ001 - local times
    assert list(week_grid(days, free, range(8, 10), 30)) == [
        "       Mon 05  Tue 06",
        "08:00  . .     o .",
        "09:00  . o     . .",
    ]


def words_of(line: str) -> list[str]:
    """As a shell reads it."""
    return shlex.split(line.replace("\\\n", ""))


def test_a_grpcurl_line_carries_the_request() -> None:
    plan = make_plan(read(EXAMPLE.read_bytes()))
    request = requests.profile(plan)
    words = words_of(grpcurl.line("127.0.0.1:1", "BookingService/CreateBookingProfile", request))
    assert words[:3] == ["grpcurl", "-plaintext", "-d"]
    assert words[4:] == ["127.0.0.1:1", "schedsvc.v1.BookingService/CreateBookingProfile"]
    assert ParseDict(json.loads(words[3]), messages.CreateBookingProfileRequest()) == request


def test_a_grpcurl_line_keeps_quotes_and_signs() -> None:
    start = datetime(2027, 4, 5, 8, tzinfo=UTC)
    request = requests.booking("accounts/x/bookingProfiles/y", start, "o'ne")
    request.booking.booker.display_name = 'Zoë "Z" O\'Neil\n{'
    words = words_of(grpcurl.line("127.0.0.1:1", "BookingService/CreateBooking", request))
    assert ParseDict(json.loads(words[3]), messages.CreateBookingRequest()) == request
