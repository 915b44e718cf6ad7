"""The six patterns: what they come to as rules, which rules are one of them, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.lines import format_lines, parse_lines
from schedsvc.domain.recurrence.patterns import (
    ContradictoryPattern,
    Ordinal,
    Pattern,
    PatternKind,
    agree,
    lines_of,
    pattern_of,
)
from schedsvc.domain.recurrence.starts import starts_of
from schedsvc.domain.time import EARLIEST, LATEST, AllDay, EventTime, Zoned
from tests.domain.recurrence.moments import moment

BERLIN = "Europe/Berlin"
MORNING = Zoned(moment("2030-05-06T09:00"), BERLIN)
"""A Monday."""
EVENING = Zoned(moment("2030-05-06T20:00"), "America/New_York")
DATE = AllDay(date(2030, 5, 6))
WEEK = tuple(range(7))

SAID = [
    (Pattern(PatternKind.DAILY), "FREQ=DAILY"),
    (Pattern(PatternKind.DAILY, interval=3, count=5), "FREQ=DAILY;COUNT=5;INTERVAL=3"),
    (Pattern(PatternKind.WEEKLY), "FREQ=WEEKLY"),
    (
        Pattern(PatternKind.WEEKLY, interval=2, days_of_week=(4, 0, 0), week_start=6),
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU",
    ),
    (Pattern(PatternKind.MONTHLY), "FREQ=MONTHLY"),
    (Pattern(PatternKind.MONTHLY, day_of_month=31), "FREQ=MONTHLY;BYMONTHDAY=31"),
    (
        Pattern(PatternKind.MONTHLY_RELATIVE, days_of_week=(1,), ordinal=Ordinal.SECOND),
        "FREQ=MONTHLY;BYDAY=2TU",
    ),
    (Pattern(PatternKind.MONTHLY_RELATIVE, days_of_week=(4,), ordinal=Ordinal.LAST), "FREQ=MONTHLY;BYDAY=-1FR"),
    (
        Pattern(PatternKind.MONTHLY_RELATIVE, days_of_week=(0, 1, 2, 3, 4), ordinal=Ordinal.FIRST),
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
    ),
    (Pattern(PatternKind.YEARLY), "FREQ=YEARLY"),
    (Pattern(PatternKind.YEARLY, day_of_month=29, month=2), "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2"),
    (Pattern(PatternKind.YEARLY, month=8), "FREQ=YEARLY;BYMONTH=8"),
    (
        Pattern(PatternKind.YEARLY_RELATIVE, days_of_week=(3,), ordinal=Ordinal.FOURTH, month=11),
        "FREQ=YEARLY;BYDAY=4TH;BYMONTH=11",
    ),
]


@pytest.mark.parametrize(("pattern", "rule"), SAID)
def test_a_pattern_is_a_rule_and_that_rule_is_the_pattern(pattern: Pattern, rule: str) -> None:
    assert lines_of(pattern, MORNING) == (f"RRULE:{rule}",)
    assert pattern_of([f"RRULE:{rule}"], MORNING) == pattern


def test_a_day_of_the_year_is_one_of_the_month_of_the_start_if_no_month_is_given() -> None:
    assert lines_of(Pattern(PatternKind.YEARLY, day_of_month=9), MORNING) == (
        "RRULE:FREQ=YEARLY;BYMONTHDAY=9;BYMONTH=5",
    )
    relative = Pattern(PatternKind.YEARLY_RELATIVE, days_of_week=WEEK, ordinal=Ordinal.LAST)
    assert lines_of(relative, DATE) == ("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMONTH=5;BYSETPOS=-1",)


ALIKE = [
    ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", Pattern(PatternKind.MONTHLY_RELATIVE, 1, (1,), ordinal=Ordinal.SECOND)),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", Pattern(PatternKind.MONTHLY_RELATIVE, 1, WEEK, ordinal=Ordinal.LAST)),
    ("FREQ=DAILY;WKST=SU", Pattern(PatternKind.DAILY)),
]


@pytest.mark.parametrize(("rule", "pattern"), ALIKE)
def test_a_rule_that_says_the_same_in_other_words_is_the_pattern_too(rule: str, pattern: Pattern) -> None:
    assert pattern_of([f"RRULE:{rule}"], MORNING) == pattern


@pytest.mark.parametrize(
    "line",
    [
        "RRULE:FREQ=HOURLY",
        "RRULE:FREQ=DAILY;BYDAY=MO",
        "RRULE:FREQ=DAILY;BYHOUR=9",
        "RRULE:FREQ=WEEKLY;BYMONTH=5",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=-2",
        "RRULE:FREQ=MONTHLY;BYDAY=MO",
        "RRULE:FREQ=MONTHLY;BYDAY=5MO",
        "RRULE:FREQ=MONTHLY;BYDAY=-2MO",
        "RRULE:FREQ=MONTHLY;BYDAY=2MO,2TU",
        "RRULE:FREQ=MONTHLY;BYDAY=2MO;BYSETPOS=1",
        "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2",
        "RRULE:FREQ=MONTHLY;BYMONTH=5",
        "RRULE:FREQ=YEARLY;BYMONTHDAY=1",
        "RRULE:FREQ=YEARLY;BYDAY=1MO",
        "RRULE:FREQ=YEARLY;BYMONTH=1,7",
        "RRULE:FREQ=YEARLY;BYWEEKNO=20",
        "RRULE:FREQ=DAILY;INTERVAL=10001",
        "RRULE:FREQ=DAILY;UNTIL=99991231T000000Z",
        "RDATE:20300507T070000Z",
        "EXDATE;VALUE=DATE:20300507",
        "EXDATE:00010101T000000Z",
        "nonsense",
    ],
)
def test_what_no_pattern_can_say_has_none(line: str) -> None:
    rule = () if line.startswith("RRULE") else ("RRULE:FREQ=DAILY",)
    assert pattern_of([*rule, line], MORNING) is None


def test_dates_alone_are_no_pattern() -> None:
    assert pattern_of(["RDATE:20300507T070000Z"], MORNING) is None
    assert pattern_of([], MORNING) is None


LAST_DATES: list[tuple[EventTime, str]] = [
    (DATE, "20300601"),
    (MORNING, "20300601T215959Z"),
    (EVENING, "20300602T035959Z"),
    (Zoned(moment("2030-05-06T09:00"), "UTC"), "20300601T235959Z"),
]


@pytest.mark.parametrize(("start", "until"), LAST_DATES)
def test_an_end_date_lasts_until_its_local_end_and_comes_back(start: EventTime, until: str) -> None:
    pattern = Pattern(PatternKind.DAILY, end_date=date(2030, 6, 1))
    assert lines_of(pattern, start) == (f"RRULE:FREQ=DAILY;UNTIL={until}",)
    assert pattern_of(lines_of(pattern, start), start) == pattern


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20300601T070000Z", date(2030, 6, 1)),
        ("20300601T065959Z", date(2030, 5, 31)),
        ("20300531T220000Z", date(2030, 5, 31)),
        ("20300601T090000", date(2030, 6, 1)),
        ("20300601T085959", date(2030, 5, 31)),
        ("20300601", date(2030, 6, 1)),
    ],
)
def test_until_comes_to_the_last_date_that_has_a_start(until: str, last: date) -> None:
    found = pattern_of([f"RRULE:FREQ=DAILY;UNTIL={until}"], MORNING)
    assert found is not None
    assert found.end_date == last


def test_until_in_utc_does_not_end_a_series_of_dates_in_fields() -> None:
    assert pattern_of(["RRULE:FREQ=DAILY;UNTIL=20300601T120000Z"], DATE) is None


def test_a_start_that_a_gap_moves_beyond_midnight_still_belongs_to_its_date() -> None:
    """On 30 March 2030 the clocks of Nuuk go from 23:00 to midnight."""
    start = Zoned(moment("2030-03-28T23:30"), "America/Nuuk")
    pattern = Pattern(PatternKind.DAILY, end_date=date(2030, 3, 30))
    assert starts(lines_of(pattern, start), start) == [f"2030-03-{day}T23:30:00" for day in (28, 29, 30)]
    assert pattern_of(lines_of(pattern, start), start) == pattern


def test_exclusions_are_exdates_in_zones_of_their_own() -> None:
    exclusions = (Zoned(moment("2030-05-07T07:00"), "UTC"), Zoned(moment("2030-05-08T09:00"), BERLIN))
    pattern = Pattern(PatternKind.DAILY, exclusions=exclusions)
    lines = ("RRULE:FREQ=DAILY", "EXDATE:20300507T070000Z", "EXDATE;TZID=Europe/Berlin:20300508T090000")
    assert lines_of(pattern, MORNING) == lines
    assert pattern_of(lines, MORNING) == pattern


CONTRADICTORY: list[tuple[PatternKind, dict[str, Any], set[str]]] = [
    (PatternKind.DAILY, {"ordinal": Ordinal.FIRST, "days_of_week": (0,)}, {"ordinal", "days_of_week"}),
    (PatternKind.WEEKLY, {"day_of_month": 3, "month": 2}, {"day_of_month", "month"}),
    (PatternKind.MONTHLY, {"days_of_week": (0,), "week_start": 6}, {"days_of_week", "week_start"}),
    (PatternKind.MONTHLY_RELATIVE, {}, {"days_of_week", "ordinal"}),
    (PatternKind.MONTHLY_RELATIVE, {"days_of_week": (0,), "month": 1}, {"ordinal", "month"}),
    (PatternKind.YEARLY, {"ordinal": Ordinal.LAST}, {"ordinal"}),
    (PatternKind.YEARLY_RELATIVE, {"ordinal": Ordinal.LAST, "day_of_month": 1}, {"days_of_week", "day_of_month"}),
    (PatternKind.DAILY, {"count": 3, "end_date": date(2030, 6, 1)}, {"count"}),
]


@pytest.mark.parametrize(("kind", "parts", "bad"), CONTRADICTORY)
def test_parts_that_do_not_belong_to_a_kind_are_all_named(
    kind: PatternKind, parts: dict[str, Any], bad: set[str]
) -> None:
    with pytest.raises(ContradictoryPattern) as caught:
        Pattern(kind, **parts)
    assert {field for field, _ in caught.value.problems} == bad


@pytest.mark.parametrize(("start", "exclusion"), [(DATE, MORNING), (MORNING, DATE)])
def test_an_exclusion_of_the_other_kind_contradicts_the_start(start: EventTime, exclusion: EventTime) -> None:
    with pytest.raises(ContradictoryPattern, match="exclusions"):
        lines_of(Pattern(PatternKind.DAILY, exclusions=(exclusion,)), start)


def test_two_forms_agree_if_one_of_them_only_spells_out_what_the_start_tells() -> None:
    assert agree(Pattern(PatternKind.WEEKLY), ["RRULE:FREQ=WEEKLY;BYDAY=MO"], MORNING)
    assert agree(Pattern(PatternKind.MONTHLY, day_of_month=6), ["RRULE:FREQ=MONTHLY"], MORNING)
    assert agree(Pattern(PatternKind.YEARLY), ["RRULE:FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=6"], MORNING)
    assert not agree(Pattern(PatternKind.WEEKLY), ["RRULE:FREQ=WEEKLY;BYDAY=TU"], MORNING)
    assert not agree(Pattern(PatternKind.WEEKLY), ["RRULE:FREQ=WEEKLY;BYHOUR=9"], MORNING)


def test_two_forms_agree_if_they_end_on_the_same_date() -> None:
    pattern = Pattern(PatternKind.DAILY, end_date=date(2030, 6, 1))
    assert agree(pattern, ["RRULE:FREQ=DAILY;UNTIL=20300601T070000Z"], MORNING)
    assert not agree(pattern, ["RRULE:FREQ=DAILY;UNTIL=20300601T065959Z"], MORNING)


def starts(lines: Sequence[str], start: EventTime) -> list[str]:
    """The first starts in local time."""
    begin = moment("1970-01-01T00:00")
    found = starts_of(parse_lines(lines, start, lenient=True), "UTC").between(EARLIEST, LATEST, Budget())
    return [(begin + timedelta(seconds=second)).isoformat() for (_, second), _ in zip(found, range(50), strict=False)]


TIMES = st.builds(
    Zoned,
    st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2035-01-01")).map(
        lambda local: local.replace(microsecond=0, fold=0)
    ),
    st.sampled_from([BERLIN, "UTC", "America/St_Johns", "Pacific/Apia", "Africa/Cairo", "America/Sao_Paulo"]),
)
DATES = st.dates(date(2000, 1, 1), date(2035, 1, 1))
STARTS = TIMES | st.builds(AllDay, DATES)
DAYS = st.lists(st.integers(0, 6), max_size=7).map(tuple)
SOME_DAYS = st.lists(st.integers(0, 6), min_size=1, max_size=7).map(tuple)
DAY_OF_MONTH, MONTH = st.none() | st.integers(1, 31), st.none() | st.integers(1, 12)
ORDINALS = st.sampled_from(Ordinal)
PARTS: dict[PatternKind, dict[str, st.SearchStrategy[Any]]] = {
    PatternKind.DAILY: {},
    PatternKind.WEEKLY: {"days_of_week": DAYS, "week_start": st.integers(0, 6)},
    PatternKind.MONTHLY: {"day_of_month": DAY_OF_MONTH},
    PatternKind.MONTHLY_RELATIVE: {"days_of_week": SOME_DAYS, "ordinal": ORDINALS},
    PatternKind.YEARLY: {"day_of_month": DAY_OF_MONTH, "month": MONTH},
    PatternKind.YEARLY_RELATIVE: {"days_of_week": SOME_DAYS, "ordinal": ORDINALS, "month": MONTH},
}


@st.composite
def patterns(draw: st.DrawFn, start: EventTime) -> Pattern:
    kind = draw(st.sampled_from(PatternKind))
    end = draw(st.sampled_from(["", "end_date", "count"]))
    ends: dict[str, st.SearchStrategy[Any]] = {"end_date": DATES, "count": st.integers(1, 400)}
    parts: dict[str, Any] = {name: draw(values) for name, values in PARTS[kind].items()}
    parts |= {end: draw(ends[end])} if end else {}
    exclusions = st.builds(AllDay, DATES) if isinstance(start, AllDay) else TIMES
    return Pattern(
        kind,
        interval=draw(st.integers(1, 10_000)),
        exclusions=tuple(draw(st.lists(exclusions, max_size=3))),
        **parts,
    )


@given(st.data(), STARTS)
def test_a_pattern_comes_back_from_its_lines(data: st.DataObject, start: EventTime) -> None:
    pattern = data.draw(patterns(start))
    lines = lines_of(pattern, start)
    again = pattern_of(lines, start)
    assert again is not None
    assert lines_of(again, start) == lines
    assert agree(pattern, lines, start)
    assert format_lines(parse_lines(lines, start)) == lines


WEEKDAYS = st.sampled_from(["MO", "TU", "MO,TU,WE,TH,FR", "SU", "2TU", "-1FR", "5MO"])
RULE_PARTS = {
    "FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    "INTERVAL": st.integers(1, 4),
    "BYDAY": WEEKDAYS,
    "BYMONTHDAY": st.sampled_from(["1", "15", "31", "-1", "1,15"]),
    "BYMONTH": st.sampled_from(["2", "11", "3,9"]),
    "BYSETPOS": st.sampled_from(["1", "-1", "4", "5", "1,2"]),
    "WKST": st.sampled_from(["MO", "SU"]),
}


@st.composite
def rule_lines(draw: st.DrawFn, start: EventTime) -> list[str]:
    """One line, now and then of no rule at all."""
    parts = {name: draw(RULE_PARTS[name]) for name in RULE_PARTS if name == "FREQ" or draw(st.booleans())}
    if draw(st.booleans()):
        day = (start.day if isinstance(start, AllDay) else start.local.date()) + timedelta(draw(st.integers(0, 900)))
        until = f"{day:%Y%m%d}"
        parts["UNTIL"] = until if isinstance(start, AllDay) else f"{until}T{draw(st.integers(0, 23)):02}3000Z"
    return ["RRULE:" + ";".join(f"{name}={value}" for name, value in parts.items())]


@given(st.data(), STARTS)
def test_a_rule_that_is_a_pattern_gives_the_starts_of_that_pattern(data: st.DataObject, start: EventTime) -> None:
    lines = data.draw(rule_lines(start))
    pattern = pattern_of(lines, start)
    if pattern is not None:
        assert starts(lines_of(pattern, start), start) == starts(lines, start)
