"""The interval algebra against the plainest model there is: sets of integers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.intervals import (
    Interval,
    clip,
    complement,
    contains,
    merge,
    overlapping,
    subtract,
)

SPAN = range(-25, 45)
points = st.integers(-20, 40)
any_intervals = st.lists(st.tuples(points, points), max_size=12)


def bits(intervals: Iterable[Interval]) -> set[int]:
    return {x for a, b in intervals for x in range(a, b)}


def ordered(intervals: list[Interval]) -> list[Interval]:
    """An ordered list that is not merged: equal lengths sorted by start may overlap and touch."""
    return [(a, a + 5) for a, _ in sorted(intervals)]


def is_merged(intervals: list[Interval]) -> bool:
    gaps = pairwise(intervals)
    return all(a < b for a, b in intervals) and all(left[1] < right[0] for left, right in gaps)


@given(any_intervals)
def test_merging_covers_the_same_integers_with_gaps_between(intervals: list[Interval]) -> None:
    merged = merge(intervals)
    assert bits(merged) == bits(intervals)
    assert is_merged(merged)
    assert merge(merged) == merged
    assert merge(reversed(intervals)) == merged


def test_touching_intervals_join_and_empty_ones_vanish() -> None:
    assert merge([(5, 9), (1, 3), (3, 5), (20, 20), (12, 11)]) == [(1, 9)]


@given(any_intervals, points, points)
def test_the_complement_is_what_is_left_of_the_window(intervals: list[Interval], lo: int, hi: int) -> None:
    for holes in (merge(intervals), ordered(intervals)):
        rest = complement(holes, lo, hi)
        assert bits(rest) == bits([(lo, hi)]) - bits(holes)
        assert is_merged(rest)


@given(any_intervals, any_intervals)
def test_subtracting_is_that_of_sets(left: list[Interval], right: list[Interval]) -> None:
    a, b = merge(left), merge(right)
    assert bits(subtract(a, b)) == bits(a) - bits(b)
    assert bits(subtract(a, ordered(right))) == bits(a) - bits(ordered(right))
    assert is_merged(subtract(a, b))


@given(any_intervals)
def test_containing_agrees_with_the_set_at_every_integer(intervals: list[Interval]) -> None:
    for some in (merge(intervals), ordered(intervals)):
        assert {x for x in SPAN if contains(some, x)} == bits(some)


@given(any_intervals, points, points)
def test_overlapping_finds_the_members_that_share_an_integer_with_the_window(
    intervals: list[Interval], lo: int, hi: int
) -> None:
    for some in (merge(intervals), ordered(intervals)):
        if lo < hi:
            expected = [(a, b) for a, b in some if a < hi and b > lo]
            assert list(overlapping(some, lo, hi)) == expected
            assert clip(some, lo, hi) == [(max(a, lo), min(b, hi)) for a, b in expected]
