"""Free/busy periods, against a bitmap of minutes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.events import Level
from schedsvc.domain.freebusy import Period, busy_periods
from schedsvc.domain.timeline import Item
from tests.domain.offers import item

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
