"""RDATEs and EXDATEs as set arithmetic, and the lines they are written in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import local_of, second_of
from schedsvc.domain.recurrence.errors import InvalidRecurrence, UnsupportedRecurrence
from schedsvc.domain.recurrence.lines import MOST_DATES, format_lines, parse_lines
from schedsvc.domain.recurrence.rule import Freq, Rule
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet, Span
from schedsvc.domain.recurrence.starts import starts_of
from schedsvc.domain.time import EARLIEST, LATEST, AllDay, EventTime, UnknownZone, Zoned, instant_of, seconds, utc
from tests.domain.recurrence.moments import moment

NEW_YORK = "America/New_York"
BEGIN = Zoned(moment("2026-03-02T09:00"), NEW_YORK)
FIRST_DAY = AllDay(date(2026, 3, 2))


def at(text: str, zone: str = NEW_YORK) -> Zoned:
    return Zoned(datetime.fromisoformat(text), zone)


def instants(recurrence: RecurrenceSet, zone: str = "UTC") -> list[str]:
    found = starts_of(recurrence, zone).between(EARLIEST, LATEST, Budget())
    return [f"{utc(instant):%m-%dT%H:%M}" for instant, _ in found]


def days(recurrence: RecurrenceSet) -> list[str]:
    found = starts_of(recurrence, "UTC").between(EARLIEST, LATEST, Budget())
    return [f"{local_of(second):%m-%d}" for _, second in found]


def test_rdates_add_and_exdates_take_away() -> None:
    recurrence = RecurrenceSet(
        BEGIN,
        Rule(Freq.WEEKLY, count=3),
        (RDate(at("2026-03-05T12:00")), RDate(at("2026-03-01T08:00"))),
        (at("2026-03-09T09:00"),),
    )
    assert instants(recurrence) == ["03-01T13:00", "03-02T14:00", "03-05T17:00", "03-16T13:00"]


def test_an_rdate_that_doubles_a_start_adds_nothing_and_an_exdate_takes_both_away() -> None:
    double = RDate(at("2026-03-09T13:00", "UTC"))  # 09:00 in New York
    rule = Rule(Freq.WEEKLY, count=2)
    assert instants(RecurrenceSet(BEGIN, rule, (double, double))) == ["03-02T14:00", "03-09T13:00"]
    assert instants(RecurrenceSet(BEGIN, rule, (double,), (at("2026-03-09T09:00"),))) == ["03-02T14:00"]


def test_count_counts_what_exdates_take_away() -> None:
    recurrence = RecurrenceSet(BEGIN, Rule(Freq.DAILY, count=3), (), (at("2026-03-02T09:00"), at("2026-03-04T09:00")))
    assert instants(recurrence) == ["03-03T14:00"]


def test_an_exdate_may_be_written_in_another_zone() -> None:
    recurrence = RecurrenceSet(BEGIN, Rule(Freq.DAILY, count=2), (), (at("2026-03-03T14:00", "UTC"),))
    assert instants(recurrence) == ["03-02T14:00"]


def test_an_exdate_in_a_gap_takes_away_the_start_that_the_gap_moved() -> None:
    rule = Rule(Freq.DAILY, count=3)
    recurrence = RecurrenceSet(at("2026-03-07T02:30"), rule, (), (at("2026-03-08T02:30"),))
    assert instants(recurrence) == ["03-07T07:30", "03-09T06:30"]
    assert instants(RecurrenceSet(at("2026-03-07T02:30"), rule, (), (at("2026-03-08T03:30"),))) == instants(recurrence)


def test_an_exdate_that_is_a_date_takes_away_a_local_day_of_a_timed_series() -> None:
    rule = Rule(Freq.DAILY, count=6, by_hour=(0, 23))
    recurrence = RecurrenceSet(at("2026-03-02T00:00"), rule, (), (AllDay(date(2026, 3, 3)),))
    assert instants(recurrence) == ["03-02T05:00", "03-03T04:00", "03-04T05:00", "03-05T04:00"]


def test_an_exdate_with_a_time_takes_away_its_date_from_an_all_day_series() -> None:
    rule = Rule(Freq.DAILY, count=3)
    assert days(RecurrenceSet(FIRST_DAY, rule, (), (at("2026-03-03T00:00", "UTC"),))) == ["03-02", "03-04"]


def test_without_a_rule_the_start_itself_is_in_the_set() -> None:
    recurrence = RecurrenceSet(BEGIN, None, (RDate(at("2026-03-05T12:00")),))
    assert instants(recurrence) == ["03-02T14:00", "03-05T17:00"]
    assert days(RecurrenceSet(FIRST_DAY, None, (RDate(AllDay(date(2026, 2, 1))),))) == ["02-01", "03-02"]


def test_with_a_rule_the_start_is_in_the_set_only_if_the_rule_gives_it() -> None:
    assert days(RecurrenceSet(FIRST_DAY, Rule(Freq.MONTHLY, count=2, by_month_day=(10,)))) == ["03-10", "04-10"]


def test_a_period_has_an_end_of_its_own() -> None:
    """A day of the calendar over a change of clocks is 23 hours long, and 24 hours end an hour later."""
    begin = at("2026-03-07T20:00")
    for span, end in ((Span(0, 86_400), "21:00"), (Span(1, 0), "20:00"), (Span(1, 3600), "21:00")):
        ready = starts_of(RecurrenceSet(BEGIN, Rule(Freq.DAILY, count=1), (RDate(begin, span),)), "UTC")
        instant = instant_of(begin.local, NEW_YORK)
        assert ready.period_ends == {instant: instant_of(moment(f"2026-03-08T{end}"), NEW_YORK)}


def test_of_two_periods_with_one_start_the_longer_counts() -> None:
    rdates = (RDate(BEGIN, Span(0, 7200)), RDate(BEGIN, Span(0, 60)), RDate(BEGIN))
    ends = starts_of(RecurrenceSet(BEGIN, None, rdates), "UTC").period_ends
    assert [end - start for start, end in ends.items()] == [7200]


@pytest.mark.parametrize(
    "rdate",
    [RDate(FIRST_DAY), RDate(BEGIN, Span(0, 0)), RDate(BEGIN, Span(0, -1)), RDate(BEGIN, Span(-1, 100_000))],
)
def test_rdates_are_of_the_kind_of_the_start_and_periods_have_a_length(rdate: RDate) -> None:
    with pytest.raises(InvalidRecurrence, match="RDATE"):
        RecurrenceSet(BEGIN, None, (rdate,))


def test_an_all_day_series_has_no_periods() -> None:
    for rdate in (RDate(BEGIN), RDate(FIRST_DAY, Span(1, 0))):
        with pytest.raises(InvalidRecurrence, match="RDATE"):
            RecurrenceSet(FIRST_DAY, None, (rdate,))


def test_an_original_start_names_a_start_of_the_set() -> None:
    ready = starts_of(RecurrenceSet(BEGIN, Rule(Freq.WEEKLY), (), (at("2026-03-16T09:00"),)), "UTC")
    expected = (seconds(datetime(2026, 3, 9, 13, 0, tzinfo=UTC)), second_of(moment("2026-03-09T09:00")))
    assert ready.find(at("2026-03-09T09:00"), Budget()) == expected
    assert ready.find(at("2026-03-09T13:00", "UTC"), Budget()) == expected
    for other in (at("2026-03-10T09:00"), at("2026-03-16T09:00"), at("2026-02-23T09:00"), AllDay(date(2026, 3, 9))):
        assert ready.find(other, Budget()) is None
    dated = starts_of(RecurrenceSet(AllDay(date(2011, 12, 29)), Rule(Freq.DAILY, count=3, interval=2)), "Pacific/Apia")
    assert dated.find(AllDay(date(2011, 12, 31)), Budget()) is not None
    assert dated.find(AllDay(date(2011, 12, 30)), Budget()) is None  # the same instant
    assert dated.find(at("2011-12-31T00:00", "Pacific/Apia"), Budget()) is None


moments = st.builds(
    Zoned,
    st.integers(0, 400).map(lambda hours: BEGIN.local + timedelta(hours=hours)),
    st.sampled_from([NEW_YORK, "UTC", "Asia/Tokyo"]),
)


@given(
    st.sampled_from([Rule(Freq.HOURLY, interval=5), Rule(Freq.DAILY, count=9), Rule(Freq.WEEKLY), None]),
    st.lists(moments, max_size=8),
    st.lists(moments | st.builds(AllDay, st.dates(date(2026, 3, 1), date(2026, 3, 20))), max_size=8),
    st.tuples(st.integers(-50, 450), st.integers(-50, 450)),
)
def test_a_set_is_rule_and_rdates_less_exdates(
    rule: Rule | None, added: list[Zoned], removed: list[EventTime], window: tuple[int, int]
) -> None:
    base = instant_of(BEGIN.local, NEW_YORK)
    lo, hi = (base + hours * 3600 for hours in sorted(window))
    alone = starts_of(RecurrenceSet(BEGIN, rule), "UTC").between(lo, hi, Budget())
    expected = {instant for instant, _ in alone} | {instant_of(time.local, time.time_zone) for time in added}
    gone = {instant_of(time.local, time.time_zone) for time in removed if isinstance(time, Zoned)}
    gone_days = {time.day for time in removed if isinstance(time, AllDay)}
    recurrence = RecurrenceSet(BEGIN, rule, tuple(map(RDate, added)), tuple(removed))
    found = list(starts_of(recurrence, "UTC").between(lo, hi, Budget()))
    left = [
        instant for instant in sorted(expected - gone) if lo <= instant < hi and local_day(instant) not in gone_days
    ]
    assert [instant for instant, _ in found] == left
    assert all(instant_of(local_of(second), NEW_YORK) == instant for instant, second in found)


def local_day(instant: int) -> date:
    offset = 5 if instant < seconds(datetime(2026, 3, 8, 7, tzinfo=UTC)) else 4
    return utc(instant - offset * 3600).date()


LINES = (
    "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=MO",
    "RDATE:20260305T170000Z",
    "RDATE;TZID=America/New_York:20260306T090000,20260307T090000",
    "RDATE;VALUE=PERIOD;TZID=America/New_York:20260308T090000/P1DT2H",
    "EXDATE;TZID=America/New_York:20260309T090000",
)


def test_lines_are_read_and_written() -> None:
    recurrence = parse_lines(LINES, BEGIN)
    assert recurrence == RecurrenceSet(
        BEGIN,
        Rule(Freq.WEEKLY, count=4, by_day=recurrence.rule.by_day if recurrence.rule else ()),
        (
            RDate(at("2026-03-05T17:00", "UTC")),
            RDate(at("2026-03-06T09:00")),
            RDate(at("2026-03-07T09:00")),
            RDate(at("2026-03-08T09:00"), Span(1, 7200)),
        ),
        (at("2026-03-09T09:00"),),
    )
    assert format_lines(recurrence) == LINES


def test_lines_in_any_order_and_case_have_one_canonical_form() -> None:
    loose = (
        "exdate:20260309T090000,20260309T090000",
        'rdate;tzid="America/New_York":20260307T090000',
        "RDATE;VALUE=PERIOD:20260308T090000/20260309T110000",
        "RDATE:20260306T090000,20260305T170000Z",
        "rrule:byday=mo;count=4;freq=weekly",
    )
    period = "RDATE;VALUE=PERIOD;TZID=America/New_York:20260308T090000/PT26H"
    assert format_lines(parse_lines(loose, BEGIN)) == (*LINES[:3], period, LINES[4])


def test_dates_are_written_with_their_kind() -> None:
    lines = ("RRULE:FREQ=DAILY;UNTIL=20260401", "RDATE;VALUE=DATE:20260501,20260601", "EXDATE;VALUE=DATE:20260303")
    recurrence = parse_lines(lines, FIRST_DAY)
    assert format_lines(recurrence) == lines
    assert recurrence.exdates == (AllDay(date(2026, 3, 3)),)
    assert parse_lines((), FIRST_DAY) == RecurrenceSet(FIRST_DAY)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT1H", 3600), ("P1W", 604_800), ("+P2DT3H4M5S", 183_845), ("PT90M", 5400), ("20260302T093000", 1800)],
)
def test_periods_are_given_by_their_end_or_their_duration(text: str, seconds: int) -> None:
    span = parse_lines((f"RDATE;VALUE=PERIOD:20260302T090000/{text}",), BEGIN).rdates[0].span
    assert span is not None
    assert span.days * 86_400 + span.seconds == seconds


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("", "recurrence"),
        ("RRULE", "recurrence"),
        ("DTSTART:20260101T000000Z", "recurrence"),
        ("RRULE:FREQ=DAILY;BYMONTH=13", "BYMONTH"),
        ("RDATE:20260101", "RDATE"),
        ("RDATE;VALUE=DATE:20260101", "RDATE"),
        ("RDATE;VALUE=DATE:20260101T000000", "RDATE"),
        ("RDATE;VALUE=TEXT:20260101T000000", "RDATE"),
        ("RDATE;RANGE=THISANDFUTURE:20260101T000000", "RDATE"),
        ("RDATE:2026-01-01T00:00:00", "RDATE"),
        ("RDATE:", "RDATE"),
        ("RDATE:20260101T000000,", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260101T000000", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260101/P1D", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260101T000000/20260102", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260102T000000/20260101T000000", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260102T000000/PT0S", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260102T000000/-PT1S", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260102T000000/1H", "RDATE"),
        ("RDATE;VALUE=PERIOD:20260102T000000/P1H", "RDATE"),
        ("EXDATE;VALUE=PERIOD:20260102T000000/PT1H", "EXDATE"),
        ("EXDATE;VALUE=DATE:20260102", "EXDATE"),
    ],
)
def test_lines_that_say_nothing_are_refused(line: str, part: str) -> None:
    with pytest.raises(InvalidRecurrence) as refused:
        parse_lines((line,), BEGIN)
    assert refused.value.part == part


def test_exdates_of_the_other_kind_are_for_lenient_readers() -> None:
    assert parse_lines(("EXDATE;VALUE=DATE:20260303",), BEGIN, lenient=True).exdates == (AllDay(date(2026, 3, 3)),)
    assert parse_lines(("EXDATE:20260303",), BEGIN, lenient=True).exdates == (AllDay(date(2026, 3, 3)),)
    in_utc = "EXDATE:20260303T000000Z"
    with pytest.raises(InvalidRecurrence, match="EXDATE"):
        parse_lines((in_utc,), FIRST_DAY)
    assert parse_lines((in_utc,), FIRST_DAY, lenient=True).exdates == (at("2026-03-03T00:00", "UTC"),)
    with pytest.raises(InvalidRecurrence, match="zone"):
        parse_lines(("EXDATE:20260303T000000",), FIRST_DAY, lenient=True)


def test_exrule_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedRecurrence, match="EXRULE"):
        parse_lines(("RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), BEGIN)


def test_there_is_one_rule_at_most() -> None:
    with pytest.raises(InvalidRecurrence, match="once"):
        parse_lines(("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), BEGIN)


def test_a_zone_has_to_be_known() -> None:
    with pytest.raises(UnknownZone):
        parse_lines(("RDATE;TZID=../../etc/passwd:20260101T000000",), BEGIN)


def test_the_number_of_dates_is_bounded() -> None:
    dates = [f"{date(2026, 1, 1) + timedelta(days=number):%Y%m%d}" for number in range(MOST_DATES + 1)]
    line = "RDATE;VALUE=DATE:{}"
    assert len(parse_lines((line.format(",".join(dates[:-1])),), FIRST_DAY).rdates) == MOST_DATES
    with pytest.raises(InvalidRecurrence, match=str(MOST_DATES)):
        parse_lines((line.format(",".join(dates)),), FIRST_DAY)
