"""`schedsvc rezone`: run as a process, with the zone data that is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schedsvc.domain.bookings import Booker, BookingDraft
from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.names import AccountName, CalendarName, ProfileName
from schedsvc.domain.principals import Principal
from schedsvc.domain.principals import Scope as KeyScope
from schedsvc.domain.time import Zoned, data_version
from schedsvc.repositories.sql.engine import SqlSettings
from schedsvc.repositories.sql.migrate import migrate
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases.event_writes import Creation
from tests.cli import programs
from tests.usecases.conftest import NOW, ManualClock, Process
from tests.usecases.drafts import account_draft, event_draft, profile_draft
from tests.zone_data import release, tzif

ADA = AccountName("ada")
CALENDAR = CalendarName("ada", "ada")
INTRO = ProfileName("ada", "intro")
BERLIN = "Europe/Berlin"
# A century ahead, so that nothing is ever over when the program runs.
JUNE = datetime(2130, 6, 1, 8, tzinfo=UTC)
BOOKED = int(datetime(2130, 6, 6, 10, tzinfo=UTC).timestamp())
TENANTS = ("north", "south")


def meeting(text: str, zone: str = BERLIN, *lines: str) -> Creation:
    """An hour from a local time on."""
    local = datetime.fromisoformat(text)
    times = Zoned(local, zone), Zoned(local + timedelta(hours=1), zone)
    return Creation("", replace(event_draft(), start=times[0], end=times[1], recurrence=lines))


async def fill(process: Process, admin: Principal) -> None:
    """Two meetings, a series and a booking in Berlin's summer, and one in UTC where the booking will go to."""
    await process.accounts.create(admin, NOW, "ada", account_draft())
    await process.profiles.create(
        admin,
        NOW,
        ADA,
        "intro",
        profile_draft(work_hours=WorkHours(BERLIN, {day: (MinuteRange(0, 1440),) for day in range(1, 8)})),
    )
    booker = Booker("grace@example.org", "Grace", "", "")
    talk = BookingDraft(start=BOOKED, duration=None, booker=booker, substitutions={}, metadata={})
    await process.bookings.create(admin, NOW, INTRO, "talk", talk)
    for made in (
        meeting("2130-07-01T10:00"),
        meeting("2130-08-01T10:00"),
        meeting("2130-01-02T10:00", BERLIN, "RRULE:FREQ=WEEKLY"),
        meeting("2130-12-01T10:00"),
        meeting("2130-06-06T09:00", "UTC"),
    ):
        await process.events.create(admin, NOW, CALENDAR, made)


def write(folder: Path, work: Callable[[Process, Principal], Awaitable[None]]) -> str:
    """Does it for every tenant in a new database, and returns the database's URL."""
    url = f"sqlite+aiosqlite:///{folder / 'schedsvc.db'}"

    async def main() -> None:
        await migrate(url)
        clock = ManualClock(JUNE)
        store = await SqlStore.create(SqlSettings(url=url), clock)
        for tenant in TENANTS:
            await work(Process(store, clock), Principal(tenant, "admin", frozenset({KeyScope.ADMIN})))
        await store.close()

    asyncio.run(main())
    return url


def rezone(folder: Path, *arguments: str) -> list[str]:
    done = programs.run(
        "rezone", *arguments, folder=folder, DATABASE_URL=f"sqlite+aiosqlite:///{folder / 'schedsvc.db'}"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture
def stale(tmp_path: Path) -> Path:
    """A folder with a database that was written by zone data in which Berlin has its summer hour in winter too."""
    with release(Europe__Berlin=tzif("CEST-2", 2)):
        write(tmp_path, fill)
    return tmp_path


def test_by_the_zone_data_that_it_was_written_by_there_is_nothing_to_do(tmp_path: Path) -> None:
    write(tmp_path, fill)
    expected = [f"zone data: tzdata {data_version()}"]
    assert rezone(tmp_path, "--report") == [*expected, "2 calendars: 0 events to move, 0 bookings with an overlap"]
    assert rezone(tmp_path) == [*expected, "2 calendars: 0 events moved, 0 bookings with an overlap"]


def test_the_report_says_what_would_be_done_and_does_nothing(stale: Path) -> None:
    said = rezone(stale, "--report")
    assert said[-1] == "2 calendars: 4 events to move, 0 bookings with an overlap"
    assert rezone(stale, "--report") == said
    assert said[1:4] == [
        "tenant north",
        "  CALENDAR                    EVENTS  OF BOOKINGS",
        "  accounts/ada/calendars/ada       2            0",
    ]


def test_what_is_stale_is_moved_once(stale: Path) -> None:
    assert rezone(stale, "--tenant", "north")[-1] == "1 calendar: 2 events moved, 0 bookings with an overlap"
    assert rezone(stale)[-1] == "2 calendars: 2 events moved, 0 bookings with an overlap"
    assert rezone(stale)[-1] == "2 calendars: 0 events moved, 0 bookings with an overlap"


def test_a_booking_that_moves_over_a_meeting_is_named_with_its_times(tmp_path: Path) -> None:
    with release(Europe__Berlin=tzif("CET-1", 1)):
        write(tmp_path, fill)
    said = rezone(tmp_path, "--report", "--tenant", "south")
    (line,) = (line for line in said if "bookings/talk" in line)
    booking, was, now, meeting = line.split("  ")[1:]
    assert booking == "accounts/ada/bookingProfiles/intro/bookings/talk"
    assert (was, now) == ("2130-06-06 10:00Z-10:30Z", "2130-06-06 09:00Z-09:30Z")
    assert meeting.startswith("accounts/ada/calendars/ada/events/")
    assert said[-1] == "1 calendar: 4 events to move, 1 booking with an overlap"
