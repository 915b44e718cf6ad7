"""Which starts should be free, counted by hand: every half hour that no taken period touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time

from schedsvc.cli.demo.plan import FIRST_HOUR, LAST_HOUR, STEP_MINUTES, Plan
from schedsvc.cli.demo.requests import DURATION
from schedsvc.client import messages
from schedsvc.domain.time import zone

_NOT_TAKEN = messages.ShowAs.SHOW_AS_WORKING_ELSEWHERE


def expected_starts(plan: Plan, periods: Sequence[messages.BusyPeriod], as_of: datetime) -> set[datetime]:
    """In UTC. Starts before `as_of` are past."""
    taken = [
        (period.start.ToDatetime(UTC), period.end.ToDatetime(UTC)) for period in periods if period.status != _NOT_TAKEN
    ]
    return {
        start
        for start in _candidates(plan)
        if start >= as_of and not any(low < start + DURATION and start < high for low, high in taken)
    }


def _candidates(plan: Plan) -> Iterator[datetime]:
    local = zone(plan.zone)
    for day in plan.days:
        for minute in range(FIRST_HOUR * 60, LAST_HOUR * 60, STEP_MINUTES):
            yield datetime.combine(day, time(*divmod(minute, 60)), local).astimezone(UTC)
