"""When calendars are taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from schedsvc.domain.errors import DomainError, InvalidInput, Violation
from schedsvc.domain.events import Level
from schedsvc.domain.freebusy import Period, view
from schedsvc.domain.hours import WorkHours
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import FREE_BUSY_DAYS, FREE_BUSY_DIGITS, FREE_BUSY_PERIODS
from schedsvc.domain.names import CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest, resolve
from schedsvc.repositories.base import Store
from schedsvc.usecases.diaries import Diaries, Diary


@dataclass(frozen=True, slots=True)
class FreeBusyQuery:
    """`view_step` in seconds, 0 for no views. With `fail_open` the merged view leaves out calendars with an error."""

    calendars: Sequence[CalendarName]
    asked: RangeRequest
    view_step: int = 0
    work_hours: bool = False
    fail_open: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """When a calendar is taken; `view` is empty and `hours` are None unless they were asked for."""

    periods: list[Period]
    view: str = ""
    hours: WorkHours | None = None


@dataclass(frozen=True, slots=True)
class FreeBusyAnswer:
    """One result for each calendar asked for, in that order: its taken time, or why it cannot be told."""

    window: Interval
    results: list[Taken | DomainError]
    merged_view: str


class FreeBusy:
    def __init__(self, store: Store, diaries: Diaries) -> None:
        self._store = store
        self._diaries = diaries

    async def query(self, principal: Principal, query: FreeBusyQuery) -> FreeBusyAnswer:
        """Reads at most 92 days; raises InvalidInput for a bad range and for more digits than fit into an answer."""
        window = _window(query)
        async with self._store.read(principal.tenant) as tx:
            read = await self._diaries.read(tx, principal, query.calendars, window, hours=query.work_hours)
        results = {name: _result(found, window, query.view_step) for name, found in read.items()}
        merged = view(_merged(query, results.values(), window), *window, query.view_step) if query.view_step else ""
        return FreeBusyAnswer(window, _fitting([results[name] for name in query.calendars], query.asked), merged)


def _window(query: FreeBusyQuery) -> Interval:
    window = resolve(query.asked, "UTC", FREE_BUSY_DAYS)
    if window is None:
        raise InvalidInput([Violation(field, "is required") for field in query.asked.fields])
    steps = -((window[0] - window[1]) // query.view_step) if query.view_step else 0
    if steps * (len(query.calendars) + 1) > FREE_BUSY_DIGITS:
        text = f"the views of one answer have {FREE_BUSY_DIGITS:,} digits at most: ask for longer steps or less time"
        raise InvalidInput([Violation("view_step_minutes", text, "RANGE_TOO_LARGE")])
    return window


def _result(found: Diary | DomainError, window: Interval, step: int) -> Taken | DomainError:
    if isinstance(found, DomainError):
        return found
    periods = found.timeline.periods(*window)
    return Taken(periods, view(periods, *window, step) if step else "", found.hours)


def _merged(query: FreeBusyQuery, results: Iterable[Taken | DomainError], window: Interval) -> Iterable[Period]:
    """The periods of all calendars; those that cannot be read are busy throughout unless they do not count."""
    throughout = [] if query.fail_open else [Period(*window, Level.BUSY)]
    return chain.from_iterable(r.periods if isinstance(r, Taken) else throughout for r in results)


def _fitting(results: Sequence[Taken | DomainError], asked: RangeRequest) -> list[Taken | DomainError]:
    """The results up to what one answer holds; the rest are told to ask for less."""
    room = FREE_BUSY_PERIODS
    fitting: list[Taken | DomainError] = []
    for result in results:
        size = len(result.periods) if isinstance(result, Taken) else 0
        if size <= room:
            fitting.append(result)
            room -= size
        else:
            text = f"leaves no room for this target in one answer of {FREE_BUSY_PERIODS} periods: ask for it apart"
            fitting.append(InvalidInput([Violation(asked.fields[1], text, "RANGE_TOO_LARGE")]))
    return fitting
