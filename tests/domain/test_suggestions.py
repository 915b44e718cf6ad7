"""Times for meetings: against the slots of a profile, and against a search that looks at every minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain.availability import Question, free_starts
from schedsvc.domain.events import Level
from schedsvc.domain.hours import WorkHours
from schedsvc.domain.intervals import Interval, merge
from schedsvc.domain.profiles import STEPS_MINUTES
from schedsvc.domain.suggestions import BLOCKING, Emptiness, Group, Member, Search, Shape, Suggestion, Wish
from schedsvc.domain.time import local_at
from schedsvc.domain.timeline import Item
from tests.domain.offers import at, daily, hours, item, offer, timeline
from tests.domain.test_availability import DAY, WINDOWS, buffer, days, items_around

MINUTE, HOUR = 60, 3600
NINE = at("2026-03-02T09:00Z")
"""A Monday."""
MIDNIGHT = NINE - 9 * HOUR
ALL = 0b111
NINE_TO_FIVE = daily("UTC", "09:00-17:00")


def member(items: Iterable[Item] = (), open_: WorkHours | None = None) -> Member:
    return Member(timeline(items, MIDNIGHT - 40 * DAY, MIDNIGHT + 40 * DAY), open_)


def wish(*groups: Group, duration: int = 60, step: int = 30, **values: Any) -> Wish:
    """Spans in minutes; one group that needs the first member unless groups are given."""
    return Wish(groups=groups or (Group(1, 1),), duration=duration * MINUTE, step=step * MINUTE, **values)


def search(
    some: Wish,
    members: Sequence[Member | None],
    *,
    now: int = MIDNIGHT - DAY,
    lo: int = MIDNIGHT,
    hi: int = MIDNIGHT + DAY,
) -> Search:
    return Search(some, members, now, (lo, hi))


def found(some: Wish, *members: Member | None, **where: int) -> list[Suggestion]:
    return list(search(some, members, **where).suggestions())


def clocks(suggestions: Iterable[Suggestion], zone: str = "UTC") -> list[str]:
    return [f"{local_at(each.start, zone):%H:%M}-{local_at(each.end, zone):%H:%M}" for each in suggestions]


@st.composite
def lone_members(draw: st.DrawFn) -> tuple[WorkHours, dict[str, int], list[Item], int, int]:
    """Hours, a profile's numbers, items, where some days begin, and now."""
    zone, first = draw(st.sampled_from(WINDOWS))
    lo = at(first)
    numbers = {
        "duration_minutes": draw(st.sampled_from([5, 15, 30, 60, 90, 480])),
        "step_minutes": draw(st.sampled_from(STEPS_MINUTES)),
        "buffer_before_minutes": draw(buffer),
        "buffer_after_minutes": draw(buffer),
    }
    items = draw(st.lists(items_around(lo), max_size=12))
    return WorkHours(zone, draw(days)), numbers, items, lo, lo + draw(st.integers(-DAY, 2 * DAY))


@settings(max_examples=100)
@given(lone_members(), st.sampled_from([3, 40]))
def test_one_member_gets_the_free_starts_of_a_profile_with_the_same_numbers(
    case: tuple[WorkHours, dict[str, int], list[Item], int, int], length: int
) -> None:
    open_, numbers, items, lo, now = case
    hi = lo + length * DAY
    profile = offer(open_, **numbers)
    mine = timeline(items, lo - DAY, hi + DAY)
    some = Wish(
        groups=(Group(1, 1),),
        duration=profile.duration,
        step=profile.step,
        before=profile.before,
        after=profile.after,
        time_zone="Asia/Tokyo",
    )
    suggested = Search(some, [Member(mine, open_)], now, (lo, hi)).suggestions()
    inside = hi - profile.duration + 1
    listed = free_starts(profile, Question(now, profile.duration), [mine], lo, inside).starts
    assert [each.start for each in suggested] == listed


@dataclass(frozen=True)
class Case:
    """Three people, one of whom may be unknown, in a few days around a change of clocks."""

    wish: Wish
    open: list[WorkHours | None]
    items: list[list[Item]]
    unknown: int | None
    now: int
    lo: int
    hi: int

    @property
    def members(self) -> list[Member | None]:
        wide = self.lo - DAY, self.hi + DAY
        return [
            None if place == self.unknown else Member(timeline(items, *wide), open_)
            for place, (open_, items) in enumerate(zip(self.open, self.items, strict=True))
        ]

    def found(self, after: int | None = None) -> list[Suggestion]:
        return list(Search(self.wish, self.members, self.now, (self.lo, self.hi)).suggestions(after))

    def is_free(self, place: int, start: int, end: int) -> bool:
        """Whether a meeting `[start, end)` suits the member, minute by minute and item by item."""
        open_ = self.open[place]
        if place == self.unknown:
            return False
        if open_ is not None and not all(is_open(open_, t) for t in range(start, end, MINUTE)):
            return False
        begin, finish = start - self.wish.before, end + self.wish.after
        return not any(
            each.level in self.wish.levels
            and each.start < each.end
            and begin < each.occupied_end
            and finish > each.occupied_start
            for each in self.items[place]
        )

    def is_possible(self, start: int, end: int) -> bool:
        """Whether the caller's own demands allow a meeting then."""
        begin, finish = start - self.wish.before, end + self.wish.after
        within = self.wish.only_within
        return (
            max(self.lo, self.now) <= start
            and end <= self.hi
            and not any(begin < b and finish > a for a, b in self.wish.extra_busy)
            and (within is None or any(a <= start and end <= b for a, b in within))
        )

    def enough(self, free: set[int]) -> bool:
        for group in self.wish.groups:
            who = {place for place in range(3) if group.members >> place & 1}
            needed = group.required
            if self.wish.fail_open and self.unknown in who:
                needed -= needed == len(who)
                who -= {self.unknown}
                needed = max(1, needed)
            if len(who & free) < needed:
                return False
        return True

    def free(self, start: int, end: int) -> set[int]:
        return {place for place in range(3) if self.is_free(place, start, end)}


def is_open(open_: WorkHours, instant: int) -> bool:
    local = local_at(instant, open_.time_zone)
    minute = local.hour * 60 + local.minute
    return any(r.start <= minute < r.end for r in open_.days.get(local.isoweekday(), ()))


def places(mask: int) -> set[int]:
    return {place for place in range(mask.bit_length()) if mask >> place & 1}


groups = st.integers(1, ALL).flatmap(
    lambda mask: st.integers(1, mask.bit_count()).map(lambda needed: Group(mask, needed))
)


@st.composite
def cases(draw: st.DrawFn, shape: Shape, length: int) -> Case:
    """`length` in hours. Hours differ from member to member, so that the grid is that of the caller's zone."""
    zone, first = draw(st.sampled_from(WINDOWS))
    lo = at(first) + DAY
    hi = lo + length * HOUR
    intervals = st.tuples(st.integers(-3, length * 4), st.integers(1, 24)).map(
        lambda pair: (lo + 900 * pair[0], lo + 900 * (pair[0] + pair[1]))
    )
    some = Wish(
        groups=tuple(draw(st.lists(groups, min_size=1, max_size=3))),
        duration=MINUTE * draw(st.sampled_from([15, 30, 60, 120])),
        step=MINUTE * draw(st.sampled_from(STEPS_MINUTES)),
        before=MINUTE * draw(buffer),
        after=MINUTE * draw(buffer),
        time_zone=zone,
        extra_busy=merge(draw(st.lists(intervals, max_size=2))),
        only_within=merge(wide) if (wide := draw(st.lists(intervals, max_size=3))) else None,
        levels=draw(st.sampled_from([BLOCKING, frozenset({Level.BUSY}), frozenset(Level) - {Level.NONE}])),
        fail_open=draw(st.booleans()),
        shape=shape,
    )
    zones = [zone, "UTC", "Asia/Kathmandu"]
    open_: list[WorkHours | None] = [None, None, None]
    if draw(st.booleans()):
        open_ = [daily(each, f"0{draw(st.integers(0, 9))}:15-{draw(st.integers(12, 23))}:00") for each in zones]
    return Case(
        wish=some,
        open=open_,
        items=[draw(st.lists(near(lo, length), max_size=5)) for _ in zones],
        unknown=draw(st.sampled_from([None, None, 0, 2])),
        now=lo + 300 * draw(st.integers(-24, length * 6)),
        lo=lo,
        hi=hi,
    )


@st.composite
def near(draw: st.DrawFn, lo: int, length: int) -> Item:
    start = lo + 300 * draw(st.integers(-12, length * 12))
    pads = draw(st.sampled_from([(0, 0), (0, 0), (300, 600)]))
    level = draw(st.sampled_from(Level))
    length_ = 300 * draw(st.sampled_from([0, 1, 3, 12, 30]))
    return item(start, start + length_, level, before=pads[0], after=pads[1], booking="b" if any(pads) else "")


@settings(max_examples=120)
@given(cases(Shape.SLOTS, 24))
def test_slots_are_the_candidates_at_which_looking_at_every_minute_finds_enough_members(case: Case) -> None:
    expected = []
    for start in range(case.lo, case.hi, MINUTE):
        local, end = local_at(start, case.wish.time_zone), start + case.wish.duration
        if (local.hour * 60 + local.minute) * MINUTE % case.wish.step or not case.is_possible(start, end):
            continue
        if case.enough(free := case.free(start, end)):
            expected.append((start, end, free))
    assert [(each.start, each.end, places(each.free)) for each in case.found()] == expected


@settings(max_examples=120)
@given(cases(Shape.PERIODS, 6))
def test_periods_are_the_longest_stretches_with_enough_members_who_are_free_throughout(case: Case) -> None:
    marks = range(case.lo, case.hi + 1, 300)
    good = {
        (start, end): free
        for start in marks
        for end in marks
        if end - start >= case.wish.duration
        and case.is_possible(start, end)
        and case.enough(free := case.free(start, end))
    }
    longest = {span: free for span, free in good.items() if not any(lies_in(span, other) for other in good)}
    suggested = case.found()
    assert {(each.start, each.end): places(each.free) for each in suggested} == longest
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(suggested))


def lies_in(span: Interval, other: Interval) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]


@settings(max_examples=60)
@given(st.sampled_from(Shape).flatmap(lambda shape: cases(shape, 8)), st.integers(0, 8 * 60))
def test_what_starts_after_a_suggestion_is_the_rest_of_the_list(case: Case, minute: int) -> None:
    after = case.lo + MINUTE * minute
    assert case.found(after) == [each for each in case.found() if each.start > after]


@settings(max_examples=120)
@given(st.sampled_from(Shape).flatmap(lambda shape: cases(shape, 8)))
def test_the_reason_for_an_empty_list_is_the_first_demand_that_leaves_nothing(case: Case) -> None:
    obliging = replace(
        case,
        open=[None if place == case.unknown else open_ for place, open_ in enumerate(case.open)],
        items=[[] if place == case.unknown else items for place, items in enumerate(case.items)],
        unknown=None,
    )
    idle = replace(obliging, items=[[], [], []])
    demands = {
        Emptiness.OUTSIDE_HOURS: replace(idle, wish=replace(case.wish, extra_busy=(), only_within=None)),
        Emptiness.EXCLUDED: idle,
        Emptiness.BUSY: obliging,
        Emptiness.UNREADABLE: case,
    }
    reasons = [reason for reason, demand in demands.items() if not demand.found()]
    if case.hi - max(case.now, case.lo) < case.wish.duration:
        reasons = [Emptiness.PAST]
    assert bool(reasons) == (case.found() == [])
    if reasons:
        assert Search(case.wish, case.members, case.now, (case.lo, case.hi)).emptiness() is reasons[0]


def test_members_with_the_same_hours_share_the_grid_of_those_hours() -> None:
    split = daily("UTC", "08:00-12:00", "12:30-15:30")
    some = wish(Group(0b11, 2), step=60)
    expected = ["08:00-09:00", "09:00-10:00", "10:00-11:00", "11:00-12:00", "12:30-13:30", "13:30-14:30", "14:30-15:30"]
    assert clocks(found(some, member((), split), member((), split))) == expected


def test_members_with_different_hours_meet_on_the_grid_of_the_midnights_of_the_asked_zone() -> None:
    first, second = member((), daily("UTC", "08:15-11:00")), member((), daily("UTC", "08:40-12:00"))
    assert clocks(found(wish(Group(0b11, 2), step=30), first, second)) == ["09:00-10:00", "09:30-10:30", "10:00-11:00"]
    in_kathmandu = found(wish(Group(0b11, 2), step=30, time_zone="Asia/Kathmandu"), first, second)
    assert clocks(in_kathmandu) == ["08:45-09:45", "09:15-10:15", "09:45-10:45"]


def test_an_unknown_member_does_not_move_the_grid_of_the_others() -> None:
    odd = member((), daily("UTC", "08:15-10:15"))
    assert clocks(found(wish(Group(0b11, 1)), odd, None)) == ["08:15-09:15", "08:45-09:45", "09:15-10:15"]


def test_busy_time_removes_starts_and_moves_none() -> None:
    busy = member([item(NINE + 4 * HOUR, NINE + 4 * HOUR + 300)], daily("UTC", "12:00-16:00"))
    assert clocks(found(wish(step=60), busy)) == ["12:00-13:00", "14:00-15:00", "15:00-16:00"]


@pytest.mark.parametrize(
    ("zone", "day", "range_", "expected"),
    [
        ("America/New_York", "2026-03-08T00:00-05:00", "01:00-05:00", ["01:00", "03:00", "04:00"]),
        ("America/New_York", "2026-11-01T00:00-04:00", "00:00-03:00", ["00:00", "01:00", "01:00", "02:00"]),
        ("Australia/Lord_Howe", "2026-10-04T00:00+10:30", "01:00-04:00", ["01:00", "03:00"]),
    ],
)
def test_on_the_day_of_a_clock_change_starts_are_those_the_wall_clock_shows(
    zone: str, day: str, range_: str, expected: list[str]
) -> None:
    lo = at(day)
    one, two = daily(zone, range_), daily(zone, range_, "22:00-23:00")
    some = wish(Group(0b11, 2), step=60, duration=60, time_zone=zone)
    shown = found(
        some, *(Member(timeline((), lo - DAY, lo + DAY), each) for each in (one, two)), lo=lo, hi=lo + 8 * HOUR
    )
    assert [f"{local_at(each.start, zone):%H:%M}" for each in shown] == expected


def test_a_day_with_a_change_of_clocks_has_a_period_of_its_true_length() -> None:
    lo = at("2026-03-08T00:00-05:00")
    one = Member(timeline((), lo - DAY, lo + 2 * DAY), daily("America/New_York", "00:00-24:00"))
    some = wish(shape=Shape.PERIODS, time_zone="America/New_York")
    (only,) = found(some, one, lo=lo, hi=at("2026-03-09T00:00-04:00"))
    assert only.end - only.start == 23 * HOUR


def test_two_of_three_suffice_and_the_answer_says_which() -> None:
    one = member([item(NINE, NINE + HOUR)])
    two = member([item(NINE + HOUR, NINE + 2 * HOUR)])
    three = member([item(NINE + HOUR, NINE + 3 * HOUR)])
    suggested = found(wish(Group(ALL, 2), step=60), one, two, three, lo=NINE, hi=NINE + 4 * HOUR)
    assert [(each.start, each.free) for each in suggested] == [
        (NINE, 0b110),
        (NINE + 2 * HOUR, 0b011),
        (NINE + 3 * HOUR, ALL),
    ]


def test_every_group_has_to_be_met() -> None:
    boss, rooms = member([item(NINE, NINE + HOUR)]), [member([item(NINE + 2 * HOUR, NINE + 3 * HOUR)]) for _ in "ab"]
    some = wish(Group(0b001, 1), Group(0b110, 1), step=60)
    suggested = found(some, boss, *rooms, lo=NINE, hi=NINE + 4 * HOUR)
    assert [each.start for each in suggested] == [NINE + HOUR, NINE + 3 * HOUR]


def test_two_sets_that_take_turns_are_two_periods_that_may_overlap() -> None:
    early = member([item(NINE + 3 * HOUR, NINE + 8 * HOUR)])
    late = member([item(NINE, NINE + HOUR)])
    some = wish(Group(0b11, 1), shape=Shape.PERIODS)
    suggested = found(some, early, late, lo=NINE, hi=NINE + 4 * HOUR)
    assert suggested == [(NINE, NINE + 3 * HOUR, 0b01), (NINE + HOUR, NINE + 4 * HOUR, 0b10)]


def test_a_period_has_room_for_the_meeting_with_its_buffers_anywhere() -> None:
    busy = member([item(NINE + 2 * HOUR, NINE + 3 * HOUR)])
    some = wish(before=10 * MINUTE, after=20 * MINUTE, shape=Shape.PERIODS)
    assert clocks(found(some, busy, lo=NINE, hi=NINE + 6 * HOUR)) == ["09:00-10:40", "12:10-15:00"]


def test_the_buffer_of_a_booking_and_that_of_the_meeting_both_count() -> None:
    booked = member([item(NINE, NINE + 30 * MINUTE, after=15 * MINUTE, booking="b")])
    where = {"lo": NINE, "hi": NINE + 3 * HOUR}
    on_quarters = found(wish(duration=30, step=15, before=10 * MINUTE), booked, **where)
    assert clocks(on_quarters)[0] == "10:00-10:30"
    assert clocks(found(wish(duration=30, step=5, before=10 * MINUTE), booked, **where))[0] == "09:55-10:25"


def test_what_the_caller_calls_busy_is_kept_away_from_as_an_event_would_be() -> None:
    taken = (NINE + HOUR, NINE + 2 * HOUR)
    some = {"step": 30, "duration": 30, "after": 10 * MINUTE}
    where = {"lo": NINE, "hi": NINE + 3 * HOUR}
    by_event = found(wish(**some), member([item(*taken)]), **where)
    assert clocks(found(wish(**some, extra_busy=[taken]), member(), **where)) == clocks(by_event)
    assert clocks(by_event) == ["09:00-09:30", "11:00-11:30", "11:30-12:00"]


def test_the_meeting_lies_within_the_asked_intervals_and_the_buffers_need_not() -> None:
    within = [(NINE, NINE + HOUR), (NINE + 90 * MINUTE, NINE + 110 * MINUTE), (NINE + 2 * HOUR, NINE + 3 * HOUR)]
    some = wish(duration=30, only_within=within, before=HOUR)
    assert clocks(found(some, member())) == ["09:00-09:30", "09:30-10:00", "11:00-11:30", "11:30-12:00"]


def test_a_meeting_lies_in_the_range_as_a_whole_and_never_begins_in_the_past() -> None:
    where = {"lo": NINE, "hi": NINE + 150 * MINUTE, "now": NINE + 10}
    assert clocks(found(wish(), member(), **where)) == ["09:30-10:30", "10:00-11:00", "10:30-11:30"]
    (period,) = found(wish(shape=Shape.PERIODS), member(), **where)
    assert (period.start, period.end) == (NINE + 10, NINE + 150 * MINUTE)


def test_the_statuses_that_count_can_be_chosen() -> None:
    each = [
        item(NINE, NINE + HOUR, Level.TENTATIVE),
        item(NINE + HOUR, NINE + 2 * HOUR, Level.BUSY),
        item(NINE + 2 * HOUR, NINE + 3 * HOUR, Level.OUT_OF_OFFICE),
        item(NINE + 3 * HOUR, NINE + 4 * HOUR, Level.WORKING_ELSEWHERE),
    ]

    def free(*levels: Level) -> list[str]:
        some = wish(step=60, levels=frozenset(levels) or BLOCKING)
        return [text[:2] for text in clocks(found(some, member(each), lo=NINE, hi=NINE + 4 * HOUR))]

    assert free() == ["12"]
    assert free(Level.BUSY) == ["09", "11", "12"]
    assert free(Level.WORKING_ELSEWHERE) == ["09", "10", "11"]
    assert free(Level.TENTATIVE, Level.OUT_OF_OFFICE, Level.WORKING_ELSEWHERE) == ["10"]


def test_nobody_counts_on_an_unknown_member_unless_told_to_do_without() -> None:
    where = {"lo": NINE, "hi": NINE + HOUR}
    both = Group(0b11, 2)
    assert found(wish(both), member(), None, **where) == []
    assert found(wish(both, fail_open=True), member(), None, **where) == [(NINE, NINE + HOUR, 0b01)]


@pytest.mark.parametrize("needed", [1, 2])
def test_a_group_that_nobody_is_left_of_is_never_met(needed: int) -> None:
    some = wish(Group(0b001, 1), Group(0b110, needed), fail_open=True)
    assert found(some, member(), None, None) == []
    assert search(some, [member(), None, None]).emptiness() is Emptiness.UNREADABLE


def test_a_group_that_needs_a_number_needs_it_of_those_who_are_left() -> None:
    free, busy = member(), member([item(MIDNIGHT, MIDNIGHT + DAY)])
    some = wish(Group(ALL, 2), fail_open=True)
    assert found(some, free, busy, None) == []
    assert len(found(some, free, free, None, lo=NINE, hi=NINE + HOUR)) == 1


WEEKEND = hours("UTC", {6: ["09:00-17:00"]})
EMPTY = [
    (wish(duration=60), [member()], {"hi": MIDNIGHT + 59 * MINUTE}, Emptiness.TOO_SHORT),
    (wish(duration=60), [member()], {"now": MIDNIGHT + 23 * HOUR + 1}, Emptiness.PAST),
    (wish(), [member((), WEEKEND)], {}, Emptiness.OUTSIDE_HOURS),
    (wish(), [member((), NINE_TO_FIVE)], {"now": NINE + 8 * HOUR}, Emptiness.OUTSIDE_HOURS),
    (wish(extra_busy=[(MIDNIGHT, MIDNIGHT + DAY)]), [member((), NINE_TO_FIVE)], {}, Emptiness.EXCLUDED),
    (wish(only_within=[]), [member()], {}, Emptiness.EXCLUDED),
    (wish(only_within=[(NINE + 60, NINE + 61 * MINUTE)]), [member()], {}, Emptiness.EXCLUDED),
    (wish(), [member([item(NINE, NINE + 8 * HOUR)], NINE_TO_FIVE)], {}, Emptiness.BUSY),
    (wish(), [None], {}, Emptiness.UNREADABLE),
    (wish(Group(0b11, 2)), [None, member([item(MIDNIGHT, MIDNIGHT + DAY)])], {}, Emptiness.BUSY),
]


@pytest.mark.parametrize(("some", "members", "where", "reason"), EMPTY)
def test_an_empty_list_has_a_reason(
    some: Wish, members: list[Member | None], where: dict[str, int], reason: Emptiness
) -> None:
    looked = search(some, members, **where)
    assert list(looked.suggestions()) == []
    assert looked.emptiness() is reason


def test_without_a_grid_a_meeting_fits_between_its_starts() -> None:
    within = [(NINE + 60, NINE + 61 * MINUTE)]
    assert found(wish(only_within=within, shape=Shape.PERIODS), member()) == [(*within[0], 1)]
