"""Which recurrences are taken, what is said of the others, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.events import Event, Override
from schedsvc.domain.limits import SERIES_EXCEPTIONS
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.lines import parse_lines
from schedsvc.domain.recurrence.starts import starts_of
from schedsvc.domain.series import canonical, require_few_exceptions, require_recurrence, with_counted_start
from schedsvc.domain.time import EARLIEST, LATEST, AllDay, EventTime, Zoned
from tests.domain.series.made import NEW_YORK, at, event, on, starts, weekly

BEGIN = at("2026-03-02T09:00")
SINGLE = event(BEGIN, at("2026-03-02T09:30"))
DAYS = event(on("2026-03-02"), on("2026-03-03"))


LABORIOUS = "RRULE:FREQ=HOURLY;INTERVAL=7;BYMONTHDAY=1,2,3,4,5,6,7,8;BYMINUTE=0,5,10,15,20,25,30,35,40,45"


def problems(*lines: str, of: Event = SINGLE, lenient: bool = False) -> list[tuple[str, str]]:
    """The reasons and the parts that are named."""
    try:
        require_recurrence(replace(of, recurrence=lines), NEW_YORK, lenient=lenient)
    except InvalidInput as error:
        return [(violation.reason, violation.description.partition(":")[0]) for violation in error.violations]
    return []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RRULE:FREQ=SECONDLY", ("UNSUPPORTED_RRULE", "FREQ")),
        ("RRULE:FREQ=MINUTELY;INTERVAL=90", ("UNSUPPORTED_RRULE", "FREQ")),
        ("RRULE:FREQ=DAILY;INTERVAL=0", ("FIELD_INVALID", "INTERVAL")),
        ("RRULE:FREQ=DAILY;COUNT=0", ("FIELD_INVALID", "COUNT")),
        ("RRULE:FREQ=DAILY;BYMONTH=13", ("FIELD_INVALID", "BYMONTH")),
        ("RRULE:FREQ=MONTHLY;BYDAY=0MO", ("FIELD_INVALID", "BYDAY")),
        ("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", ("FIELD_INVALID", "BYSETPOS")),
        ("RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260401T000000Z", ("FIELD_INVALID", "UNTIL")),
        ("RRULE:FREQ=DAILY;BYEASTER=1", ("FIELD_INVALID", "BYEASTER")),
        ("RRULE:RSCALE=GREGORIAN;FREQ=DAILY", ("UNSUPPORTED_RRULE", "RSCALE")),
        ("RRULE:FREQ=MONTHLY;SKIP=FORWARD", ("UNSUPPORTED_RRULE", "SKIP")),
        ("EXRULE:FREQ=DAILY", ("UNSUPPORTED_RRULE", "EXRULE")),
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", ("EMPTY_RECURRENCE", "RRULE")),
        ("RRULE:FREQ=DAILY;UNTIL=20260301T000000Z", ("EMPTY_RECURRENCE", "RRULE")),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU", ("DTSTART_NOT_IN_RULE", "RRULE")),
        ("RRULE:FREQ=HOURLY;BYMINUTE=" + ",".join(map(str, range(60))), ("UNSUPPORTED_RRULE", "RRULE")),
        (f"{LABORIOUS};COUNT=2000000000", ("UNSUPPORTED_RRULE", "RRULE")),
        ("RDATE;TZID=Mars/Olympus:20260303T090000", ("BAD_TIME_ZONE", "TZID")),
        ("RDATE;VALUE=DATE:20260303", ("FIELD_INVALID", "RDATE")),
        ("RDATE:00010101T000000Z", ("FIELD_INVALID", "RDATE")),
        ("RDATE;VALUE=PERIOD:20260303T090000Z/P9999D", ("FIELD_INVALID", "RDATE")),
        ("SUMMARY:Standup", ("FIELD_INVALID", "recurrence")),
    ],
)
def test_what_is_refused_and_how(line: str, expected: tuple[str, str]) -> None:
    assert problems(line) == [expected]


def test_every_line_that_cannot_be_read_is_named() -> None:
    lines = "RRULE:FREQ=DAILY;INTERVAL=0", "EXRULE:FREQ=DAILY", "RDATE;TZID=Nowhere:20260303T090000"
    assert problems(*lines) == [
        ("FIELD_INVALID", "INTERVAL"),
        ("UNSUPPORTED_RRULE", "EXRULE"),
        ("BAD_TIME_ZONE", "TZID"),
    ]


def test_the_field_is_that_of_the_event() -> None:
    with pytest.raises(InvalidInput) as refused:
        require_recurrence(replace(SINGLE, recurrence=("RRULE:FREQ=MINUTELY",)), NEW_YORK)
    assert [violation.field for violation in refused.value.violations] == ["event.recurrence"]


def test_what_lines_are_together_is_named_if_each_can_be_read() -> None:
    assert problems("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY") == [("FIELD_INVALID", "RRULE")]


def test_exdates_may_take_everything_away_and_then_the_series_is_refused() -> None:
    assert problems("RRULE:FREQ=DAILY;COUNT=1", "EXDATE:20260302T140000Z") == [("EMPTY_RECURRENCE", "RRULE")]


@pytest.mark.parametrize("line", ["EXDATE:20260302T140000Z", "RDATE;TZID=America/New_York:20260302T090000"])
def test_a_start_off_the_rule_may_be_named(line: str) -> None:
    assert problems("RRULE:FREQ=WEEKLY;BYDAY=TU", line) == []


def test_a_date_off_the_rule_may_be_named() -> None:
    assert problems("RRULE:FREQ=WEEKLY;BYDAY=TU", of=DAYS) == [("DTSTART_NOT_IN_RULE", "RRULE")]
    assert problems("RRULE:FREQ=WEEKLY;BYDAY=TU", "EXDATE;VALUE=DATE:20260302", of=DAYS) == []


def test_an_event_without_recurrence_has_nothing_to_refuse() -> None:
    assert problems() == []


def test_a_rule_is_laborious_for_its_count_only() -> None:
    assert (
        problems(LABORIOUS)
        == problems(f"{LABORIOUS};COUNT=20000")
        == problems(f"{LABORIOUS};UNTIL=21990101T000000Z")
        == []
    )
    with pytest.raises(InvalidInput, match="UNTIL in place of a large COUNT"):
        with_counted_start(replace(SINGLE, recurrence=(f"{LABORIOUS};COUNT=2000000000",)), NEW_YORK)


def test_ten_to_the_ninth_starts_are_no_reason_to_refuse() -> None:
    assert problems("RRULE:FREQ=HOURLY;COUNT=1000000000") == []


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=DAILY;UNTIL=20260401",),
        ("RRULE:FREQ=DAILY;UNTIL=20260401T090000",),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU",),
        ("RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20260303"),
    ],
)
def test_what_other_programs_write_is_taken_leniently_only(lines: tuple[str, ...]) -> None:
    assert problems(*lines) != []
    assert problems(*lines, lenient=True) == []


def test_empty_and_unsupported_ones_are_refused_leniently_too() -> None:
    assert problems("RRULE:FREQ=DAILY;UNTIL=20250101", lenient=True) == [("EMPTY_RECURRENCE", "RRULE")]
    assert problems("RRULE:FREQ=MINUTELY", lenient=True) == [("UNSUPPORTED_RRULE", "FREQ")]


@pytest.mark.parametrize(
    ("start", "lines", "expected"),
    [
        (BEGIN, ("rrule:freq=daily;interval=1",), ("RRULE:FREQ=DAILY",)),
        (BEGIN, ("RRULE:FREQ=DAILY;UNTIL=20260401",), ("RRULE:FREQ=DAILY;UNTIL=20260402T035959Z",)),
        (BEGIN, ("RRULE:FREQ=DAILY;UNTIL=20260401T090000",), ("RRULE:FREQ=DAILY;UNTIL=20260401T130000Z",)),
        (BEGIN, ("RRULE:FREQ=DAILY;UNTIL=99991231",), ("RRULE:FREQ=DAILY;UNTIL=22000101T000000Z",)),
        (BEGIN, ("RRULE:FREQ=DAILY;UNTIL=00010101",), ("RRULE:FREQ=DAILY;UNTIL=18991231T235959Z",)),
        (on("2026-03-02"), ("RRULE:FREQ=DAILY;UNTIL=20260401T033000Z",), ("RRULE:FREQ=DAILY;UNTIL=20260331",)),
        (on("2026-03-02"), ("RRULE:FREQ=DAILY;UNTIL=20260401T040000Z",), ("RRULE:FREQ=DAILY;UNTIL=20260401",)),
        (on("2026-03-02"), ("RRULE:FREQ=DAILY;UNTIL=20260401T033000",), ("RRULE:FREQ=DAILY;UNTIL=20260401",)),
        (on("2026-03-02"), ("RRULE:FREQ=DAILY;UNTIL=99991231T235959Z",), ("RRULE:FREQ=DAILY;UNTIL=21991231",)),
        (
            BEGIN,
            ("RRULE:FREQ=DAILY;BYHOUR=9,15", "EXDATE;VALUE=DATE:20260303"),
            ("RRULE:FREQ=DAILY;BYHOUR=9,15", "EXDATE;TZID=America/New_York:20260303T090000,20260303T150000"),
        ),
        (
            on("2026-03-02"),
            ("RRULE:FREQ=DAILY", "EXDATE:20260303T140000Z"),
            ("RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20260303"),
        ),
        (BEGIN, (), ()),
    ],
)
def test_lenient_forms_are_kept_as_strict_ones(
    start: EventTime, lines: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert canonical(lines, start, NEW_YORK, lenient=True) == expected
    assert canonical(expected, start) == expected


def test_an_until_that_the_clock_skips_keeps_what_came_before_it() -> None:
    start = at("2026-03-06T02:15")
    (line,) = canonical(("RRULE:FREQ=DAILY;UNTIL=20260308T023000",), start, NEW_YORK, lenient=True)
    assert line == "RRULE:FREQ=DAILY;UNTIL=20260308T071500Z"


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from((at("2026-03-01T09:00"), at("2026-03-01T02:30"), at("2026-10-20T01:30"), on("2026-03-01"))),
    st.sampled_from(("FREQ=DAILY", "FREQ=HOURLY;INTERVAL=5", "FREQ=WEEKLY;BYDAY=SU,TH", "FREQ=MONTHLY")),
    st.dates(at("2026-02-20T00:00").local.date(), at("2026-12-01T00:00").local.date()),
    st.sampled_from(("", "T020000", "T023000", "T090000", "T013000Z", "T070000Z", "T233000Z")),
)
def test_a_strict_form_gives_the_same_starts(start: EventTime, rule: str, until: object, clock: str) -> None:
    if not hasattr(start, "local"):
        rule = rule.replace("FREQ=HOURLY", "FREQ=DAILY")
    lines = f"RRULE:{rule};UNTIL={until:%Y%m%d}{clock}", "EXDATE;VALUE=DATE:20260308", "EXDATE:20260412T130000Z"
    strict = canonical(lines, start, NEW_YORK, lenient=True)
    loose = starts_of(parse_lines(lines, start, lenient=True), NEW_YORK)
    exact = starts_of(parse_lines(strict, start), NEW_YORK)
    assert list(exact.between(EARLIEST, LATEST, Budget())) == list(loose.between(EARLIEST, LATEST, Budget()))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ("RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU",),
            ("RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=TU", "RDATE;TZID=America/New_York:20260302T090000"),
        ),
        (("RRULE:FREQ=WEEKLY;COUNT=1;BYDAY=TU",), ("RDATE;TZID=America/New_York:20260302T090000",)),
        (
            ("RRULE:FREQ=WEEKLY;BYDAY=TU",),
            ("RRULE:FREQ=WEEKLY;BYDAY=TU", "RDATE;TZID=America/New_York:20260302T090000"),
        ),
        (("RRULE:FREQ=WEEKLY;COUNT=3",), None),
        (("RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU", "RDATE:20260302T140000Z"), None),
        (("RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU", "EXDATE:20260302T140000Z"), None),
        (("RRULE:FREQ=WEEKLY;UNTIL=20250101T000000Z",), None),
        (("RDATE:20260303T140000Z",), None),
        ((), None),
    ],
)
def test_a_start_off_the_rule_becomes_the_first_counted_instance(
    lines: tuple[str, ...], expected: tuple[str, ...] | None
) -> None:
    draft = replace(SINGLE, recurrence=lines)
    counted = with_counted_start(draft, NEW_YORK)
    assert counted.recurrence == (lines if expected is None else expected)
    assert with_counted_start(counted, NEW_YORK) == counted


def test_a_counted_start_is_the_first_instance() -> None:
    series = weekly("RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU")
    counted = with_counted_start(series, NEW_YORK)
    assert starts(counted) == ["2026-03-02T09:00", "2026-03-03T09:00", "2026-03-10T09:00"]


def test_a_series_keeps_so_many_exceptions_and_no_more() -> None:
    most = weekly(overrides=(Override(original=BEGIN, subject="Retro"),) * SERIES_EXCEPTIONS)
    require_few_exceptions(most)
    with pytest.raises(InvalidInput, match="split the series"):
        require_few_exceptions(replace(most, cancelled=(at("2026-03-09T09:00"),)))


EVERY_SIX_MINUTES = f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE=0,6,12,18,24,30,36,42,48,54"
UNSUPPORTED = [("UNSUPPORTED_RRULE", "RRULE")]


def lasting(days: int, *lines: str, of: Event = SINGLE) -> list[tuple[str, str]]:
    length, start = timedelta(days=days), of.start
    end = AllDay(start.day + length) if isinstance(start, AllDay) else Zoned(start.local + length, start.time_zone)
    return problems(*lines, of=replace(of, end=end))


def test_a_year_has_ten_thousand_starts_at_most() -> None:
    assert problems("RRULE:FREQ=HOURLY") == []
    assert problems(EVERY_SIX_MINUTES) == UNSUPPORTED
    skipped_by_the_clock = 10
    assert problems(f"{EVERY_SIX_MINUTES};COUNT={10_000 + skipped_by_the_clock}") == []
    assert problems(f"{EVERY_SIX_MINUTES};COUNT={10_001 + skipped_by_the_clock}") == UNSUPPORTED
    assert problems(EVERY_SIX_MINUTES, lenient=True) == UNSUPPORTED


@pytest.mark.parametrize(
    ("rule", "fits", "too_long"),
    [
        ("RRULE:FREQ=HOURLY", 41, 42),
        ("RRULE:FREQ=DAILY", 1000, 1001),
        ("RRULE:FREQ=WEEKLY", 3660, None),
        ("RRULE:FREQ=DAILY;COUNT=1000", 3660, None),
        ("RRULE:FREQ=DAILY;COUNT=1001", 1000, 3660),
    ],
)
def test_a_thousand_instances_at_most_take_place_at_once(rule: str, fits: int, too_long: int | None) -> None:
    assert lasting(fits, rule) == []
    assert too_long is None or lasting(too_long, rule) == UNSUPPORTED


def test_days_and_named_periods_take_place_at_once_as_well() -> None:
    assert lasting(1000, "RRULE:FREQ=DAILY", of=DAYS) == []
    assert lasting(1002, "RRULE:FREQ=DAILY", of=DAYS) == UNSUPPORTED
    periods = [f"RDATE;VALUE=PERIOD:20260303T{n // 60:02}{n % 60:02}30Z/P3650D" for n in range(500)]
    assert lasting(499, "RRULE:FREQ=DAILY", *periods) == []
    assert lasting(501, "RRULE:FREQ=DAILY", *periods) == UNSUPPORTED
