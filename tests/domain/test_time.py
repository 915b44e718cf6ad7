"""Instants and wall clocks, against the tables of the zone database itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.time import (
    EARLIEST,
    LATEST,
    AllDay,
    UnknownZone,
    Zoned,
    day_of,
    day_start,
    instant_of,
    local_at,
    pieces,
    resolve_event,
    seconds,
    seconds_up,
    utc,
    zone,
    zone_names,
)

NEW_YORK = "America/New_York"
MANY_ZONES = (
    NEW_YORK,
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Caracas",
    "America/Havana",
    "America/Noronha",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "UTC",
)
zones = st.sampled_from(sorted(zone_names()))
instants = st.integers(EARLIEST, LATEST - 1)


def at(text: str) -> int:
    return seconds(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localtime",
        "Factory",
        "posixrules",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Berlin",
        "Europe/Berlin\0",
        "\0",
        "europe/berlin",
        "Europe",
        "W. Europe Standard Time",
        "GMT+1",
        "\ud800",
        "zones",
        "A" * 100_000,
    ],
)
def test_what_is_no_iana_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone(name)


def test_aliases_are_zones_under_their_own_name() -> None:
    assert zone("Europe/Kiev").key == "Europe/Kiev"
    assert local_at(at("2026-01-01T05:00Z"), "US/Eastern").hour == 0


def test_every_listed_zone_can_be_read() -> None:
    assert all(zone(name).key == name for name in zone_names())


def test_unknown_names_are_not_remembered() -> None:
    before = zone.cache_info().currsize
    for i in range(50):
        with pytest.raises(UnknownZone):
            zone(f"Nowhere/Town{i}")
    assert zone.cache_info().currsize == before


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-03-07T02:30", "2026-03-07T07:30Z"),
        ("2026-03-08T02:30", "2026-03-08T07:30Z"),  # skipped: shown as 03:30
        ("2026-03-09T02:30", "2026-03-09T06:30Z"),
        ("2026-11-01T01:30", "2026-11-01T05:30Z"),  # twice: the first of the two
        ("2026-11-01T02:00", "2026-11-01T07:00Z"),
    ],
)
def test_a_local_time_in_new_york_is_this_instant(local: str, expected: str) -> None:
    assert instant_of(datetime.fromisoformat(local), NEW_YORK) == at(expected)


@pytest.mark.parametrize(
    ("zone_name", "day", "start", "end"),
    [
        ("America/Los_Angeles", date(2026, 7, 1), "2026-07-01T07:00Z", "2026-07-02T07:00Z"),
        ("Pacific/Kiritimati", date(2026, 7, 1), "2026-06-30T10:00Z", "2026-07-01T10:00Z"),
        (NEW_YORK, date(2026, 3, 8), "2026-03-08T05:00Z", "2026-03-09T04:00Z"),
        (NEW_YORK, date(2026, 11, 1), "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00Z", "2026-04-24T21:00Z"),
        # Clocks jumped from 23:30 to 00:30, over midnight.
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30Z", "1919-04-01T04:00Z"),
        # Samoa left this day out.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00Z", "2011-12-30T10:00Z"),
    ],
)
def test_a_local_day_runs_from_its_first_instant_to_that_of_the_next(
    zone_name: str, day: date, start: str, end: str
) -> None:
    assert day_start(day, zone_name) == at(start)
    assert day_start(day + timedelta(days=1), zone_name) == at(end)


def test_the_first_cairo_clock_of_a_day_without_midnight_shows_one() -> None:
    first = local_at(day_start(date(2026, 4, 24), "Africa/Cairo"), "Africa/Cairo")
    assert first.isoformat() == "2026-04-24T01:00:00+03:00"


@given(st.dates(date(1901, 1, 1), date(2199, 12, 31)), zones)
def test_the_second_before_a_day_starts_belongs_to_an_earlier_date(day: date, zone_name: str) -> None:
    start = day_start(day, zone_name)
    assert local_at(start, zone_name).date() >= day
    assert local_at(start - 1, zone_name).date() < day
    assert day_of(start, zone_name) >= day
    assert day_of(start - 1, zone_name) < day


def test_a_day_that_has_begun_is_not_undone_by_clocks_set_back_over_midnight() -> None:
    # At 00:01 on the 29th clocks had gone back to 23:01 of the 28th.
    once_more = at("2006-10-29T02:40Z")
    assert local_at(once_more, "America/St_Johns").date() == date(2006, 10, 28)
    assert day_of(once_more, "America/St_Johns") == date(2006, 10, 29)


def test_a_date_is_read_in_the_calendars_zone_and_a_time_in_its_own() -> None:
    assert resolve_event(AllDay(date(2026, 7, 1)), "America/Los_Angeles") == at("2026-07-01T07:00Z")
    timed = Zoned(datetime.fromisoformat("2026-07-01T09:00"), "Europe/Berlin")
    assert resolve_event(timed, "America/Los_Angeles") == at("2026-07-01T07:00Z")


def test_bounds_are_the_years_1900_and_2200() -> None:
    assert utc(EARLIEST) == datetime(1900, 1, 1, tzinfo=UTC)
    assert utc(LATEST) == datetime(2200, 1, 1, tzinfo=UTC)


@given(instants, st.integers(0, 999_999))
def test_seconds_round_down_and_up(instant: int, micros: int) -> None:
    time = utc(instant) + timedelta(microseconds=micros)
    assert seconds(time) == instant
    assert seconds_up(time) == instant + (micros > 0)


@given(instants, zones)
def test_an_unambiguous_wall_clock_reading_leads_back_to_its_instant(instant: int, zone_name: str) -> None:
    local = local_at(instant, zone_name)
    back = instant_of(local.replace(tzinfo=None), zone_name)
    assert back == instant if local.fold == 0 else back < instant


def offset(instant: int, zone_name: str) -> int:
    shown = datetime.fromtimestamp(instant, zone(zone_name)).utcoffset()
    assert shown is not None
    return int(shown.total_seconds())


@pytest.mark.parametrize("zone_name", MANY_ZONES)
def test_offsets_change_at_the_borders_of_pieces_and_nowhere_else(zone_name: str) -> None:
    lo, hi = at("1970-01-01T00:00Z"), at("2038-01-01T00:00Z")
    cover = pieces(zone_name, lo, hi)
    assert (cover[0].start, cover[-1].end) == (lo, hi)
    for piece, following in pairwise(cover):
        change = following.start
        assert change == piece.end
        assert piece.offset != following.offset
        around = [offset(change + s, zone_name) for s in (-1, 0, 1)]
        assert around == [piece.offset, following.offset, following.offset]
    for piece in cover:
        inside = range(piece.start, piece.end, 5 * 86_400 + 1)
        assert {offset(t, zone_name) for t in inside} == {piece.offset}


@given(instants, zones)
def test_the_piece_around_any_instant_has_its_offset(instant: int, zone_name: str) -> None:
    (piece,) = pieces(zone_name, instant, instant + 1)
    assert piece == (instant, instant + 1, offset(instant, zone_name))


@given(instants, st.integers(1, 90 * 86_400), st.integers(0, 10**6), zones)
def test_pieces_of_a_window_are_those_of_a_larger_one_cut_to_it(
    lo: int, length: int, more: int, zone_name: str
) -> None:
    hi = lo + length
    larger = pieces(zone_name, lo - more, hi + more)
    cut = [(max(a, lo), min(b, hi), o) for a, b, o in larger if a < hi and b > lo]
    assert list(pieces(zone_name, lo, hi)) == cut


def test_an_empty_window_has_no_pieces() -> None:
    assert pieces(NEW_YORK, 0, 0) == ()
