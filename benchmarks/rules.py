"""The rules that P6 and the bombs are about, and the names of what is done with them."""

from __future__ import annotations

from collections.abc import Mapping

NEW, OLD = "100 weekly series", "100 weekly series, ten years old"
BATCHES, ONE_BY_ONE, DATEUTIL = "in batches", "one by one", "python-dateutil"

WEEKLY = "FREQ=WEEKLY"
STARTS = 52
"""About as many starts of each rule are compared: what a weekly series has in a year."""
PLAIN: Mapping[str, float] = {
    WEEKLY: 7.0,
    "FREQ=WEEKLY;BYDAY=MO,WE,FR": 7 / 3,
    "FREQ=YEARLY": 365.25,
    "FREQ=YEARLY;BYMONTH=3,9;BYDAY=-1SU": 365.25 / 2,
    "FREQ=MONTHLY": 30.44,
    "FREQ=MONTHLY;BYMONTHDAY=1,15": 15.22,
    "FREQ=MONTHLY;BYDAY=-1FR": 30.44,
    "FREQ=DAILY": 1.0,
    "FREQ=DAILY;INTERVAL=3": 3.0,
    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR": 7 / 5,
    "FREQ=DAILY;BYMONTH=1,2,3": 1.0,
    "FREQ=HOURLY": 1 / 24,
    "FREQ=HOURLY;INTERVAL=5;BYHOUR=9,10,11,12": 5 / 4,
    "FREQ=MINUTELY;INTERVAL=15": 1 / 96,
    "FREQ=SECONDLY;INTERVAL=30": 1 / 2880,
}
"""Rules without BYSETPOS, BYWEEKNO and BYYEARDAY, and how many days apart their starts are."""


def run_name(what: str, how: str) -> str:
    """Of what is expanded in some way."""
    return f"{what}, {how}"
