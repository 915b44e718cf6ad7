"""Date periods and the horizons that they make."""

from __future__ import annotations

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.periods import end_of_horizon, format_period, parse_period
from schedsvc.domain.profiles import DatePeriod
from schedsvc.domain.time import day_start, local_at
from tests.domain.offers import at


@pytest.mark.parametrize(
    ("text", "period", "canonical"),
    [
        ("P60D", DatePeriod(0, 60), "P60D"),
        ("30D", DatePeriod(0, 30), "P30D"),
        ("P2W", DatePeriod(0, 14), "P14D"),
        ("P3M", DatePeriod(3, 0), "P3M"),
        ("P24M", DatePeriod(24, 0), "P24M"),
        ("P730D", DatePeriod(0, 730), "P730D"),
        ("P104W", DatePeriod(0, 728), "P728D"),
        ("P007D", DatePeriod(0, 7), "P7D"),
    ],
)
def test_a_period_is_read_and_written(text: str, period: DatePeriod, canonical: str) -> None:
    assert parse_period(text) == period
    assert format_period(period) == canonical


MALFORMED = ["", "P", "D", "P-1D", "P1.5D", "PT1H", "P1Y", "P1M2D", "p1d", " P1D", "P1D\n", "P٣D"]
OUT_OF_RANGE = ["P0D", "P0M", "P25M", "P731D", "P105W", "P" + "9" * 5000 + "D"]


@pytest.mark.parametrize("text", MALFORMED + OUT_OF_RANGE)
def test_what_is_no_period_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a period is"):
        parse_period(text)


@pytest.mark.parametrize(
    ("now", "period", "zone", "end"),
    [
        ("2026-03-01T12:00Z", "P1D", "UTC", "2026-03-03T00:00Z"),
        ("2026-01-31T12:00Z", "P1M", "UTC", "2026-03-01T00:00Z"),
        ("2028-01-31T12:00Z", "P1M", "UTC", "2028-03-01T00:00Z"),
        ("2026-12-31T12:00Z", "P2M", "UTC", "2027-03-01T00:00Z"),
        # Still 28 February in New York, and the day after the horizon is one of 23 hours.
        ("2026-03-01T03:00Z", "P1W", "America/New_York", "2026-03-08T05:00Z"),
        ("2026-03-01T05:00Z", "P1W", "America/New_York", "2026-03-09T04:00Z"),
        # No midnight in Cairo on 24 April.
        ("2026-04-22T12:00Z", "P1D", "Africa/Cairo", "2026-04-23T22:00Z"),
    ],
)
def test_the_horizon_ends_with_the_last_local_day(now: str, period: str, zone: str, end: str) -> None:
    assert end_of_horizon(at(now), parse_period(period), zone) == at(end)


@given(
    st.integers(at("2000-01-01T00:00Z"), at("2037-01-01T00:00Z")),
    st.integers(0, 24),
    st.integers(0, 730),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu"]),
)
def test_months_are_added_before_days_as_calendars_do(now: int, months: int, days: int, zone: str) -> None:
    last = local_at(now, zone).date() + relativedelta(months=months, days=days)
    expected = day_start(last + relativedelta(days=1), zone)
    assert end_of_horizon(now, DatePeriod(months, days), zone) == expected
