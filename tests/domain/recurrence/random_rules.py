"""Random valid rules, biased towards such as have starts at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import prod
from random import Random

from schedsvc.domain.recurrence.errors import InvalidRecurrence
from schedsvc.domain.recurrence.rule import SUB_DAILY, ByDay, Freq, Rule
from tests.domain.recurrence.moments import midnight, moment

MOST_CANDIDATES = 20_000
_INTERVALS = (1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 20, 24, 25, 30, 60, 61, 90, 100, 144, 1000)
_SECONDS_EACH = {Freq.HOURLY: 3600, Freq.MINUTELY: 60, Freq.SECONDLY: 1}
# How many days the filter looks at beyond those of a span, because periods are looked at as a whole.
_DAYS_AROUND = {Freq.YEARLY: 800, Freq.MONTHLY: 62, Freq.WEEKLY: 15, Freq.DAILY: 15}
# How many of BYHOUR, BYMINUTE and BYSECOND multiply the candidates and do not thin them out.
_FINER = {Freq.HOURLY: 2, Freq.MINUTELY: 1, Freq.SECONDLY: 0}


@dataclass(frozen=True, slots=True)
class Case:
    """A rule with its DTSTART; `before` ends the span that is looked at."""

    rule: Rule
    dtstart: date
    before: datetime


def random_case(random: Random) -> Case:
    while True:
        dtstart = _random_start(random)
        freq = random.choice(list(Freq))
        start: date = dtstart.date() if freq not in SUB_DAILY and random.random() < 0.2 else dtstart
        try:
            rule = _random_rule(random, freq, dtstart)
        except InvalidRecurrence:
            continue
        before = _before(random, rule, dtstart)
        if before is not None:
            return _ended(random, Case(rule, start, before))


def _random_start(random: Random) -> datetime:
    """Between 1970 and 2030; of every four one around New Year, where weeks belong to other years than their days."""
    if random.random() < 0.25:
        start = moment(f"{random.randrange(1970, 2030)}-12-25") + timedelta(seconds=random.randrange(14 * 86_400))
    else:
        start = moment("1970-01-01") + timedelta(seconds=random.randrange(60 * 365 * 86_400))
    return start.replace(minute=0, second=0) if random.random() < 0.4 else start


def _random_rule(random: Random, freq: Freq, dtstart: datetime) -> Rule:
    """May be one that is not valid."""
    few = 0.25 if freq in SUB_DAILY else 0.3
    pick = _Picker(random, few)
    year_day = dtstart.timetuple().tm_yday
    return Rule(
        freq,
        random.choice(_INTERVALS) if random.random() < 0.6 else 1,
        by_second=pick.near(range(61), dtstart.second, 0.5),
        by_minute=pick.near(range(60), dtstart.minute, 0.6),
        by_hour=pick.near(range(24), dtstart.hour, 0.8),
        by_day=_random_days(random, freq, dtstart) if pick.chance() else (),
        by_month_day=pick.signed(31, dtstart.day) if freq is not Freq.WEEKLY else (),
        by_year_day=pick.signed(366, year_day) if freq in SUB_DAILY or freq is Freq.YEARLY else (),
        by_week_no=pick.signed(53, random.choice((1, 1 + year_day // 7, 52, 53))) if freq is Freq.YEARLY else (),
        by_month=pick.near(range(1, 13), dtstart.month, 0.8),
        by_set_pos=pick.signed(random.choice((3, 3, 10, 366)), 1) if random.random() < 0.5 else (),
        week_start=random.choice((0, 0, 0, 1, 2, 3, 4, 5, 6)),
    )


@dataclass(frozen=True, slots=True)
class _Picker:
    random: Random
    share: float

    def chance(self, weight: float = 1.0) -> bool:
        return self.random.random() < self.share * weight

    def near(self, values: range, own: int, weight: float) -> tuple[int, ...]:
        """Some of the values, likely with DTSTART's own among them."""
        if not self.chance(weight):
            return ()
        size = self.random.choice((1, 1, 2, 3, 4, len(values) // 2, len(values)))
        picked = self.random.sample(values, min(size, len(values)))
        return tuple(picked + [own] * (self.random.random() < 0.6))

    def signed(self, most: int, own: int) -> tuple[int, ...]:
        picked = self.near(range(1, most + 1), own, 0.8)
        return tuple(-value if self.random.random() < 0.4 else value for value in picked)


def _random_days(random: Random, freq: Freq, dtstart: datetime) -> tuple[ByDay, ...]:
    weekdays = [*random.sample(range(7), random.choice((1, 1, 2, 3, 5, 7))), dtstart.weekday()]
    if freq not in {Freq.MONTHLY, Freq.YEARLY} or random.random() < 0.4:
        return tuple(map(ByDay, weekdays))
    most = random.choice((2, 5, 5, 53))
    ordinals = [None, *range(1, most + 1), *range(-most, 0)]
    return tuple(ByDay(weekday, random.choice(ordinals)) for weekday in weekdays)


def _before(random: Random, rule: Rule, dtstart: datetime) -> datetime | None:
    """The end of a span that holds at most `MOST_CANDIDATES` candidates; None if one period alone may hold more."""
    most = random.choice((500, 1000, 2000, 4000)) if random.random() < 0.95 else MOST_CANDIDATES
    each, around = _SECONDS_EACH.get(rule.freq, 86_400), _DAYS_AROUND.get(rule.freq, 0)
    parts = (rule.by_hour, rule.by_minute, rule.by_second)
    at_once = _product(parts[3 - _FINER.get(rule.freq, 3) :])
    steps = min(most // at_once, MOST_CANDIDATES // at_once - around - 1)
    return dtstart + timedelta(seconds=steps * each) if steps > 0 else None


def _product(lists: Iterable[tuple[int, ...]]) -> int:
    return prod(len(values) or 1 for values in lists)


def _ended(random: Random, case: Case) -> Case:
    """Now and then with a COUNT, or an UNTIL within the span."""
    end = random.random()
    count = random.choice((1, 2, 3, 7, 10, 50, 1000)) if end < 0.3 else None
    until: date | None = None
    if end > 0.8:
        begin = midnight(case.dtstart)
        until = begin + (case.before - begin) * random.random()
        until = until.replace(microsecond=0) if isinstance(case.dtstart, datetime) else until.date()
    fields = {name: getattr(case.rule, name) for name in Rule.__dataclass_fields__}
    return Case(Rule(**{**fields, "count": count, "until": until}), case.dtstart, case.before)
