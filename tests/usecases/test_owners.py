"""A new address of an account: what its owner declined is free, by whichever address."""

from __future__ import annotations

from dataclasses import replace

from schedsvc.domain.changes import Change, Place
from schedsvc.domain.events import Attendee, AttendeeType, Level, ResponseStatus
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.ranges import RangeRequest
from schedsvc.usecases.answers import Answer
from schedsvc.usecases.event_writes import Creation
from schedsvc.usecases.free_busy import FreeBusyQuery, Taken
from tests.usecases.conftest import ADA, ADMIN, NOW, SIDE, Meddled, Process
from tests.usecases.drafts import DAY, HOUR, MIDNIGHT, calendar_draft, event_draft

WEEK = RangeRequest(MIDNIGHT, MIDNIGHT + 7 * DAY)
OLD, NEW = "ada@example.org", "Ada.L@example.org"


def invited(email: str, response: ResponseStatus = ResponseStatus.DECLINED) -> tuple[Attendee, ...]:
    return (Attendee(email, "", AttendeeType.REQUIRED, response),)


async def address(process: Process, email: str) -> None:
    await process.accounts.update(ADMIN, NOW, ADA, "", lambda account: replace(account, email=email))


async def create(process: Process, id_: str, hour: int, *attendees: Attendee, lines: tuple[str, ...] = ()) -> None:
    draft = event_draft(hour * HOUR, (hour + 1) * HOUR, attendees=attendees, recurrence=lines)
    await process.events.create(ADMIN, NOW, SIDE, Creation(id_, draft, notify=False))


async def taken(process: Process) -> list[int]:
    """The hours at which the calendar begins to be busy."""
    (found,) = (await process.free_busy.query(ADMIN, FreeBusyQuery([SIDE], WEEK))).results
    assert isinstance(found, Taken)
    return [(period.start - MIDNIGHT) // HOUR for period in found.periods if period.level is Level.BUSY]


async def changes(process: Process) -> list[Change]:
    async with process.store.read(ADMIN.tenant) as tx:
        return list(await tx.changes.log(calendar_feed(SIDE), Place(0, 0), 99, 99))


async def test_what_the_new_address_declined_is_free_and_what_the_old_one_did_is_not(process: Process) -> None:
    await address(process, OLD)
    await create(process, "by-old", 9, *invited(OLD))
    await create(process, "by-new", 11, *invited(NEW.lower()))
    await create(process, "weekly-by-new", 13, *invited(NEW), lines=("RRULE:FREQ=DAILY;COUNT=2",))
    assert await taken(process) == [11, 13, 13 + 24]
    await address(process, NEW)
    assert await taken(process) == [9]
    await address(process, "")
    assert await taken(process) == [9, 11, 13, 13 + 24]


async def test_only_what_becomes_free_or_busy_by_it_is_told(process: Process) -> None:
    await address(process, OLD)
    await create(process, "declined", 9, *invited(OLD))
    await create(process, "accepted", 11, *invited(OLD, ResponseStatus.ACCEPTED))
    await create(process, "of-others", 13, *invited("grace@example.org"))
    before = len(await changes(process))
    await address(process, NEW)
    (told,) = (await changes(process))[before:]
    assert told.resource_id == "declined"
    assert told.cause is None


async def test_an_answer_by_the_new_address_counts(process: Process) -> None:
    await address(process, OLD)
    await create(process, "meeting", 9, *invited(NEW, ResponseStatus.NEEDS_ACTION))
    await address(process, NEW)
    (event,) = (change.record for change in await changes(process))
    assert event is not None
    await process.events.respond(ADMIN, NOW, event.name, Answer(ResponseStatus.DECLINED))  # type: ignore[arg-type]
    assert await taken(process) == []


async def test_the_case_of_an_address_makes_no_difference(process: Process) -> None:
    await address(process, OLD)
    await create(process, "declined", 9, *invited(OLD))
    before = len(await changes(process))
    await address(process, OLD.upper())
    assert len(await changes(process)) == before
    assert await taken(process) == []


async def test_a_calendar_that_comes_in_between_is_found_too(process: Process) -> None:
    await address(process, OLD)
    await create(process, "declined", 9, *invited(OLD))

    async def nothing() -> None:
        return None

    async def another() -> None:
        await process.calendars.create(ADMIN, NOW, ADA, "another", calendar_draft())

    meddled = Meddled(process.store, nothing, another)  # type: ignore[arg-type]
    await address(Process(meddled, process.clock), NEW)
    assert meddled.writes == 3
    assert await taken(process) == [9]
