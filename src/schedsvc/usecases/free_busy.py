"""When calendars are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schedsvc.domain.errors import DomainError, InvalidInput, ResourceNotFound, RoleMissing, Violation
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.freebusy import Period, busy_periods
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import FREE_BUSY_DAYS, FREE_BUSY_PERIODS
from schedsvc.domain.names import CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest, resolve
from schedsvc.repositories.base import Store
from schedsvc.usecases.access import require_account
from schedsvc.usecases.timelines import Timelines


@dataclass(frozen=True, slots=True)
class FreeBusyAnswer:
    """One result for each calendar asked for, in that order: its taken time, or why it cannot be told."""

    window: Interval
    results: list[list[Period] | DomainError]


class FreeBusy:
    def __init__(self, store: Store, timelines: Timelines) -> None:
        self._store = store
        self._timelines = timelines

    async def query(
        self, principal: Principal, calendars: Sequence[CalendarName], asked: RangeRequest
    ) -> FreeBusyAnswer:
        """Reads at most 92 days; raises InvalidInput for a bad range."""
        window = resolve(asked, "UTC", FREE_BUSY_DAYS)
        if window is None:
            raise InvalidInput([Violation(field, "is required") for field in asked.fields])
        refused = {calendar: _refusal(principal, calendar) for calendar in calendars}
        readable = [calendar for calendar, refusal in refused.items() if refusal is None]
        periods = await self._periods(principal.tenant, readable, window)
        results = [_result(refused[c], periods.get(c), c) for c in calendars]
        return FreeBusyAnswer(window, _fitting(results, asked.fields[1]))

    async def _periods(
        self, tenant: str, calendars: Sequence[CalendarName], window: Interval
    ) -> dict[CalendarName, list[Period]]:
        async with self._store.read(tenant) as tx:
            heads = await tx.heads(map(calendar_feed, calendars))
            live = await tx.calendars.get_many(calendars)
            timelines = await self._timelines.load(tx, heads, live, window)
        return {t.source: busy_periods(t.items(*window), *window) for t in timelines}


def _refusal(principal: Principal, calendar: CalendarName) -> DomainError | None:
    try:
        require_account(principal, calendar.account)
    except RoleMissing as refusal:
        return refusal
    return None


def _result(
    refusal: DomainError | None, periods: list[Period] | None, calendar: CalendarName
) -> list[Period] | DomainError:
    if refusal is not None:
        return refusal
    return ResourceNotFound("schedsvc/Calendar", str(calendar)) if periods is None else periods


def _fitting(results: Sequence[list[Period] | DomainError], field: str) -> list[list[Period] | DomainError]:
    """The results up to what one answer holds; the rest are told to ask for less."""
    room = FREE_BUSY_PERIODS
    fitting: list[list[Period] | DomainError] = []
    for result in results:
        room -= len(result) if isinstance(result, list) else 0
        text = f"leaves no room for this target in one answer of {FREE_BUSY_PERIODS} periods: ask for it apart"
        fitting.append(result if room >= 0 else InvalidInput([Violation(field, text, "RANGE_TOO_LARGE")]))
    return fitting
