"""Ranges as requests ask for them."""

from __future__ import annotations

from datetime import date

import pytest

from schedsvc.domain.errors import InvalidInput
from schedsvc.domain.ranges import DAY, RangeRequest, resolve


def test_so_many_local_days_may_last_an_hour_longer_over_an_autumn() -> None:
    asked = RangeRequest(date(2027, 9, 1), date(2027, 12, 2), "America/New_York")
    window = resolve(asked, "UTC", 92)
    assert window is not None
    assert window[1] - window[0] == 92 * DAY + 3600


def test_instants_are_counted_by_the_clock() -> None:
    assert resolve(RangeRequest(0, 92 * DAY), "UTC", 92) == (0, 92 * DAY)
    with pytest.raises(InvalidInput):
        resolve(RangeRequest(0, 92 * DAY + 1), "UTC", 92)
