"""What each rule refuses and allows, at its bounds; and the sentence it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schedsvc.domain.availability import (
    REASONS,
    Offer,
    Question,
    compile_offer,
    needed,
    refusals,
)
from schedsvc.domain.errors import Refusal
from schedsvc.domain.events import Level
from schedsvc.domain.hours import default_hours
from schedsvc.domain.names import BookingName
from schedsvc.domain.profiles import DatePeriod
from schedsvc.domain.rules import buffers
from schedsvc.domain.timeline import Item
from tests.domain.offers import (
    BASE,
    CALENDAR,
    OTHER_CALENDAR,
    PROFILE,
    at,
    daily,
    item,
    offer,
    timeline,
)

ALL_DAY = daily("UTC", "00:00-24:00")
NOW = at("2026-03-01T08:00Z")
LONG_NOTICE = 60


def asked(some: Offer, start: str, items: Sequence[Item] = (), **question: object) -> list[Refusal]:
    query = replace(Question(NOW, some.duration), **question)  # type: ignore[arg-type]
    instant = at(start)
    window = needed(some, query, instant, instant + 1)
    sources = dict.fromkeys([CALENDAR, *(i.source for i in items)])
    lines = [timeline([i for i in items if i.source == s], *window, source=s) for s in sources]
    return refusals(some, query, lines, instant)


def reasons(some: Offer, start: str, items: Sequence[Item] = (), **question: object) -> list[str]:
    return [refusal.reason for refusal in asked(some, start, items, **question)]


def meeting(start: str, end: str, level: Level = Level.BUSY, **more: object) -> Item:
    return item(at(f"2026-03-02T{start}Z"), at(f"2026-03-02T{end}Z"), level, **more)  # type: ignore[arg-type]


def test_reasons_have_a_fixed_order() -> None:
    assert REASONS == (
        "PROFILE_INACTIVE",
        "BAD_DURATION",
        "OFF_GRID",
        "OUTSIDE_HOURS",
        "NOTICE",
        "HORIZON",
        "BUSY",
        "BUFFER",
        "OUT_OF_OFFICE",
        "SOURCE_UNREADABLE",
    )


def test_every_reason_is_given_at_once_in_order() -> None:
    some = offer(
        daily("UTC", "09:00-10:00"),
        active_until=datetime(2026, 3, 1, tzinfo=UTC),
        start_after_minutes=3000,
        available_for=DatePeriod(0, 1),
        buffer_before_minutes=10,
    )
    items = [
        meeting("11:00", "12:00"),
        meeting("11:00", "12:00", Level.OUT_OF_OFFICE),
        meeting("10:50", "10:55", source=OTHER_CALENDAR),
    ]
    given = reasons(some, "2026-03-02T11:01:00Z", items, duration=60, unreadable=(OTHER_CALENDAR,))
    assert given == [r for r in REASONS if r != "HORIZON"]
    far = reasons(some, "2026-03-05T11:01:00Z", items, duration=60)
    assert far == ["PROFILE_INACTIVE", "BAD_DURATION", "OFF_GRID", "OUTSIDE_HOURS", "HORIZON"]


def test_the_active_period_bounds_starts_half_open() -> None:
    some = offer(
        ALL_DAY,
        active_from=datetime(2026, 3, 2, 10, tzinfo=UTC),
        active_until=datetime(2026, 3, 2, 12, tzinfo=UTC),
    )
    assert reasons(some, "2026-03-02T09:30Z") == ["PROFILE_INACTIVE"]
    assert reasons(some, "2026-03-02T10:00Z") == []
    assert reasons(some, "2026-03-02T11:30Z") == []
    (refusal,) = asked(some, "2026-03-02T12:00Z")
    assert refusal.description == ("The profile closes at 2026-03-02 12:00:00 UTC; choose an earlier start.")


def test_an_active_period_that_begins_within_a_second_begins_with_the_next() -> None:
    some = offer(ALL_DAY, active_from=datetime(2026, 3, 2, 10, 0, 0, 1, tzinfo=UTC))
    assert reasons(some, "2026-03-02T10:00Z") == ["PROFILE_INACTIVE"]
    assert reasons(some, "2026-03-02T10:30Z") == []


@pytest.mark.parametrize("duration", [1, 1799, 1801, 3600])
def test_only_the_duration_of_the_profile_can_be_booked(duration: int) -> None:
    some = offer(ALL_DAY)
    assert reasons(some, "2026-03-02T10:00Z", duration=duration) == ["BAD_DURATION"]


def test_a_start_between_two_candidates_is_off_the_grid() -> None:
    some = offer(ALL_DAY)
    assert reasons(some, "2026-03-02T10:15Z") == ["OFF_GRID"]
    assert reasons(some, "2026-03-02T10:00:01Z") == ["OFF_GRID"]


def test_a_slot_that_ends_after_hours_is_outside() -> None:
    some = offer(daily("UTC", "09:00-10:15"))
    assert reasons(some, "2026-03-02T09:30Z") == []
    assert reasons(some, "2026-03-02T10:00Z") == ["OUTSIDE_HOURS"]
    assert reasons(some, "2026-03-02T10:30Z") == ["OFF_GRID", "OUTSIDE_HOURS"]
    assert reasons(some, "2026-03-02T09:45:00Z") == ["OFF_GRID"]
    assert reasons(some, "2026-03-02T09:45:01Z") == ["OFF_GRID", "OUTSIDE_HOURS"]


def test_the_notice_includes_its_bound() -> None:
    some = offer(ALL_DAY, start_after_minutes=LONG_NOTICE)
    now = at("2026-03-02T09:00Z")
    assert reasons(some, "2026-03-02T10:00Z", now=now) == []
    assert reasons(some, "2026-03-02T10:00Z", now=now + 1) == ["NOTICE"]
    assert reasons(some, "2026-03-02T09:30Z", now=now) == ["NOTICE"]


def test_without_a_notice_the_past_is_refused_all_the_same() -> None:
    now = at("2026-03-02T09:00Z")
    assert reasons(offer(ALL_DAY), "2026-03-02T09:00Z", now=now) == []
    (refusal,) = asked(offer(ALL_DAY), "2026-03-02T08:30Z", now=now)
    assert refusal == Refusal("NOTICE", "", "The start has passed; choose a later one.")


def test_the_horizon_includes_the_whole_last_local_day() -> None:
    some = offer(daily("America/New_York", "00:00-24:00"), available_for=DatePeriod(0, 1))
    now = at("2026-03-02T04:30Z")  # still the 1st in New York
    assert reasons(some, "2026-03-03T04:30Z", now=now) == []
    assert reasons(some, "2026-03-03T05:00Z", now=now) == ["HORIZON"]
    assert reasons(some, "2026-03-03T05:00Z", now=now + 1800) == []


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.NONE, []),
        (Level.WORKING_ELSEWHERE, []),
        (Level.TENTATIVE, ["BUSY"]),
        (Level.BUSY, ["BUSY"]),
        (Level.OUT_OF_OFFICE, ["OUT_OF_OFFICE"]),
    ],
)
def test_these_levels_block(level: Level, expected: list[str]) -> None:
    items = [meeting("10:10", "10:20", level)]
    assert reasons(offer(ALL_DAY), "2026-03-02T10:00Z", items) == expected


def test_a_slot_may_touch_meetings_at_both_ends() -> None:
    items = [meeting("09:00", "10:00"), meeting("10:30", "11:00")]
    assert reasons(offer(ALL_DAY), "2026-03-02T10:00Z", items) == []


def test_one_second_of_overlap_is_too_much() -> None:
    busy_until = [meeting("09:00", "10:00:01")]
    busy_from = [meeting("10:29:59", "11:00")]
    assert reasons(offer(ALL_DAY), "2026-03-02T10:00Z", busy_until) == ["BUSY"]
    assert reasons(offer(ALL_DAY), "2026-03-02T10:00Z", busy_from) == ["BUSY"]


def test_a_meeting_of_no_length_blocks_nothing() -> None:
    assert reasons(offer(ALL_DAY), "2026-03-02T10:00Z", [meeting("10:10", "10:10")]) == []


def test_the_calendars_in_the_way_are_the_subjects() -> None:
    items = [
        meeting("10:00", "10:10"),
        meeting("10:20", "10:30", source=OTHER_CALENDAR),
        meeting("09:50", "10:00", after=5 * 60, source=OTHER_CALENDAR),
    ]
    given = asked(offer(ALL_DAY), "2026-03-02T10:00Z", items)
    assert [(r.reason, r.subject) for r in given] == [
        ("BUSY", "accounts/ann/calendars/ann"),
        ("BUSY", "accounts/room/calendars/room"),
    ]
    assert all(r.description.endswith(".") for r in given)


def buffered(step: int) -> Offer:
    return offer(ALL_DAY, step_minutes=step, buffer_before_minutes=10)


BOOKED = [meeting("10:00", "10:30", after=15 * 60, booking="b1")]


@pytest.mark.parametrize(
    ("step", "start", "expected"),
    [
        (15, "10:45", ["BUFFER"]),
        (15, "11:00", []),
        (5, "10:50", ["BUFFER"]),
        (5, "10:55", []),
        (5, "10:25", ["BUSY"]),
        (5, "09:30", []),
        (5, "09:35", ["BUSY"]),
    ],
)
def test_bookings_keep_the_after_of_the_first_and_the_before_of_the_second_apart(
    step: int, start: str, expected: list[str]
) -> None:
    assert reasons(buffered(step), f"2026-03-02T{start}Z", BOOKED) == expected


def test_only_the_own_buffer_counts_against_a_plain_event() -> None:
    plain = [meeting("10:00", "10:30")]
    assert reasons(buffered(5), "2026-03-02T10:35Z", plain) == ["BUFFER"]
    assert reasons(buffered(5), "2026-03-02T10:40Z", plain) == []
    assert reasons(buffered(5), "2026-03-02T09:30Z", plain) == []


def test_the_buffer_after_a_slot_keeps_what_follows_away() -> None:
    some = offer(ALL_DAY, step_minutes=5, buffer_after_minutes=20)
    follower = [meeting("11:00", "12:00", before=5 * 60, booking="b1")]
    assert reasons(some, "2026-03-02T10:05Z", follower) == []
    assert reasons(some, "2026-03-02T10:10Z", follower) == ["BUFFER"]


def test_the_buffers_of_a_booking_count_for_a_profile_without_any() -> None:
    some = offer(ALL_DAY, step_minutes=15)
    assert reasons(some, "2026-03-02T10:30Z", BOOKED) == ["BUFFER"]
    assert reasons(some, "2026-03-02T10:45Z", BOOKED) == []


def test_a_start_that_meets_an_event_is_busy_and_not_also_too_close_to_it_or_its_neighbour() -> None:
    some = offer(ALL_DAY, duration_minutes=5, step_minutes=5, buffer_before_minutes=5, buffer_after_minutes=45)
    short = [meeting("10:00", "10:05"), meeting("10:10", "10:20")]
    assert reasons(some, "2026-03-02T10:00Z", short) == ["BUSY"]
    assert reasons(some, "2026-03-02T09:30Z", short) == ["BUFFER"]
    lo, hi = at("2026-03-02T09:00Z"), at("2026-03-02T11:00Z")
    line = timeline(short, lo - 3600, hi + 3600)
    # Whole seconds: the meetings forbid what would end after they begin.
    assert buffers.forbids(some, Question(NOW, 300), [line], lo, hi).intervals == [
        (at("2026-03-02T09:10:01Z"), at("2026-03-02T09:55:01Z")),
        (at("2026-03-02T10:05:00Z"), at("2026-03-02T10:05:01Z")),
        (at("2026-03-02T10:20:00Z"), at("2026-03-02T10:25:00Z")),
    ]


def test_buffers_may_lie_outside_hours() -> None:
    some = offer(daily("UTC", "10:00-10:30"), buffer_before_minutes=60, buffer_after_minutes=60)
    assert reasons(some, "2026-03-02T10:00Z") == []


def test_a_booking_does_not_stand_in_its_own_way() -> None:
    name = BookingName(PROFILE, "b1")
    assert reasons(buffered(5), "2026-03-02T10:10Z", BOOKED, exclude_booking=name) == []
    neighbour = [*BOOKED, meeting("10:40", "11:00", booking="b2")]
    assert reasons(buffered(5), "2026-03-02T10:15Z", neighbour, exclude_booking=name) == ["BUSY"]


def test_a_neighbours_buffer_shows_once_the_booking_over_it_moves() -> None:
    name = BookingName(PROFILE, "b1")
    items = [*BOOKED, meeting("09:00", "10:00", after=10 * 60, booking="b2")]
    some = offer(ALL_DAY, step_minutes=5)
    assert reasons(some, "2026-03-02T10:05Z", items, exclude_booking=name) == ["BUFFER"]
    assert reasons(some, "2026-03-02T10:10Z", items, exclude_booking=name) == []


def test_hours_are_the_profiles_else_the_accounts_else_weekdays_in_the_calendars_zone() -> None:
    own, account = daily("Asia/Tokyo", "10:00-11:00"), daily("Europe/Rome", "09:00-10:00")
    with_own = replace(BASE, work_hours=own)
    assert compile_offer(with_own, account, "UTC").hours == own
    assert compile_offer(BASE, account, "UTC").hours == account
    assert compile_offer(BASE, None, "America/Bogota").hours == default_hours("America/Bogota")
