"""The evaluator as a whole, against a search that looks at the wall clock of every minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.availability import (
    _RULES,
    REASONS,
    Offer,
    Question,
    free_starts,
    needed,
    refusals,
)
from schedsvc.domain.events import Level
from schedsvc.domain.hours import MINUTES_PER_DAY, MinuteRange, WorkHours
from schedsvc.domain.intervals import contains, merge, subtract
from schedsvc.domain.names import BookingName
from schedsvc.domain.profiles import STEPS_MINUTES, DatePeriod
from schedsvc.domain.rules import away, buffers, busy
from schedsvc.domain.time import local_at, utc
from schedsvc.domain.timeline import Item, Timeline, chunk_extent, chunk_range
from tests.domain.offers import CALENDAR, OTHER_CALENDAR, PROFILE, at, daily, fill, item, offer, timeline

DAY = 86_400
WEEK_MINUTES = 7 * MINUTES_PER_DAY
# The day before clocks change, and an ordinary one.
WINDOWS = [
    ("America/New_York", "2026-03-07T05:00Z"),
    ("America/New_York", "2026-10-31T04:00Z"),
    ("Australia/Lord_Howe", "2026-10-02T13:30Z"),
    ("Australia/Lord_Howe", "2026-04-03T13:00Z"),
    ("Africa/Cairo", "2026-04-22T22:00Z"),
    ("Europe/Berlin", "2026-03-27T23:00Z"),
    ("Pacific/Kiritimati", "2026-03-27T10:00Z"),
    ("Asia/Kathmandu", "2026-03-27T18:15Z"),
]


@dataclass(frozen=True)
class Case:
    """Everything an evaluation depends on; `[lo, hi)` is three days around `zone`'s change."""

    offer: Offer
    question: Question
    items: list[Item]
    lo: int
    hi: int

    def timelines(self, lo: int, hi: int) -> list[Timeline]:
        """What is needed for `[lo, hi)` and not one chunk more."""
        window = needed(self.offer, self.question, lo, hi)
        return [
            timeline([i for i in self.items if i.source == source], *window, source=source)
            for source in (CALENDAR, OTHER_CALENDAR)
        ]

    def starts(self, lo: int, hi: int) -> list[int]:
        return free_starts(self.offer, self.question, self.timelines(lo, hi), lo, hi).starts


minute = st.integers(0, MINUTES_PER_DAY // 5).map(lambda n: 5 * n)
bounds = st.tuples(minute, minute).filter(lambda b: b[0] != b[1])
ranges = st.one_of(
    bounds.map(lambda b: MinuteRange(min(b), max(b))),
    st.sampled_from([MinuteRange(0, 1440), MinuteRange(0, 120), MinuteRange(1320, 1440)]),
)
days = st.one_of(
    st.dictionaries(st.integers(1, 7), st.lists(ranges, max_size=3).map(tuple)),
    st.lists(ranges, min_size=1, max_size=3).map(lambda r: dict.fromkeys(range(1, 8), tuple(r))),
)
buffer = st.sampled_from([0, 0, 5, 10, 45])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, first = draw(st.sampled_from(WINDOWS))
    lo = at(first)
    some = offer(
        WorkHours(zone, draw(days)),
        duration_minutes=draw(st.sampled_from([5, 15, 30, 60, 90, 480])),
        step_minutes=draw(st.sampled_from(STEPS_MINUTES)),
        buffer_before_minutes=draw(buffer),
        buffer_after_minutes=draw(buffer),
        start_after_minutes=draw(st.sampled_from([0, 60, 600])),
        available_for=draw(st.sampled_from([DatePeriod(0, 1), DatePeriod(0, 60)])),
        active_from=draw(st.sampled_from([None, utc(lo + DAY // 2)])),
        active_until=draw(st.sampled_from([None, utc(lo + 2 * DAY)])),
    )
    taken = draw(st.lists(items_around(lo), max_size=12))
    now = lo + draw(st.integers(-2 * DAY, 2 * DAY))
    besides = draw(st.sampled_from([None, BookingName(PROFILE, "b1")]))
    return Case(some, Question(now, some.duration, besides), taken, lo, lo + 3 * DAY)


@st.composite
def items_around(draw: st.DrawFn, lo: int) -> Item:
    start = lo + 60 * draw(st.integers(-1500, 4500))
    length = 60 * draw(st.sampled_from([0, 1, 7, 30, 240, 2000]))
    booking = draw(st.sampled_from(["", "", "b1", "b2"]))
    pads = (60 * draw(buffer), 60 * draw(buffer)) if booking else (0, 0)
    return item(
        start,
        start + length,
        draw(st.sampled_from(Level)),
        before=pads[0],
        after=pads[1],
        booking=booking,
        source=draw(st.sampled_from([CALENDAR, OTHER_CALENDAR])),
    )


class Search:
    """Decides minute by minute, by reading clocks; knows nothing of intervals."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.zone = case.offer.time_zone
        self.last_day = local_at(case.question.now, self.zone).date() + relativedelta(
            months=case.offer.available_for.months, days=case.offer.available_for.days
        )
        self.open = [False] * WEEK_MINUTES
        for day, day_ranges in case.offer.hours.days.items():
            for r in day_ranges:
                for m in range(r.start, r.end):
                    self.open[(day - 1) * MINUTES_PER_DAY + m] = True
        minutes = (case.hi + case.offer.duration - case.lo) // 60
        shut = (not self.open[self.shown(case.lo + 60 * i)] for i in range(minutes))
        self.shut_before = [0, *accumulate(map(int, shut))]

    def shown(self, instant: int) -> int:
        """The minute of the week that the wall clock shows."""
        local = local_at(instant, self.zone)
        return local.weekday() * MINUTES_PER_DAY + local.hour * 60 + local.minute

    def on_grid(self, instant: int) -> bool:
        """Walks back on the clock face to where work began."""
        shown = self.shown(instant)
        if all(self.open):
            return shown * 60 % self.case.offer.step == 0
        walked = 0
        while self.open[(shown - walked - 1) % WEEK_MINUTES]:
            walked += 1
        return self.open[shown] and walked * 60 % self.case.offer.step == 0

    def all_open(self, instant: int) -> bool:
        i, j = ((t - self.case.lo) // 60 for t in (instant, instant + self.case.offer.duration))
        return self.shut_before[i] == self.shut_before[j]

    def in_time(self, instant: int) -> bool:
        some, now = self.case.offer, self.case.question.now
        return (
            some.active[0] <= instant < some.active[1]
            and instant - now >= some.notice
            and local_at(instant, self.zone).date() <= self.last_day
        )

    def undisturbed(self, instant: int) -> bool:
        return not any(self.meets(each, instant) for each in self.case.items)

    def meets(self, each: Item, instant: int) -> bool:
        some = self.case.offer
        if each.level < Level.TENTATIVE or each.start == each.end:
            return False
        if each.booking is not None and each.booking == self.case.question.exclude_booking:
            return False
        begin, end = instant - some.before, instant + some.duration + some.after
        return begin < each.occupied_end and end > each.occupied_start

    def free(self) -> list[int]:
        return [
            t
            for t in range(self.case.lo, self.case.hi, 60)
            if self.all_open(t) and self.on_grid(t) and self.in_time(t) and self.undisturbed(t)
        ]


@settings(max_examples=120)
@given(cases())
def test_free_starts_are_those_that_reading_every_clock_finds(case: Case) -> None:
    assert case.starts(case.lo, case.hi) == Search(case).free()


@settings(max_examples=50)
@given(cases(), st.integers(0, 2 * 1440))
def test_every_listed_start_books_and_every_other_is_refused_with_a_reason(case: Case, first: int) -> None:
    lo = case.lo + 60 * first
    hi = lo + 6 * 3600
    listed = set(case.starts(lo, hi))
    timelines = case.timelines(lo, hi)
    for start in range(lo, hi, 60):
        given_reasons = refusals(case.offer, case.question, timelines, start)
        assert (not given_reasons) == (start in listed)
        order = [REASONS.index(refusal.reason) for refusal in given_reasons]
        assert order == sorted(order)


@settings(max_examples=50)
@given(cases(), st.integers(0, 2 * 1440))
def test_a_rule_forbids_a_start_alone_if_and_only_if_it_forbids_it_in_a_window(case: Case, first: int) -> None:
    lo = case.lo + 60 * first
    hi = lo + 3 * 3600
    timelines = case.timelines(lo, hi)
    for rule in _RULES:
        forbidden = rule.forbids(case.offer, case.question, timelines, lo, hi).intervals
        assert list(forbidden) == sorted(forbidden)
        assert list(forbidden) == sorted(forbidden, key=lambda interval: interval[1])
        for start in range(lo, hi, 60):
            alone = rule.forbids(case.offer, case.question, timelines, start, start + 1).intervals
            assert contains(alone, start) == any(a <= start < b for a, b in forbidden)


@settings(max_examples=50)
@given(cases(), st.integers(0, 2 * 1440))
def test_a_calendar_that_is_busy_is_not_said_to_be_too_close_as_well(case: Case, first: int) -> None:
    lo = case.lo + 60 * first
    hi = lo + 3 * 3600
    timelines = case.timelines(lo, hi)
    for calendar in timelines:
        near, *bare = (
            rule.forbids(case.offer, case.question, (calendar,), lo, hi).intervals
            for rule in (buffers.RULE, busy.RULE, away.RULE)
        )
        for intervals in bare:
            assert subtract(merge(near), merge(intervals)) == merge(near)


@settings(max_examples=100)
@given(cases(), st.integers(0, 3 * DAY), st.integers(0, 3 * DAY))
def test_the_answer_does_not_depend_on_the_window_asked(case: Case, a: int, b: int) -> None:
    lo, hi = case.lo + min(a, b), case.lo + max(a, b)
    larger = case.starts(case.lo - DAY, case.hi + DAY)
    assert case.starts(lo, hi) == [start for start in larger if lo <= start < hi]


@settings(max_examples=100)
@given(cases(), st.integers(0, 3 * DAY))
def test_time_alone_changes_nothing_up_to_valid_until(case: Case, later: int) -> None:
    timelines = case.timelines(case.lo, case.hi)

    def answer(now: int) -> tuple[list[int], int | None]:
        question = Question(now, case.question.duration, case.question.exclude_booking)
        return free_starts(case.offer, question, timelines, case.lo, case.hi)

    now = case.question.now
    starts, valid_until = answer(now)
    assert valid_until is None or valid_until >= now
    until = now + later if valid_until is None else min(now + later, valid_until)
    assert answer(until)[0] == starts
    if valid_until is not None:
        assert answer(valid_until)[0] == starts


OPEN = offer(daily("UTC", "09:00-11:00"), duration_minutes=60, step_minutes=60)
NINE = at("2026-03-02T09:00Z")


def test_the_answer_is_valid_until_the_notice_reaches_the_next_candidate() -> None:
    some = offer(daily("UTC", "09:00-11:00"), step_minutes=60, start_after_minutes=60)
    question = Question(NINE - 2 * 3600, some.duration)
    found = free_starts(some, question, [], NINE, NINE + 2 * 3600)
    assert found.starts == [NINE, NINE + 3600]
    assert found.valid_until == NINE - 3600
    after = Question(NINE - 3600 + 1, some.duration)
    assert free_starts(some, after, [], NINE, NINE + 2 * 3600).starts == [NINE + 3600]


def test_the_answer_is_valid_until_midnight_brings_a_new_day_into_the_horizon() -> None:
    some = offer(daily("Europe/Berlin", "09:00-10:00"), available_for=DatePeriod(0, 1))
    now = at("2026-03-02T12:00Z")
    found = free_starts(some, Question(now, some.duration), [], now, now + 5 * DAY)
    assert found.valid_until == at("2026-03-02T23:00Z") - 1
    tomorrow = Question(at("2026-03-02T23:00Z"), some.duration)
    more = free_starts(some, tomorrow, [], now, now + 5 * DAY)
    assert len(more.starts) == len(found.starts) + 2


def test_a_past_window_never_changes() -> None:
    found = free_starts(OPEN, Question(NINE + 5 * DAY, 3600), [], NINE, NINE + DAY)
    assert found == ([], None)


def test_an_empty_window_has_no_starts() -> None:
    assert free_starts(OPEN, Question(NINE - DAY, 3600), [], NINE, NINE).starts == []


def test_what_must_be_loaded_reaches_to_the_ends_of_the_buffers() -> None:
    some = offer(daily("UTC", "09:00-11:00"), buffer_before_minutes=10, buffer_after_minutes=20)
    lo, hi = needed(some, Question(0, some.duration), NINE, NINE + 1)
    assert (lo, hi) == (NINE - 600, NINE + 1800 + 1200)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (10, 20)])
def test_what_is_needed_is_enough_where_it_ends_with_a_chunk(before: int, after: int) -> None:
    some = offer(daily("UTC", "00:00-24:00"), buffer_before_minutes=before, buffer_after_minutes=after)
    lo, hi = chunk_extent(641)
    first, last = lo + some.before, hi - some.duration - some.after
    question = Question(lo - DAY, some.duration)
    assert chunk_range(*needed(some, question, first, last + 1)) == range(641, 642)
    line = Timeline(CALENDAR, fill([641], []))
    found = free_starts(some, question, [line], first, last + 1).starts
    assert found == [t for t in range(lo, hi, 1800) if first <= t <= last]


def test_a_year_of_a_full_calendar_keeps_only_the_gaps() -> None:
    some = offer(daily("UTC", "09:00-17:00"), available_for=DatePeriod(24, 0))
    hi = NINE + 365 * DAY
    busy = [item(t, t + 1800) for t in range(NINE - DAY, hi, 3600)]
    question = Question(NINE - DAY, some.duration)
    line = Timeline(CALENDAR, fill(chunk_range(*needed(some, question, NINE, hi)), busy))
    starts = free_starts(some, question, [line], NINE, hi).starts
    assert len(starts) == 365 * 8
    assert all(utc(start).minute == 30 for start in starts)
    assert starts[-1] - starts[0] == timedelta(days=364, hours=7).total_seconds()
