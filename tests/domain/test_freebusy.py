"""Free/busy periods, against a bitmap of minutes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.events import Level
from schedsvc.domain.freebusy import Period, busy_periods, cut, strung, view
from schedsvc.domain.timeline import CHUNK_SECONDS, Item
from tests.domain.offers import item, timeline

minutes = st.integers(-10, 70)
items = st.lists(
    st.builds(
        lambda a, b, level, pad: item(min(a, b), max(a, b), level, before=pad, after=pad),
        minutes,
        minutes,
        st.sampled_from(Level),
        st.integers(0, 5),
    ),
    max_size=10,
)


def painted(some: list[Item] | list[Period], lo: int, hi: int) -> list[Level]:
    """The level of every minute of the window, painted one item at a time."""
    canvas = [Level.NONE] * (hi - lo)
    for each in some:
        for minute in range(max(each.start, lo), min(each.end, hi)):
            canvas[minute - lo] = max(canvas[minute - lo], each.level)
    return canvas


@given(items)
def test_each_moment_has_the_strongest_of_its_levels(some: list[Item]) -> None:
    assert painted(busy_periods(some, 0, 60), 0, 60) == painted(some, 0, 60)


@given(items)
def test_periods_are_in_order_clipped_never_empty_and_as_few_as_possible(some: list[Item]) -> None:
    periods = busy_periods(some, 0, 60)
    assert all(0 <= p.start < p.end <= 60 and p.level for p in periods)
    for left, right in pairwise(periods):
        assert left.end < right.start or (left.end == right.start and left.level != right.level)


@given(items, st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter_and_a_second_pass_changes_nothing(some: list[Item], random: object) -> None:
    periods = busy_periods(some, 0, 60)
    assert busy_periods(some[::-1], 0, 60) == periods
    assert busy_periods(sorted(some, key=lambda i: (i.level, i.end)), 0, 60) == periods
    assert busy_periods(periods, 0, 60) == periods


def test_out_of_office_beats_busy_beats_tentative_beats_working_elsewhere() -> None:
    rising = (Level.WORKING_ELSEWHERE, Level.TENTATIVE, Level.BUSY, Level.OUT_OF_OFFICE)
    some = [item(10 * n, 100 - 10 * n, level) for n, level in enumerate(rising)]
    starts = [(p.start, p.level) for p in busy_periods(some, 0, 100)]
    assert starts == [
        (0, Level.WORKING_ELSEWHERE),
        (10, Level.TENTATIVE),
        (20, Level.BUSY),
        (30, Level.OUT_OF_OFFICE),
        (70, Level.BUSY),
        (80, Level.TENTATIVE),
        (90, Level.WORKING_ELSEWHERE),
    ]


def test_back_to_back_meetings_are_one_period_and_free_items_none() -> None:
    some = [item(0, 30), item(30, 45), item(45, 60, Level.NONE)]
    assert busy_periods(some, 0, 100) == [Period(0, 45, Level.BUSY)]


def test_buffers_are_not_busy_time() -> None:
    assert busy_periods([item(20, 30, before=10, after=10)], 0, 60) == [Period(20, 30, Level.BUSY)]


@given(items, st.integers(0, 60), st.integers(0, 60))
def test_periods_cut_at_a_border_and_strung_together_are_those_of_the_whole(some: list[Item], a: int, b: int) -> None:
    whole = busy_periods(some, 0, 60)
    borders = sorted({0, a, b, 60})
    parts = [cut(whole, lo, hi) for lo, hi in pairwise(borders)]
    assert parts == [busy_periods(some, lo, hi) for lo, hi in pairwise(borders)]
    assert strung(parts) == whole


@given(items, st.integers(-30, 30), st.integers(0, 60))
def test_a_timeline_tells_the_periods_of_its_items_over_the_borders_of_its_chunks(
    some: list[Item], first: int, length: int
) -> None:
    moved = [item(i.start + CHUNK_SECONDS, i.end + CHUNK_SECONDS, i.level) for i in some]
    lo, hi = CHUNK_SECONDS + first, CHUNK_SECONDS + first + length
    assert timeline(moved, 0, 2 * CHUNK_SECONDS).periods(lo, hi) == busy_periods(moved, lo, hi)


DIGITS = {
    Level.NONE: "0",
    Level.TENTATIVE: "1",
    Level.BUSY: "2",
    Level.OUT_OF_OFFICE: "3",
    Level.WORKING_ELSEWHERE: "4",
}


@given(st.lists(items, max_size=3), st.integers(1, 70))
def test_a_view_has_the_strongest_level_of_each_step(several: list[list[Item]], step: int) -> None:
    periods = [period for some in several for period in busy_periods(some, 0, 60)]
    painting = painted(periods, 0, 60)
    steps = [max(painting[n : n + step]) for n in range(0, 60, step)]
    assert view(periods, 0, 60, step) == "".join(DIGITS[level] for level in steps)
    assert view(periods[::-1], 0, 60, step) == view(periods, 0, 60, step)


def test_a_view_counts_from_the_start_of_its_window_and_ends_with_a_part_of_a_step() -> None:
    assert view([Period(107, 108, Level.BUSY), Period(124, 125, Level.TENTATIVE)], 101, 125, 10) == "201"
    assert view([], 101, 102, 10) == "0"
