"""The engine against python-dateutil, wherever that is right.

On weeks of the year, yearly days without a month, BYSETPOS of weeks, weekdays with and without numbers side by side,
and times in rules of dates it differs from RFC 5545 and from other programs; on the 6th Monday of a month it stops.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from random import Random, SystemRandom

import pytest
from dateutil.rrule import rrulestr

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.expand import expand
from schedsvc.domain.recurrence.rule import Freq, Rule
from tests.domain.recurrence.random_rules import Case, random_case

SEED = SystemRandom().randrange(2**32)


def dateutil_is_right(case: Case) -> bool:
    rule = case.rule
    numbered = {day.ordinal is not None for day in rule.by_day}
    weeks = 52 if rule.freq is Freq.YEARLY and not rule.by_month else 5
    return isinstance(case.dtstart, datetime) and not (
        rule.by_week_no
        or (rule.freq is Freq.YEARLY and rule.by_month_day and not rule.by_month)
        or (rule.freq is Freq.WEEKLY and rule.by_set_pos)
        or len(numbered) == 2
        or any(abs(day.ordinal or 0) > weeks for day in rule.by_day)
        or 60 in rule.by_second
    )


def dateutil_starts(rule: Rule, dtstart: datetime, most: int) -> list[datetime]:
    """The first ones; it is never asked for one more than there are, because it would search to the end of time."""
    if not most:
        return []
    return list(islice(rrulestr(str(rule), dtstart=dtstart), most))


@pytest.mark.parametrize("part", range(10))
def test_random_rules_have_the_starts_that_dateutil_gives(part: int) -> None:
    random = Random(SEED + part)
    compared = 0
    while compared < 50:
        case = random_case(random)
        if not dateutil_is_right(case) or not isinstance(case.dtstart, datetime):
            continue
        found = list(expand(case.rule, case.dtstart, case.dtstart, case.before, Budget(10**6)))[:500]
        compared += bool(found)
        assert dateutil_starts(case.rule, case.dtstart, len(found)) == found, (SEED, part, str(case.rule), case.dtstart)
