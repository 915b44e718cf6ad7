"""Which recurrences an event may have, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import chain, islice
from typing import TypeVar

from schedsvc.domain.errors import InvalidInput, Violation
from schedsvc.domain.events import Event, EventDraft
from schedsvc.domain.limits import EVENT_DAYS, SERIES_DEPTH, SERIES_EXCEPTIONS, SERIES_STARTS_A_YEAR
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import RecurrenceError, UnsupportedRecurrence, WorkBudgetExceeded
from schedsvc.domain.recurrence.lines import format_lines, parse_lines
from schedsvc.domain.recurrence.rule import Freq
from schedsvc.domain.recurrence.sets import RDate, RecurrenceSet
from schedsvc.domain.recurrence.starts import Occurrence
from schedsvc.domain.series.lengths import length
from schedsvc.domain.series.prepared import Prepared, prepared
from schedsvc.domain.series.strict import strictly
from schedsvc.domain.time import DAY, EARLIEST, LATEST, AllDay, EventTime, UnknownZone

FIELD = "event.recurrence"
Draft = TypeVar("Draft", bound=EventDraft)
_TOO_FINE = frozenset({Freq.SECONDLY, Freq.MINUTELY})
_YEAR = 366 * DAY
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
LABORIOUS = Violation(
    FIELD,
    "RRULE: gives too many starts, or takes too much work to follow: give it fewer BYxxx values or a longer INTERVAL, "
    "or UNTIL in place of a large COUNT",
    "UNSUPPORTED_RRULE",
)
_DENSE = Violation(
    FIELD,
    f"RRULE: gives more than {SERIES_STARTS_A_YEAR:,} starts in a year: give it fewer BYxxx values or a longer "
    "INTERVAL, or make it one longer event",
    "UNSUPPORTED_RRULE",
)
_DEEP = Violation(
    FIELD,
    f"RRULE: makes more than {SERIES_DEPTH:,} instances take place at once: make the event shorter, or have it recur "
    "less often",
    "UNSUPPORTED_RRULE",
)
_EMPTY = Violation(FIELD, "RRULE: gives no start at all, or EXDATEs take all of them away", "EMPTY_RECURRENCE")
_OFF_RULE = Violation(
    FIELD,
    "RRULE: does not give the start of the event: begin at the first time that the rule gives, or name the start in an "
    "RDATE to have it nevertheless, or in an EXDATE to leave it out",
    "DTSTART_NOT_IN_RULE",
)


def require_recurrence(draft: EventDraft, zone: str, *, lenient: bool = False) -> None:
    """Raises InvalidInput with everything that is wrong with the recurrence of a draft; single events have none.

    `zone` is the calendar's. `lenient` is for what other programs wrote: it takes the forms that `canonical` mends, and
    a start that the rule does not give.
    """
    if not draft.recurrence:
        return
    recurrence = _parsed(draft.recurrence, draft.start, lenient=lenient)
    problems = [*_unsupported(recurrence), *_out_of_bounds(recurrence)]
    if problems := problems or list(_of_content(draft, zone, lenient=lenient)):
        raise InvalidInput(problems)


def canonical(lines: Sequence[str], start: EventTime, zone: str = "UTC", *, lenient: bool = False) -> tuple[str, ...]:
    """The lines in the one form that they are kept in, which is strict RFC 5545 whatever form they came in.

    `zone` is the calendar's; it matters to `lenient` alone. Raises InvalidInput with every line that cannot be read.
    """
    if not lines:
        return ()
    recurrence = _parsed(lines, start, lenient=lenient)
    if lenient and not list(_out_of_bounds(recurrence)):
        try:
            recurrence = strictly(recurrence, zone)
        except WorkBudgetExceeded:
            raise InvalidInput([LABORIOUS]) from None
    return format_lines(recurrence)


def with_counted_start(draft: Draft, zone: str) -> Draft:
    """The draft with a start that its rule does not give as the first, counted instance, as other programs mean it.

    The start becomes an RDATE, and COUNT is lowered by one. Nothing is changed where the rule gives the start, where
    an RDATE or EXDATE names it, and where the rule gives nothing at all. Raises InvalidInput as `canonical` does.
    """
    if not draft.recurrence:
        return draft
    recurrence = _parsed(draft.recurrence, draft.start, lenient=True)
    if recurrence.rule is None or list(_out_of_bounds(recurrence)):
        return draft
    try:
        if _is_placed(draft, recurrence, prepared(draft, zone)):
            return draft
    except WorkBudgetExceeded:
        raise InvalidInput([LABORIOUS]) from None
    count = recurrence.rule.count
    rule = None if count == 1 else replace(recurrence.rule, count=None if count is None else count - 1)
    counted = replace(recurrence, rule=rule, rdates=(*recurrence.rdates, RDate(draft.start)))
    return replace(draft, recurrence=format_lines(counted))


def require_few_exceptions(series: Event) -> None:
    """Raises InvalidInput for a series with more overrides and cancelled instances than may be kept in one record."""
    if len(series.overrides) + len(series.cancelled) > SERIES_EXCEPTIONS:
        text = f"has more than {SERIES_EXCEPTIONS:,} instances that were changed or cancelled: split the series"
        raise InvalidInput([Violation("event", text)])


def _parsed(lines: Sequence[str], start: EventTime, *, lenient: bool) -> RecurrenceSet:
    """Raises InvalidInput with a violation for each line that cannot be read, or for what they are together."""
    try:
        return parse_lines(lines, start, lenient=lenient)
    except (RecurrenceError, UnknownZone) as error:
        each = [found for line in lines if (found := _problem(line, start, lenient=lenient)) is not None]
        raise InvalidInput(each or [_violation(error)]) from None


def _problem(line: str, start: EventTime, *, lenient: bool) -> Violation | None:
    try:
        parse_lines([line], start, lenient=lenient)
    except (RecurrenceError, UnknownZone) as error:
        return _violation(error)
    return None


def _violation(error: ValueError) -> Violation:
    if isinstance(error, UnknownZone):
        return Violation(FIELD, f"TZID: {error}", "BAD_TIME_ZONE")
    return Violation(
        FIELD, str(error), "UNSUPPORTED_RRULE" if isinstance(error, UnsupportedRecurrence) else "FIELD_INVALID"
    )


def _unsupported(recurrence: RecurrenceSet) -> Iterator[Violation]:
    if recurrence.rule is not None and recurrence.rule.freq in _TOO_FINE:
        text = f"FREQ: events cannot recur {recurrence.rule.freq}: use HOURLY or a longer one"
        yield Violation(FIELD, text, "UNSUPPORTED_RRULE")


def _out_of_bounds(recurrence: RecurrenceSet) -> Iterator[Violation]:
    """What is wrong with single RDATEs."""
    years = range(_FIRST_YEAR, _LAST_YEAR + 1)
    if any(_year(rdate.start) not in years for rdate in recurrence.rdates):
        yield Violation(FIELD, f"RDATE: must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    spans = [rdate.span for rdate in recurrence.rdates if rdate.span is not None]
    if any(span.days * DAY + span.seconds > EVENT_DAYS * DAY for span in spans):
        yield Violation(FIELD, f"RDATE: a period may be at most {EVENT_DAYS:,} days long")


def _of_content(draft: EventDraft, zone: str, *, lenient: bool) -> Iterator[Violation]:
    """What is wrong with the starts that the recurrence gives."""
    try:
        ready = prepared(draft, zone)
        first = next(ready.starts.between(EARLIEST, LATEST, Budget()), None)
        if first is None:
            yield _EMPTY
            return
        yield from _too_dense(ready, first[0], length(draft.start, draft.end))
        if not lenient and not _is_named(draft.start, ready) and ready.starts.find(draft.start, Budget()) is None:
            yield _OFF_RULE
    except WorkBudgetExceeded:
        yield LABORIOUS


def _too_dense(ready: Prepared, first: int, span: int) -> Iterator[Violation]:
    """What is too much from the first start on: starts in a year, or at once. Raises WorkBudgetExceeded."""
    starts = ready.starts
    year = list(islice(starts.between(first, first + _YEAR, Budget()), SERIES_STARTS_A_YEAR + 1))
    if len(year) > SERIES_STARTS_A_YEAR:
        yield _DENSE
        return
    seconds = span * DAY if ready.dated else span
    beyond = starts.between(first + _YEAR, first + max(seconds, _YEAR), Budget())
    if _is_deep(chain(year, beyond), seconds, starts.period_ends):
        yield _DEEP


def _is_deep(starts: Iterable[Occurrence], span: int, period_ends: Mapping[int, int]) -> bool:
    """Whether too many instances take place at one moment; the starts are in order."""
    ends: list[int] = []
    for start, _ in starts:
        while ends and ends[0] <= start:
            heappop(ends)
        heappush(ends, period_ends.get(start, start + span))
        if len(ends) > SERIES_DEPTH:
            return True
    return False


def _is_placed(draft: EventDraft, recurrence: RecurrenceSet, ready: Prepared) -> bool:
    """Whether the rule gives the start, an RDATE or EXDATE names it, or the rule gives nothing."""
    named = {ready.key(rdate.start) for rdate in recurrence.rdates}
    if ready.key(draft.start) in named or _is_named(draft.start, ready):
        return True
    rule = ready.rule_alone()
    return rule.find(draft.start, Budget()) is not None or next(rule.between(EARLIEST, LATEST, Budget()), None) is None


def _is_named(start: EventTime, ready: Prepared) -> bool:
    """Whether an EXDATE takes the start away."""
    day = ready.starts.start.second // DAY
    return day in ready.starts.excluded_days or ready.instant(ready.key(start)) in ready.starts.excluded


def _year(time: EventTime) -> int:
    return time.day.year if isinstance(time, AllDay) else time.local.year
