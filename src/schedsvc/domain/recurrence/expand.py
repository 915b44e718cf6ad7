"""The starts of a rule in local time: DTSTART, COUNT and UNTIL applied to its endless pattern.

The set is that of the rule alone: a DTSTART that does not match its rule is not in it (RFC 5545 section 3.8.5.3 leaves
that case undefined).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TypeVar

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import END, second_of
from schedsvc.domain.recurrence.plan import Chunk
from schedsvc.domain.recurrence.planning import Start, plan_of
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.time import DAY

Local = TypeVar("Local", datetime, date)
"""Dates where DTSTART is a date, else naive local times."""


def start_of(dtstart: date) -> Start:
    """DTSTART as a plan wants it."""
    return Start(second_of(dtstart), not isinstance(dtstart, datetime))


def chunks(rule: Rule, start: Start, lo: int, hi: int, budget: Budget) -> Iterator[Chunk]:
    """The starts in `[lo, hi)`, in local seconds (see `civil`), in order, in chunks that are not empty.

    Raises WorkBudgetExceeded, also before the first chunk: the starts before `lo` are counted if the rule has a COUNT.
    """
    lo, hi = max(lo, start.second), min(hi, end_of(rule, start, hi, budget))
    return plan_of(rule, start).chunks(lo, hi, budget) if lo < hi else iter(())


def end_of(rule: Rule, start: Start, hi: int, budget: Budget) -> int:
    """A local second, at most `hi`, from which on and before `hi` COUNT and UNTIL allow no start."""
    hi = min(hi, END)
    if rule.until is not None:
        return min(hi, _after(rule.until))
    if rule.count is None or hi <= start.second:
        return hi
    return plan_of(rule, start).end_of(rule.count, start.second, hi, budget)


def expand(rule: Rule, dtstart: Local, lo: Local, hi: Local, budget: Budget) -> Iterator[Local]:
    """The starts in `[lo, hi)` in local time, in order, one by one.

    An UNTIL in UTC is read as if local time were UTC; `sets` knows zones. Raises WorkBudgetExceeded.
    """
    for chunk in chunks(rule, start_of(dtstart), second_of(lo), second_of(hi), budget):
        for second in chunk:
            yield _like(dtstart, second)


def first(rule: Rule, dtstart: Local, budget: Budget) -> Local | None:
    """The first start of all; None if there is none before the year 10000. Raises WorkBudgetExceeded."""
    start = start_of(dtstart)
    hi = END if rule.until is None else _after(rule.until)
    found = next(plan_of(rule, start).chunks(start.second, hi, budget), None)
    return None if found is None else _like(dtstart, found[0])


def contains(rule: Rule, dtstart: Local, local: Local, budget: Budget) -> bool:
    """Whether `local` is one of the starts. Raises WorkBudgetExceeded."""
    second = second_of(local)
    return any(chunks(rule, start_of(dtstart), second, second + 1, budget))


def _like(dtstart: Local, second: int) -> Local:
    """The local time of a second, or its date if DTSTART is one."""
    return dtstart + timedelta(seconds=second - second_of(dtstart))


def _after(until: date) -> int:
    """The second after the last one that UNTIL allows."""
    if not isinstance(until, datetime):
        return second_of(until) + DAY
    return second_of(until.replace(tzinfo=None)) + 1
