"""The grid of candidates: anchored where work begins, moved by nothing."""

from __future__ import annotations

import pytest

from schedsvc.domain.availability import Offer, Question, free_starts, needed
from schedsvc.domain.time import local_at
from schedsvc.domain.timeline import Item
from tests.domain.offers import at, daily, hours, item, local, offer, timeline

MONDAY = "2026-03-02"
NEW_YORK = "America/New_York"


def listed(some: Offer, lo: int, hi: int, *items: Item) -> list[int]:
    question = Question(now=lo - 86_400, duration=some.duration)
    loaded = timeline(items, *needed(some, question, lo, hi))
    return free_starts(some, question, [loaded], lo, hi).starts


def shown(some: Offer, day: str, *items: Item, until: str = "24:00") -> list[str]:
    """The wall-clock times offered on a local day, one after the other."""
    zone = some.time_zone
    lo = local(f"{day}T00:00", zone)
    starts = listed(some, lo, lo + int(until[:2]) * 3600, *items)
    return [f"{local_at(start, zone):%H:%M}" for start in starts]


def test_each_work_interval_has_a_grid_of_its_own() -> None:
    some = offer(daily("Europe/Berlin", "08:00-12:00", "12:30-17:30"), duration_minutes=60, step_minutes=60)
    morning, afternoon = ["08:00", "09:00", "10:00", "11:00"], ["12:30", "13:30", "14:30", "15:30", "16:30"]
    assert shown(some, MONDAY) == morning + afternoon


def test_a_meeting_at_13_removes_one_candidate_and_moves_none() -> None:
    some = offer(daily("UTC", "08:00-17:00"), duration_minutes=60, step_minutes=60)
    short = item(at(f"{MONDAY}T13:00Z"), at(f"{MONDAY}T13:05Z"))
    assert shown(some, MONDAY, short) == [f"{h:02}:00" for h in range(8, 17) if h != 13]


def test_the_notice_removes_candidates_and_moves_none() -> None:
    some = offer(daily("UTC", "09:00-12:00"), duration_minutes=60, step_minutes=60)
    lo, hi = at(f"{MONDAY}T00:00Z"), at(f"{MONDAY}T23:00Z")
    question = Question(now=at(f"{MONDAY}T09:07Z"), duration=3600)
    assert free_starts(some, question, [], lo, hi).starts == [
        at(f"{MONDAY}T10:00Z"),
        at(f"{MONDAY}T11:00Z"),
    ]


def test_intervals_that_touch_over_midnight_are_one() -> None:
    night = hours("UTC", {1: ["22:00-24:00"], 2: ["00:00-02:00"]})
    some = offer(night, duration_minutes=60, step_minutes=30)
    lo = at(f"{MONDAY}T12:00Z")
    times = [f"{local_at(s, 'UTC'):%H:%M}" for s in listed(some, lo, lo + 86_400)]
    assert times == ["22:00", "22:30", "23:00", "23:30", "00:00", "00:30", "01:00"]


def test_the_grid_of_a_joined_night_is_counted_from_its_evening() -> None:
    night = hours("UTC", {1: ["22:10-24:00"], 2: ["00:00-02:00"]})
    some = offer(night, duration_minutes=20, step_minutes=20)
    assert shown(some, "2026-03-03", until="03:00")[:2] == ["00:10", "00:30"]


def test_the_last_slot_may_end_where_the_interval_ends() -> None:
    some = offer(daily("UTC", "09:00-10:30"), duration_minutes=45, step_minutes=15)
    assert shown(some, MONDAY) == ["09:00", "09:15", "09:30", "09:45"]


def test_an_interval_shorter_than_the_slot_offers_nothing() -> None:
    some = offer(daily("UTC", "09:00-09:29"), duration_minutes=30, step_minutes=5)
    assert shown(some, MONDAY) == []


def test_candidates_that_clocks_skip_vanish() -> None:
    some = offer(daily(NEW_YORK, "00:30-05:00"), duration_minutes=30, step_minutes=60)
    assert shown(some, "2026-03-08", until="04:00") == ["00:30", "01:30", "03:30", "04:30"]


def test_candidates_that_clocks_repeat_are_offered_twice() -> None:
    some = offer(daily(NEW_YORK, "00:00-03:00"), duration_minutes=30, step_minutes=60)
    lo = at("2026-11-01T04:00Z")
    assert listed(some, lo, lo + 4 * 3600) == [
        at("2026-11-01T04:00Z"),
        at("2026-11-01T05:00Z"),
        at("2026-11-01T06:00Z"),
        at("2026-11-01T07:00Z"),
    ]
    assert shown(some, "2026-11-01", until="04:00") == ["00:00", "01:00", "01:00", "02:00"]


def test_a_shift_of_thirty_minutes_keeps_the_wall_clock_grid() -> None:
    # On Lord Howe clocks went from 02:00 to 02:30: hours apart on the wall, not in time.
    some = offer(daily("Australia/Lord_Howe", "01:00-04:00"), duration_minutes=15, step_minutes=60)
    starts = listed(some, at("2026-10-03T13:00Z"), at("2026-10-03T18:00Z"))
    assert starts == [at("2026-10-03T14:30Z"), at("2026-10-03T16:00Z")]
    assert shown(some, "2026-10-04", until="05:00") == ["01:00", "03:00"]


def test_a_slot_may_last_through_a_clock_change() -> None:
    some = offer(daily(NEW_YORK, "00:00-24:00"), duration_minutes=120, step_minutes=60)
    lo = at("2026-03-08T05:00Z")
    assert listed(some, lo, lo + 4 * 3600) == [lo + 3600 * n for n in range(4)]


@pytest.mark.parametrize("step", [5, 10, 15, 20, 30, 60])
def test_hours_that_never_close_are_counted_from_monday_midnight_without_a_seam(step: int) -> None:
    some = offer(daily("Europe/Berlin", "00:00-24:00"), duration_minutes=5, step_minutes=step)
    lo = local("2026-02-26T00:00", "Europe/Berlin")
    hi = lo + 12 * 86_400
    assert listed(some, lo, hi) == list(range(lo, hi, step * 60))


def test_two_ends_of_a_day_keep_their_grids_when_a_window_begins_in_the_middle() -> None:
    some = offer(daily("UTC", "08:10-17:00"), duration_minutes=20, step_minutes=20)
    lo = at(f"{MONDAY}T12:00Z")
    assert listed(some, lo, lo + 1800) == [lo + 600]
