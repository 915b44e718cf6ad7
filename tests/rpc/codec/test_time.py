"""Local times, instants, bounds and hours on the wire."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.time import EARLIEST, LATEST, AllDay, Zoned, resolve_event, zone_names, zoned_at
from schedsvc.rpc.codec.time import (
    decode_bound,
    decode_datetime,
    decode_event_time,
    decode_work_hours,
    encode_datetime,
    encode_work_hours,
    fill_event_time,
    local_text,
    parse_date,
    parse_local,
)
from schedsvc.v1.time_pb2 import EventTime, TimeBound
from schedsvc.v1.time_pb2 import WorkHours as WorkHoursMessage
from tests.rpc.codec.building import build

INSTANTS = st.integers(EARLIEST, LATEST)
ZONES = st.sampled_from(sorted(zone_names()))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@given(INSTANTS, ZONES)
def test_an_instant_stored_as_local_time_means_the_same_instant(instant: int, zone: str) -> None:
    assert resolve_event(zoned_at(instant, zone), "UTC") == instant


def test_an_instant_is_stored_in_the_zone_that_comes_with_it_and_else_in_utc() -> None:
    instant = {"seconds": at("2030-07-01T10:00+00:00")}
    there = decode_event_time(build(EventTime, instant=instant, time_zone="Asia/Tokyo"))
    assert there == Zoned(datetime.fromisoformat("2030-07-01T19:00"), "Asia/Tokyo")
    assert decode_event_time(build(EventTime, instant=instant)) == Zoned(
        datetime.fromisoformat("2030-07-01T10:00"), "UTC"
    )


def test_the_second_pass_of_a_repeated_hour_is_stored_in_utc_since_local_time_means_the_first() -> None:
    first, second = at("2030-10-27T00:30+00:00"), at("2030-10-27T01:30+00:00")
    assert zoned_at(first, "Europe/Berlin") == Zoned(datetime.fromisoformat("2030-10-27T02:30"), "Europe/Berlin")
    assert zoned_at(second, "Europe/Berlin") == Zoned(datetime.fromisoformat("2030-10-27T01:30"), "UTC")


@pytest.mark.parametrize(
    "time",
    [AllDay(date(2030, 2, 28)), Zoned(datetime.fromisoformat("2030-01-01T00:00:59"), "Asia/Kolkata")],
)
def test_an_event_time_comes_back_as_it_was(time: AllDay | Zoned) -> None:
    message = EventTime()
    fill_event_time(message, time, 5)
    assert message.resolved.seconds == 5
    assert decode_event_time(message) == time


@pytest.mark.parametrize(
    "text", ["2030-1-01", "20300101", "2030-01-01T00:00", "2030-W01-1", "٢٠٣٠-01-01", "", "2030-01-01\n"]
)
def test_a_date_has_one_form(text: str) -> None:
    with pytest.raises(ValueError, match="must be written YYYY-MM-DD"):
        parse_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-01",
        "2030-01-01 10:00",
        "2030-01-01T10",
        "2030-01-01T10:00Z",
        "2030-01-01T10:00+01:00",
        "2030-01-01T10:00:00.5",
    ],
)
def test_a_local_time_has_two_forms_and_no_offset(text: str) -> None:
    with pytest.raises(ValueError, match="must be written YYYY-MM-DDThh:mm"):
        parse_local(text)


@pytest.mark.parametrize(
    "text", ["2030-02-29T10:00", "2030-13-01T10:00", "2030-01-01T24:00", "2030-06-30T23:59:60", "0000-01-01T00:00"]
)
def test_a_local_time_exists_in_the_calendar(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time of the calendar"):
        parse_local(text)


def test_seconds_may_be_left_out() -> None:
    assert parse_local("2030-01-01T10:00") == parse_local("2030-01-01T10:00:00")


def test_a_bound_is_an_instant_a_date_or_a_local_time() -> None:
    assert decode_bound(build(TimeBound, instant={"seconds": 7})) == 7
    assert decode_bound(build(TimeBound, date="2030-01-01")) == date(2030, 1, 1)
    assert decode_bound(build(TimeBound, date_time="2030-01-01T10:00")) == datetime.fromisoformat("2030-01-01T10:00")


def test_a_bound_between_two_seconds_is_rounded_as_asked() -> None:
    between = build(TimeBound, instant={"seconds": 7, "nanos": 1})
    assert (decode_bound(between), decode_bound(between, up=True)) == (7, 8)
    assert decode_bound(build(TimeBound, instant={"seconds": 7}), up=True) == 7


def test_overlapping_and_touching_ranges_of_a_day_are_joined_and_closed_days_left_out() -> None:
    ranges = [(600, 660), (540, 600), (630, 700), (800, 900)]
    message = build(
        WorkHoursMessage,
        time_zone="UTC",
        day_schedules=[
            {"day_of_week": 3, "intervals": [{"start_minute": a, "end_minute": b} for a, b in ranges]},
            {"day_of_week": 1},
        ],
    )
    joined = (MinuteRange(540, 700), MinuteRange(800, 900))
    assert decode_work_hours(message) == WorkHours("UTC", {3: joined})


def test_hours_come_back_from_monday_on() -> None:
    hours = WorkHours("UTC", {7: (MinuteRange(0, 1),), 1: (MinuteRange(1, 1440),)})
    message = encode_work_hours(hours)
    assert [day.day_of_week for day in message.day_schedules] == [1, 7]
    assert decode_work_hours(message) == hours


@given(st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01"), timezones=st.just(UTC)))
def test_a_time_of_the_server_comes_back_to_the_microsecond(time: datetime) -> None:
    assert decode_datetime(encode_datetime(time)) == time


def test_local_texts_carry_the_offset_of_their_moment() -> None:
    assert local_text(at("2030-01-01T12:00+00:00"), "America/New_York") == "2030-01-01T07:00:00-05:00"
    assert local_text(at("2030-07-01T12:00+00:00"), "America/New_York") == "2030-07-01T08:00:00-04:00"
