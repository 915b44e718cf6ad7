"""Free/busy and times for meetings are never stale: a change shows in the next answer, in every process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from schedsvc.domain.errors import InvalidInput, ResourceNotFound
from schedsvc.domain.hours import WorkHours, default_hours
from schedsvc.domain.names import CalendarName
from schedsvc.domain.ranges import RangeRequest
from schedsvc.domain.suggestions import Group, Wish
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases import free_busy as module
from schedsvc.usecases.diaries import Diaries
from schedsvc.usecases.event_writes import Creation
from schedsvc.usecases.free_busy import FreeBusy, FreeBusyQuery, Taken
from schedsvc.usecases.suggestions import SuggestionQuery, Suggestions
from schedsvc.usecases.timelines import Timelines
from tests.usecases.conftest import ADA, ADMIN, NOW, PRIMARY, SIDE, SPARE, ManualClock, Open, Process
from tests.usecases.drafts import DAY, HOUR, MIDNIGHT, MINUTE, account_draft, event_draft, hours

TUESDAY = RangeRequest(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
Change = Callable[[Process], Awaitable[object]]


async def _told(process: Process, calendar: CalendarName) -> tuple[list[tuple[int, int]], WorkHours | None] | None:
    """When the calendar is taken on Tuesday, in hours, and the hours of its owner; None if it is not there."""
    query = FreeBusyQuery([calendar], TUESDAY, work_hours=True)
    (result,) = (await process.free_busy.query(ADMIN, query)).results
    if not isinstance(result, Taken):
        assert isinstance(result, ResourceNotFound)
        return None
    start = MIDNIGHT + DAY
    return [((p.start - start) // HOUR, (p.end - start) // HOUR) for p in result.periods], result.hours


async def _account_hours(process: Process) -> None:
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, work_hours=hours(10, 12)))


async def _calendar_zone(process: Process) -> None:
    await process.calendars.update(ADMIN, NOW, SIDE, "", lambda c: replace(c, time_zone="Asia/Tokyo"))


async def _event(process: Process) -> None:
    await process.events.create(ADMIN, NOW, SIDE, Creation("", event_draft(DAY + 10 * HOUR, DAY + 16 * HOUR)))


async def _calendar_gone(process: Process) -> None:
    await process.calendars.delete(ADMIN, NOW, SPARE)


USUAL = default_hours("UTC")
CHANGES = [
    (_account_hours, SIDE, ([], hours(10, 12))),
    (_calendar_zone, SIDE, ([], default_hours("Asia/Tokyo"))),
    (_calendar_zone, PRIMARY, ([], USUAL)),
    (_event, SIDE, ([(10, 16)], USUAL)),
    (_event, PRIMARY, ([], USUAL)),
    (_calendar_gone, SPARE, None),
]


@pytest.mark.parametrize(("change", "calendar", "after"), CHANGES)
async def test_a_change_shows_at_once_here_and_in_another_process(
    change: Change,
    calendar: CalendarName,
    after: tuple[list[tuple[int, int]], WorkHours] | None,
    process: Process,
    open_store: Open,
    clock: ManualClock,
) -> None:
    other = Process(await open_store(), clock)
    for each in (process, other):
        assert await _told(each, calendar) == ([], USUAL)
    await change(other)
    for each in (process, other, process, other):
        assert await _told(each, calendar) == after


async def test_a_calendar_that_comes_to_be_is_found_where_it_was_missed(process: Process) -> None:
    bob = CalendarName("bob", "bob")
    assert await _told(process, bob) is None
    await process.accounts.create(ADMIN, NOW, "bob", account_draft(work_hours=hours(1, 2)))
    assert await _told(process, bob) == ([], hours(1, 2))


async def test_caches_that_hold_next_to_nothing_answer_the_same(process: Process, store: SqlStore) -> None:
    await _event(process)
    small = FreeBusy(store, Diaries(Timelines(capacity=1), capacity=1))
    query = FreeBusyQuery([SIDE, PRIMARY, SPARE], TUESDAY, work_hours=True)
    for _ in range(3):
        assert (await small.query(ADMIN, query)).results == (await process.free_busy.query(ADMIN, query)).results


async def test_targets_beyond_the_room_of_an_answer_have_an_error_and_count_in_the_merged_view(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    for calendar, hour in ((PRIMARY, 9), (SIDE, 10), (SPARE, 11)):
        draft = event_draft(DAY + hour * HOUR, DAY + (hour + 1) * HOUR)
        await process.events.create(ADMIN, NOW, calendar, Creation("", draft))
    monkeypatch.setattr(module, "FREE_BUSY_PERIODS", 2)
    for fail_open in (False, True):
        query = FreeBusyQuery([PRIMARY, SIDE, SPARE], TUESDAY, view_step=HOUR, fail_open=fail_open)
        answer = await process.free_busy.query(ADMIN, query)
        assert [type(result) for result in answer.results] == [Taken, Taken, InvalidInput]
        assert answer.merged_view == "0" * 9 + "222" + "0" * 12


async def test_times_for_a_meeting_follow_a_change_of_hours_and_events(
    process: Process, store: SqlStore, clock: ManualClock
) -> None:
    suggestions = Suggestions(store, clock, Diaries(Timelines()))

    async def starts() -> list[int]:
        wish = Wish(groups=(Group(1, 1),), duration=HOUR, step=HOUR)
        query = SuggestionQuery(members=[SIDE], wish=wish, asked=TUESDAY, work_hours=True, size=100, weight=200)
        found = await suggestions.suggest(ADMIN, query)
        return [(each.start - MIDNIGHT - DAY) // HOUR for each in found.suggestions]

    assert await starts() == list(range(9, 17))
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda a: replace(a, work_hours=hours(8, 12)))
    assert await starts() == [8, 9, 10, 11]
    draft = event_draft(DAY + 9 * HOUR, DAY + 9 * HOUR + 5 * MINUTE)
    await process.events.create(ADMIN, NOW, SIDE, Creation("", draft))
    assert await starts() == [8, 10, 11]
