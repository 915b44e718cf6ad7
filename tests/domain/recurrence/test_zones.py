"""Series on the days when clocks change: the tables of RFC 5545 section 3.3.5 with erratum 4271."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import local_of, second_of
from schedsvc.domain.recurrence.expand import expand
from schedsvc.domain.recurrence.parse import parse_rule
from schedsvc.domain.recurrence.rule import Freq, Rule
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.recurrence.starts import Starts, starts_of
from schedsvc.domain.time import DAY, EARLIEST, LATEST, AllDay, Zoned, day_start, instant_of, pieces, seconds, utc
from tests.domain.recurrence.moments import moment

NEW_YORK = "America/New_York"
ZONES = (
    NEW_YORK,
    "Europe/Berlin",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "UTC",
)


def series(text: str, start: str, zone: str) -> Starts:
    local = datetime.fromisoformat(start)
    if "T" not in start:
        return starts_of(RecurrenceSet(AllDay(local.date()), parse_rule(text, dtstart=local.date())), zone)
    return starts_of(RecurrenceSet(Zoned(local, zone), parse_rule(text, dtstart=local)), zone)


def all_of(ready: Starts) -> list[tuple[str, str]]:
    """Each start in UTC and as it was written, without years and seconds."""
    found = ready.between(EARLIEST, LATEST, Budget())
    return [(f"{utc(instant):%m-%dT%H:%MZ}", f"{local_of(second):%m-%dT%H:%M}") for instant, second in found]


def test_a_start_in_a_gap_moves_forward_by_the_gap_and_counts() -> None:
    assert all_of(series("FREQ=DAILY;COUNT=3", "2026-03-07T02:30", NEW_YORK)) == [
        ("03-07T07:30Z", "03-07T02:30"),
        ("03-08T07:30Z", "03-08T02:30"),  # shown as 03:30
        ("03-09T06:30Z", "03-09T02:30"),
    ]


def test_an_impossible_date_is_skipped_and_does_not_count() -> None:
    dtstart = date(2026, 1, 31)
    rule = parse_rule("FREQ=MONTHLY;COUNT=3", dtstart=dtstart)
    found = list(expand(rule, dtstart, dtstart, date(2030, 1, 1), Budget()))
    assert found == [date(2026, 1, 31), date(2026, 3, 31), date(2026, 5, 31)]


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    ready = series("FREQ=DAILY;COUNT=3", "2026-10-31T01:30", NEW_YORK)
    assert [instant for instant, _ in all_of(ready)] == ["10-31T05:30Z", "11-01T05:30Z", "11-02T06:30Z"]


def test_an_hourly_series_over_a_gap_has_each_instant_once() -> None:
    assert all_of(series("FREQ=HOURLY;COUNT=5", "2026-03-08T00:30", NEW_YORK)) == [
        ("03-08T05:30Z", "03-08T00:30"),
        ("03-08T06:30Z", "03-08T01:30"),
        ("03-08T07:30Z", "03-08T02:30"),  # 03:30 is the same instant, and has counted too
        ("03-08T08:30Z", "03-08T04:30"),
    ]


def test_starts_that_a_gap_puts_out_of_order_are_in_order() -> None:
    ready = series("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,45;COUNT=4", "2026-03-08T02:00", NEW_YORK)
    assert all_of(ready) == [("03-08T07:00Z", "03-08T02:00"), ("03-08T07:45Z", "03-08T02:45")]
    ready = series("FREQ=HOURLY;BYHOUR=2,3;BYMINUTE=10,50;BYSETPOS=-1;COUNT=2", "2026-03-08T02:10", NEW_YORK)
    assert all_of(ready) == [("03-08T07:50Z", "03-08T02:50")]
    ready = series("FREQ=MINUTELY;INTERVAL=50;COUNT=3", "2026-03-08T02:20", NEW_YORK)
    assert all_of(ready) == [
        ("03-08T07:10Z", "03-08T03:10"),
        ("03-08T07:20Z", "03-08T02:20"),
        ("03-08T08:00Z", "03-08T04:00"),
    ]


def test_a_series_of_minutes_over_a_gap_is_every_minute_once() -> None:
    ready = series("FREQ=MINUTELY", "2026-03-08T00:30", NEW_YORK)
    lo, hi = (seconds(datetime.fromisoformat(f"2026-03-08T{text}Z")) for text in ("05:30", "12:00"))
    assert [instant for instant, _ in ready.between(lo, hi, Budget())] == list(range(lo, hi, 60))
    assert [instant for instant, _ in ready.between(lo + 7230, lo + 9000, Budget())] == list(
        range(lo + 7260, lo + 9000, 60)
    )


def test_an_hourly_series_has_no_start_in_the_second_pass_of_an_hour() -> None:
    ready = series("FREQ=HOURLY;COUNT=4", "2026-11-01T00:30", NEW_YORK)
    assert [at for at, _ in all_of(ready)] == ["11-01T04:30Z", "11-01T05:30Z", "11-01T07:30Z", "11-01T08:30Z"]


@pytest.mark.parametrize(
    ("day", "zone", "begins", "ends"),
    [
        ("2026-07-01", "America/Los_Angeles", "2026-07-01T07:00Z", "2026-07-02T07:00Z"),
        ("2026-07-01", "Pacific/Kiritimati", "2026-06-30T10:00Z", "2026-07-01T10:00Z"),
        ("2026-03-08", NEW_YORK, "2026-03-08T05:00Z", "2026-03-09T04:00Z"),
        ("2026-11-01", NEW_YORK, "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        ("2026-04-24", "Africa/Cairo", "2026-04-23T22:00Z", "2026-04-24T21:00Z"),
    ],
)
def test_an_all_day_series_begins_with_the_days_of_the_calendar(day: str, zone: str, begins: str, ends: str) -> None:
    found = series("FREQ=DAILY;COUNT=2", day, zone).between(EARLIEST, LATEST, Budget())
    assert [instant for instant, _ in found] == [seconds(datetime.fromisoformat(text)) for text in (begins, ends)]


def test_an_all_day_series_has_a_start_on_a_day_that_was_skipped() -> None:
    found = list(series("FREQ=DAILY;COUNT=4", "2011-12-29", "Pacific/Apia").between(EARLIEST, LATEST, Budget()))
    assert [local_of(second).day for _, second in found] == [29, 30, 31, 1]
    assert found[1][0] == found[2][0] == seconds(datetime(2011, 12, 30, 10, tzinfo=UTC))


def test_until_is_inclusive_and_compared_as_an_instant() -> None:
    weekly = "FREQ=WEEKLY;UNTIL=20260323T{}Z"
    assert len(all_of(series(weekly.format("130000"), "2026-03-02T09:00", NEW_YORK))) == 4
    assert len(all_of(series(weekly.format("125959"), "2026-03-02T09:00", NEW_YORK))) == 3
    in_gap = "FREQ=HOURLY;UNTIL=20260308T0720{}Z"  # 02:20, which is after 03:00 and before 03:20
    for second, hours in (("00", ["00:20", "01:20", "02:20"]), ("59", ["00:20", "01:20", "02:20"])):
        found = all_of(series(in_gap.format(second), "2026-03-08T00:20", NEW_YORK))
        assert [local[-5:] for _, local in found] == hours


@pytest.mark.parametrize(
    ("until", "starts"),
    [
        ("20260323T090000", 4),
        ("20260323T085959", 3),
        ("20260323", 4),
        ("20260322", 3),
    ],
)
def test_a_lenient_until_is_local_time_or_the_end_of_a_local_day(until: str, starts: int) -> None:
    local = moment("2026-03-02T09:00")
    rule = parse_rule(f"FREQ=WEEKLY;UNTIL={until}", dtstart=local, lenient=True)
    assert len(all_of(starts_of(RecurrenceSet(Zoned(local, "Asia/Tokyo"), rule), "UTC"))) == starts


def test_a_lenient_until_in_utc_ends_an_all_day_series_in_the_zone_of_the_calendar() -> None:
    """As Exchange writes it: midnight of the last day in London, in UTC."""
    rule = parse_rule("FREQ=WEEKLY;UNTIL=20200916T230000Z;INTERVAL=2;BYDAY=TH", dtstart=date(2020, 4, 2), lenient=True)
    ends = [
        local_of(
            list(starts_of(RecurrenceSet(AllDay(date(2020, 4, 2)), rule), zone).between(EARLIEST, LATEST, Budget()))[
                -1
            ][1]
        ).date()
        for zone in ("Europe/London", "UTC")
    ]
    assert ends == [date(2020, 9, 17), date(2020, 9, 3)]


changes = [
    (zone, piece.start)
    for zone in ZONES
    for piece in pieces(zone, seconds(datetime(1990, 1, 1, tzinfo=UTC)), seconds(datetime(2037, 1, 1, tzinfo=UTC)))[1:]
]
windows = st.tuples(*[st.integers(-5 * DAY, 5 * DAY) | st.integers(-DAY, DAY)] * 2)
dense_rules = st.builds(
    Rule,
    st.sampled_from([Freq.HOURLY, Freq.MINUTELY, Freq.DAILY]),
    st.integers(1, 100),
    count=st.none() | st.integers(1, 500),
    by_minute=st.just(()) | st.lists(st.integers(0, 59), max_size=4).map(tuple),
    by_hour=st.just(()) | st.lists(st.integers(0, 23), max_size=12).map(tuple),
)


@given(st.sampled_from(changes), dense_rules, st.integers(-3 * DAY, 0), windows)
def test_around_a_change_the_instants_are_those_of_the_local_starts(
    change: tuple[str, int], rule: Rule, before: int, window: tuple[int, int]
) -> None:
    zone, at = change
    dtstart = local_of(at + before)
    lo, hi = (at + shift for shift in sorted(window))
    local = expand(rule, dtstart, dtstart, local_of(at + 7 * DAY), Budget())
    by_instant: dict[int, int] = {}
    for start in local:
        by_instant.setdefault(instant_of(start, zone), second_of(start))
    ready = starts_of(RecurrenceSet(Zoned(dtstart, zone), rule), zone)
    found = list(ready.between(lo, hi, Budget(10**6)))
    assert found == sorted((instant, second) for instant, second in by_instant.items() if lo <= instant < hi)


@given(st.sampled_from(changes), st.integers(1, 3), st.integers(-20, 0), windows)
def test_around_a_change_all_day_starts_are_the_starts_of_days(
    change: tuple[str, int], interval: int, before: int, window: tuple[int, int]
) -> None:
    zone, at = change
    dtstart = utc(at).date() + timedelta(days=before)
    lo, hi = (at + shift for shift in sorted(window))
    days = expand(Rule(Freq.DAILY, interval), dtstart, dtstart, dtstart + timedelta(days=60), Budget())
    expected = [(day_start(day, zone), second_of(day)) for day in days]
    ready = starts_of(RecurrenceSet(AllDay(dtstart), Rule(Freq.DAILY, interval)), zone)
    assert list(ready.between(lo, hi, Budget())) == [start for start in expected if lo <= start[0] < hi]


@given(st.sampled_from(ZONES), st.integers(1, 40), st.integers(0, 365 * DAY - 1))
def test_starts_far_apart_are_read_like_those_side_by_side(zone: str, interval: int, into_year: int) -> None:
    dtstart = moment("1950-01-01") + timedelta(seconds=into_year)
    rule = Rule(Freq.MONTHLY, interval)
    local = expand(rule, dtstart, dtstart, moment("2200-01-03"), Budget())
    expected = [(instant_of(start, zone), second_of(start)) for start in local]
    found = starts_of(RecurrenceSet(Zoned(dtstart, zone), rule), zone).between(EARLIEST, LATEST, Budget())
    assert list(found) == [start for start in expected if start[0] < LATEST]
