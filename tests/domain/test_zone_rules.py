"""Zone rules as text: they say what the zone data said, and what is different now."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.time import DAY, EARLIEST, LATEST, UnknownZone, pieces, pieces_in, seconds, zone_names
from schedsvc.domain.zone_rules import differences, rules_of, zones_by
from tests.zone_data import release, tzif

BERLIN = "Europe/Berlin"
EXTENT = (1_893_456_000, LATEST)
"""From 2030 on."""


def at(text: str) -> int:
    return seconds(datetime.fromisoformat(text))


@given(
    st.sampled_from(sorted(zone_names() - {"UTC"})), st.integers(EARLIEST, LATEST - 1), st.integers(0, 20 * 365 * DAY)
)
def test_the_text_says_all_that_the_zone_data_says_of_its_years(zone_name: str, start: int, length: int) -> None:
    end = min(start + length, LATEST)
    zones = zones_by(rules_of([zone_name], (start, end)))
    assert zones.keys() == {zone_name}
    lo, hi = start - DAY, end + DAY
    read = pieces_in(zones[zone_name], lo, hi)
    assert [(p.start, p.offset) for p in read] == [(p.start, p.offset) for p in pieces(zone_name, lo, hi)]


def test_a_zone_with_one_rule_for_ever_takes_a_few_letters() -> None:
    assert (
        rules_of([BERLIN, "UTC", "Asia/Tokyo"], EXTENT) == "Asia/Tokyo JST-9\nEurope/Berlin CET-1CEST,M3.5.0,M10.5.0/3"
    )


def test_a_change_that_no_rule_gives_is_written_out() -> None:
    with release(Europe__Berlin=tzif("CET-1", 1, {"2031-03-30T01:00Z": 2, "2031-09-28T01:00Z": 1})):
        assert (
            rules_of([BERLIN], EXTENT)
            == f"Europe/Berlin CET-1 3600 {at('2031-03-30T01:00Z')}:7200 {at('2031-09-28T01:00Z')}:3600"
        )
        assert rules_of([BERLIN], (at("2032-01-03T00:00Z"), LATEST)) == "Europe/Berlin CET-1"


def test_a_zone_whose_last_offset_stays_needs_no_rule() -> None:
    with release(Europe__Berlin=tzif("", 1, {"2031-03-30T01:00Z": 3})):
        rules = rules_of([BERLIN], (at("2032-01-03T00:00Z"), LATEST))
        assert [piece.offset for piece in pieces_in(zones_by(rules)[BERLIN], *EXTENT)] == [3 * 3600]


def test_the_same_zone_data_makes_no_difference() -> None:
    for name in (BERLIN, "Asia/Gaza", "Africa/Casablanca", "Australia/Lord_Howe"):
        assert differences(rules_of([name], EXTENT), name, 2030, 2100) == ()


def test_a_year_without_summer_time_makes_one_difference() -> None:
    rules = rules_of([BERLIN], EXTENT)
    changes = {"2030-03-31T01:00Z": 2, "2030-10-27T01:00Z": 1, "2032-03-28T01:00Z": 2}
    with release(Europe__Berlin=tzif("CET-1CEST,M3.5.0,M10.5.0/3", 1, changes)):
        assert differences(rules, BERLIN, 2030, 2199) == ((at("2031-03-30T01:00Z"), at("2031-10-26T01:00Z")),)


def test_a_zone_that_there_is_no_more_is_named() -> None:
    with release(Europe__Berlin=None), pytest.raises(UnknownZone):
        rules_of([BERLIN], EXTENT)
