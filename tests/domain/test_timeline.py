"""Chunks and the view over them, against a scan of everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.events import Level
from schedsvc.domain.intervals import clip, merge
from schedsvc.domain.names import BookingName
from schedsvc.domain.timeline import (
    CHUNK_SECONDS,
    Aspect,
    Item,
    Timeline,
    chunk_extent,
    chunk_index,
    chunk_range,
    extents,
)
from tests.domain.offers import CALENDAR, PROFILE, fill, item

DAY = 86_400
CHUNKS = range(-2, 4)
LO, HI = CHUNKS[0] * CHUNK_SECONDS, (CHUNKS[-1] + 1) * CHUNK_SECONDS
moments = st.one_of(st.integers(LO, HI), st.sampled_from([index * CHUNK_SECONDS for index in CHUNKS]))
lengths = st.sampled_from([0, 1800, DAY, 40 * DAY, 100 * DAY])
items = st.builds(
    lambda start, length, level, pad, booking: item(
        start, start + length, level, before=pad, after=2 * pad, booking=booking
    ),
    moments,
    lengths,
    st.sampled_from(Level),
    st.sampled_from([0, 0, 600, 3 * DAY]),
    st.sampled_from(["", "b1", "b2"]),
)
item_lists = st.lists(items, max_size=15, unique_by=lambda i: i.event)


def loaded(some: list[Item]) -> Timeline:
    return Timeline(CALENDAR, fill(CHUNKS, some))


def test_an_item_is_filed_under_every_chunk_that_it_occupies() -> None:
    lo, hi = chunk_extent(1)
    long = item(lo + 5, hi + CHUNK_SECONDS + 5, before=10)
    assert [index for index, chunk in fill(range(-1, 5), [long]).items() if chunk.items] == [
        0,
        1,
        2,
        3,
    ]


def test_an_item_that_ends_where_a_chunk_begins_is_not_in_it() -> None:
    lo, hi = chunk_extent(1)
    assert chunk_range(lo, hi) == range(1, 2)
    assert [bool(c.items) for c in fill(range(3), [item(lo, hi)]).values()] == [False, True, False]


def test_instants_before_1970_fall_into_negative_chunks() -> None:
    assert (chunk_index(-1), chunk_index(0)) == (-1, 0)
    assert chunk_extent(-1) == (-CHUNK_SECONDS, 0)
    assert not chunk_range(7, 7)


def test_what_was_not_loaded_does_not_count_as_free() -> None:
    some = Timeline(CALENDAR, fill([0], []))
    assert some.items(0, CHUNK_SECONDS) == []
    with pytest.raises(KeyError):
        some.items(0, CHUNK_SECONDS + 1)
    with pytest.raises(KeyError):
        some.taken(Aspect.BUSY, -1, 1)


@given(item_lists, moments, moments)
def test_items_are_those_whose_occupied_extent_overlaps_each_once(some: list[Item], lo: int, hi: int) -> None:
    found = loaded(some).items(lo, hi)
    expected = {
        i.event for i in some if i.occupied_start < hi and i.occupied_end > lo and i.occupied_start < i.occupied_end
    }
    assert {i.event for i in found} == (expected if lo < hi else set())
    assert len(found) == len({i.event for i in found})
    assert found == sorted(found, key=lambda i: i.occupied_start)


@given(item_lists, moments, moments, st.sampled_from(Aspect), st.sampled_from(["", "b1"]))
def test_what_is_taken_is_the_union_of_the_extents_of_all_but_one_booking(
    some: list[Item], lo: int, hi: int, aspect: Aspect, besides: str
) -> None:
    name = BookingName(PROFILE, besides) if besides else None
    taken = loaded(some).taken(aspect, lo, hi, name)
    assert taken == sorted(taken, key=lambda interval: interval[0])
    assert taken == sorted(taken, key=lambda interval: interval[1])
    others = [i for i in some if name is None or i.booking != name]
    if lo < hi:
        assert merge(clip(taken, lo, hi)) == clip(merge(extents(others, aspect)), lo, hi)


def test_only_levels_that_block_are_taken_and_nothing_of_length_zero() -> None:
    blocking = [Level.TENTATIVE, Level.BUSY, Level.OUT_OF_OFFICE]
    some = loaded([item(1000 * lv, 1000 * lv + 10, lv) for lv in Level] + [item(9000, 9000)])
    assert some.taken(Aspect.BARE, 0, DAY) == [(1000 * lv, 1000 * lv + 10) for lv in blocking]
    assert some.taken(Aspect.AWAY, 0, DAY) == [(4000, 4010)]
    assert some.taken(Aspect.BUSY, 0, DAY) == [(2000, 2010), (3000, 3010)]


def test_a_bare_extent_is_taken_once_though_its_buffers_reach_into_the_next_chunk() -> None:
    border = CHUNK_SECONDS
    some = loaded([item(border - 900, border - 800, after=DAY), item(border - 700, border - 600)])
    assert some.taken(Aspect.BARE, border - DAY, border + DAY) == [
        (border - 900, border - 800),
        (border - 700, border - 600),
    ]


def test_a_timeline_knows_whether_buffers_are_near() -> None:
    some = loaded([item(5000, 6000), item(CHUNK_SECONDS + 5000, CHUNK_SECONDS + 6000, after=60)])
    assert not some.padded(0, CHUNK_SECONDS)
    assert some.padded(0, CHUNK_SECONDS + 1)
