"""Rules made to keep a program busy: each is refused, or answered within the budget, counted in steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice

import pytest

from schedsvc.domain.recurrence.budget import STEPS, Budget
from schedsvc.domain.recurrence.civil import second_of
from schedsvc.domain.recurrence.errors import InvalidRecurrence, WorkBudgetExceeded
from schedsvc.domain.recurrence.expand import contains, end_of, expand, first, start_of
from schedsvc.domain.recurrence.parse import parse_rule
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.recurrence.starts import starts_of
from schedsvc.domain.time import EARLIEST, LATEST, Zoned, instant_of
from tests.domain.recurrence.moments import LAST, moment

SINCE = moment("2020-01-01")
LO, HI = moment("2030-01-01"), moment("2030-01-08")
EVERY_TIME = "BYHOUR={};BYMINUTE={};BYSECOND={}".format(*(",".join(map(str, range(n))) for n in (24, 60, 60)))
BERLIN = "Europe/Berlin"


def window(text: str, budget: Budget, dtstart: datetime = SINCE) -> list[datetime]:
    return list(expand(parse_rule(text, dtstart=dtstart), dtstart, LO, HI, budget))


def test_a_budget_is_spent_by_steps() -> None:
    budget = Budget(3)
    budget.take(3)
    with pytest.raises(WorkBudgetExceeded, match="more than 3 steps") as exceeded:
        budget.take(1)
    assert (exceeded.value.limit, exceeded.value.part) == (3, "RRULE")


def test_an_interval_of_0_is_refused() -> None:
    with pytest.raises(InvalidRecurrence, match="INTERVAL"):
        parse_rule("FREQ=DAILY;INTERVAL=0", dtstart=SINCE)


@pytest.mark.parametrize(
    "text", ["FREQ=SECONDLY", f"FREQ=DAILY;{EVERY_TIME}", "FREQ=SECONDLY;BYMONTH=1", "FREQ=SECONDLY;BYDAY=TU,WE"]
)
def test_a_week_of_seconds_is_more_than_the_budget_and_begins_at_once(text: str) -> None:
    rule = parse_rule(text, dtstart=SINCE)
    budget = Budget()
    found = list(islice(expand(rule, SINCE, LO, HI, budget), 1000))
    assert found == [LO + timedelta(seconds=second) for second in range(1000)]
    assert budget.spent < 10_000
    with pytest.raises(WorkBudgetExceeded):
        list(expand(rule, SINCE, LO, HI, Budget()))
    budget = Budget()
    assert len(list(expand(rule, SINCE, LO, LO + timedelta(seconds=10), budget))) == 10
    assert budget.spent < 100


@pytest.mark.parametrize("end", ["", ";COUNT=1000000000"])
@pytest.mark.parametrize("text", ["FREQ=MINUTELY", "FREQ=MINUTELY;BYMONTH=1,2"])
def test_a_week_of_minutes_ten_years_on_costs_that_week(text: str, end: str) -> None:
    budget = Budget()
    assert len(window(text + end, budget)) == 7 * 1440
    assert budget.spent < 11_500


def test_every_second_of_a_day_in_the_year_is_answered() -> None:
    budget = Budget()
    found = window(f"FREQ=YEARLY;{EVERY_TIME}", budget, moment("2020-01-03"))
    assert len(found) == 86_400
    assert budget.spent <= 88_000


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", 10_000),
        ("FREQ=MONTHLY;BYDAY=2TU;BYSETPOS=2", 10_000),
        ("FREQ=MONTHLY;BYDAY=6MO", 10_000),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 1_000),
        ("FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12", 1_000),
        ("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", 1_000),
        ("FREQ=YEARLY;INTERVAL=100;BYWEEKNO=53;BYSETPOS=2", 1_000),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2", 100),
        ("FREQ=WEEKLY;BYDAY=MO;BYMONTH=2;BYSETPOS=2", 25_000),
        ("FREQ=DAILY;BYHOUR=9;BYSETPOS=2", 100),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", 100),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO;BYMONTH=1", 100),
        ("FREQ=DAILY;INTERVAL=27;BYDAY=MO;BYMONTHDAY=29;BYMONTH=2", STEPS),
        ("FREQ=DAILY;INTERVAL=2147483647;BYMONTH=2", 100),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=1", 100),
        ("FREQ=HOURLY;INTERVAL=168;BYDAY=MO;BYMONTH=1", 100),
        ("FREQ=HOURLY;INTERVAL=25;BYMONTH=2;BYMONTHDAY=30", 10_000),
        ("FREQ=MINUTELY;BYSECOND=1;BYSETPOS=-2", 100),
        ("FREQ=MINUTELY;INTERVAL=1441;BYMONTH=2;BYMONTHDAY=30", 10_000),
        ("FREQ=SECONDLY;INTERVAL=60;BYSECOND=30", 100),
        ("FREQ=SECONDLY;INTERVAL=2;BYSECOND=31;BYMONTH=1", 100),
        ("FREQ=SECONDLY;INTERVAL=2147483646;BYHOUR=1;BYSECOND=1;BYMONTH=2", 1_000),
    ],
)
def test_a_rule_that_never_has_a_start_is_found_out(text: str, steps: int) -> None:
    budget = Budget()
    assert first(parse_rule(text, dtstart=SINCE), SINCE, budget) is None
    assert budget.spent <= steps
    for end in ("", ";COUNT=2"):
        budget = Budget()
        assert window(text + end, budget) == []
        assert budget.spent <= 1_000


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", moment("2608-02-29")),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", moment("2044-02-29")),
        ("FREQ=DAILY;INTERVAL=9;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", moment("2208-02-29")),
        ("FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=29;BYMONTH=2", moment("2032-02-29")),
    ],
)
def test_a_rule_that_seldom_has_a_start_is_followed_to_it(text: str, start: datetime) -> None:
    budget = Budget()
    assert first(parse_rule(text, dtstart=SINCE), SINCE, budget) == start
    assert budget.spent <= 5_000


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR",
        "FREQ=WEEKLY;INTERVAL=3;BYMONTH=1,3",
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;BYMONTH=1",
        "FREQ=HOURLY;INTERVAL=7",
        "FREQ=HOURLY;INTERVAL=7;BYMONTH=1",
        "FREQ=MINUTELY;INTERVAL=45",
        "FREQ=SECONDLY;INTERVAL=3601",
    ],
)
def test_the_age_of_a_series_costs_no_step(text: str) -> None:
    spent = []
    for year in (2029, 1929, 29):
        budget = Budget()
        window(text, budget, moment(f"{year:04}-01-01T09:00"))
        spent.append(budget.spent)
    assert max(spent) <= 1.5 * min(spent) + 10


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("FREQ=DAILY;COUNT=4000", 10),
        ("FREQ=WEEKLY;COUNT=1000000000;BYDAY=MO,TU", 10),
        ("FREQ=HOURLY;COUNT=1000000;BYHOUR=9,12", 30),
        ("FREQ=DAILY;COUNT=100000;BYMONTH=1;BYHOUR=9,10", 250),
        ("FREQ=MONTHLY;COUNT=1000", 150),
        ("FREQ=YEARLY;COUNT=1000;BYMONTH=1,2;BYDAY=SU", 50),
        ("FREQ=HOURLY;INTERVAL=5;BYMONTH=1;COUNT=1000000000", 4_000),
    ],
)
def test_counting_from_the_start_is_arithmetic_where_the_pattern_is_regular(text: str, steps: int) -> None:
    budget = Budget()
    rule = parse_rule(text, dtstart=SINCE)
    found = list(expand(rule, SINCE, LO, HI, budget))
    assert budget.spent <= steps
    assert found == list(expand(replace(rule, count=None), SINCE, LO, HI, Budget()))


@pytest.mark.parametrize(
    "text", ["FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=HOURLY;INTERVAL=5;BYMONTH=1,2", "FREQ=HOURLY;BYMONTH=1;BYMINUTE=0,30"]
)
def test_the_last_of_so_many_starts_ends_a_series(text: str) -> None:
    rule = parse_rule(text, dtstart=SINCE)
    all_of_them = list(islice(expand(rule, SINCE, SINCE, moment("2200-01-01"), Budget()), 70))
    for count in (1, 2, 69, 70):
        counted = replace(rule, count=count)
        assert end_of(counted, start_of(SINCE), second_of(HI), Budget()) == second_of(all_of_them[count - 1]) + 1
        assert list(expand(counted, SINCE, SINCE, HI, Budget())) == all_of_them[:count]
        assert contains(counted, SINCE, all_of_them[count - 1], Budget())
        assert not contains(counted, SINCE, all_of_them[count - 1] + timedelta(seconds=1), Budget())
    assert end_of(replace(rule, count=10**9), start_of(SINCE), second_of(HI), Budget()) == second_of(HI)


def test_a_series_of_dates_is_asked_in_dates() -> None:
    dtstart = date(2026, 1, 31)
    rule = parse_rule("FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=1,2", dtstart=dtstart)
    budget = Budget()
    assert first(rule, dtstart, budget) == dtstart
    assert list(expand(rule, dtstart, date(2026, 2, 28), date(2026, 4, 30), budget)) == [
        date(2026, 2, 28),
        date(2026, 3, 31),
    ]
    assert contains(rule, dtstart, date(2028, 2, 29), budget)
    assert not contains(rule, dtstart, date(2028, 2, 28), budget)


def test_local_times_carry_no_zone() -> None:
    aware = datetime.fromisoformat("2026-01-01T00:00+00:00")
    with pytest.raises(ValueError, match="zone"):
        first(parse_rule("FREQ=DAILY", dtstart=SINCE), aware, Budget())


def test_series_go_on_to_the_end_of_time_and_no_further() -> None:
    dtstart = moment("9999-12-30T12:00")
    for text in (
        "FREQ=DAILY",
        "FREQ=HOURLY;INTERVAL=24",
        "FREQ=DAILY;BYMONTH=12",
        "FREQ=WEEKLY;BYDAY=TH,FR;BYMONTH=1,12",
    ):
        found = list(expand(parse_rule(text, dtstart=dtstart), dtstart, dtstart, LAST, Budget()))
        assert found == [dtstart, dtstart + timedelta(days=1)]
    early = moment("0001-01-01")
    assert list(expand(parse_rule("FREQ=YEARLY", dtstart=early), early, early, moment("0003-01-02"), Budget())) == [
        moment(f"000{year}-01-01") for year in (1, 2, 3)
    ]


def test_a_set_that_never_has_a_start_is_found_out() -> None:
    ready = starts_of(RecurrenceSet(Zoned(SINCE, BERLIN), parse_rule("FREQ=MONTHLY;BYDAY=6MO", dtstart=SINCE)), BERLIN)
    budget = Budget()
    assert next(ready.between(EARLIEST, LATEST, budget), None) is None
    assert budget.spent < 5_000


def test_a_narrow_window_of_a_fast_series_costs_no_more_than_it_holds() -> None:
    ready = starts_of(RecurrenceSet(Zoned(SINCE, BERLIN), parse_rule("FREQ=SECONDLY", dtstart=SINCE)), BERLIN)
    lo, budget = instant_of(LO, BERLIN), Budget()
    assert [instant for instant, _ in ready.between(lo, lo + 60, budget)] == list(range(lo, lo + 60))
    assert budget.spent == 60
