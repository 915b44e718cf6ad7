"""A recurrence set cut in two at one of its starts: neither half loses or gains a start."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import date_of
from schedsvc.domain.recurrence.expand import chunks, start_of
from schedsvc.domain.recurrence.lines import format_lines
from schedsvc.domain.recurrence.rule import Rule
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.recurrence.starts import Occurrence as Found
from schedsvc.domain.series.prepared import COUNTING, Prepared, backwards
from schedsvc.domain.time import EARLIEST, LATEST, AllDay, EventTime, utc


class Halves(NamedTuple):
    """The starts before the cut, and those from it on; not every one begins with the first of its starts."""

    before: RecurrenceSet
    after: RecurrenceSet


def halves(ready: Prepared, key: int) -> Halves:
    """Cuts before the start with this key, which is not the first one.

    The first half ends with UNTIL; the COUNT of the second is what is left of it. Raises ValueError if the set has no
    such start, and WorkBudgetExceeded.
    """
    cut = ready.starts.find(ready.original(key), Budget())
    if cut is None:
        raise ValueError(f"{ready.original(key)} is no start of the series")
    return Halves(_before(ready, key), _after(ready, key, cut))


def lines_of(half: RecurrenceSet) -> tuple[str, ...]:
    """The lines of a half; it stays a series if one start is all that is left of it."""
    return format_lines(half) or format_lines(replace(half, rdates=(RDate(half.start),)))


def _before(ready: Prepared, key: int) -> RecurrenceSet:
    whole = ready.recurrence
    half = replace(
        whole,
        rule=_rule_before(ready, key),
        rdates=tuple(rdate for rdate in whole.rdates if ready.key(rdate.start) < key),
        exdates=tuple(exdate for exdate in whole.exdates if _is_other_kind(exdate, whole) or ready.key(exdate) < key),
    )
    if half.rule is not None or (whole.rule is None and ready.key(whole.start) < key):
        return half
    # Without a rule the start counts as one of the starts, so that it has to be one.
    first = next(ready.starts.between(EARLIEST, LATEST, Budget()))
    return replace(half, start=ready.original(ready.key_of(first)))


def _after(ready: Prepared, key: int, cut: Found) -> RecurrenceSet:
    whole = ready.recurrence
    rule, start = _rule_after(ready, key, cut), ready.written(cut)
    first = next((f for f in ready.rule_alone().between(cut[0], LATEST, Budget()) if ready.key_of(f) >= key), None)
    if rule is None or first is None:
        rule = None
    elif ready.key_of(first) != key:
        start = ready.written(first)
    return replace(
        whole,
        start=start,
        rule=rule,
        rdates=tuple(rdate for rdate in whole.rdates if ready.key(rdate.start) >= key),
        exdates=tuple(exdate for exdate in whole.exdates if _is_other_kind(exdate, whole) or ready.key(exdate) >= key),
    )


def _rule_before(ready: Prepared, key: int) -> Rule | None:
    """The rule up to its last start before the key; None if it has none there."""
    rule = ready.recurrence.rule
    if rule is None:
        return None
    given = backwards(ready.rule_alone(), ready.instant(key) + 1, Budget())
    last = next((found for found in given if ready.key_of(found) < key), None)
    if last is None:
        return None
    until: date = date_of(last[1]) if ready.dated else utc(last[0])
    return replace(rule, count=None, until=until)


def _rule_after(ready: Prepared, key: int, cut: Found) -> Rule | None:
    """The rule with what the starts before the cut leave of its COUNT; None if that is nothing."""
    whole = ready.recurrence
    rule = whole.rule
    if rule is None or rule.count is None:
        return rule
    start = start_of(whole.start.day if isinstance(whole.start, AllDay) else whole.start.local)
    given = chunks(replace(rule, count=None), start, start.second, cut[1], Budget(COUNTING))
    left = rule.count - sum(map(len, given))
    return replace(rule, count=left) if left > 0 else None


def _is_other_kind(exdate: EventTime, whole: RecurrenceSet) -> bool:
    return type(exdate) is not type(whole.start)
