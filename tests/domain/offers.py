"""Builders: a profile, an offer, items and timelines in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from schedsvc.domain.availability import Offer, compile_offer
from schedsvc.domain.events import Level
from schedsvc.domain.hours import MinuteRange, WorkHours
from schedsvc.domain.names import BookingName, CalendarName, ProfileName
from schedsvc.domain.profiles import BookingProfile, DatePeriod
from schedsvc.domain.time import instant_of, seconds
from schedsvc.domain.timeline import Chunk, Filing, Item, Timeline, chunk_range

CALENDAR = CalendarName("ann", "ann")
OTHER_CALENDAR = CalendarName("room", "room")
PROFILE = ProfileName("ann", "intro")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# Four years, so that a test only meets the horizon when it wants to.
FAR = DatePeriod(48, 0)

BASE = BookingProfile(
    name=PROFILE,
    slug="intro",
    display_name="Intro",
    calendar=CALENDAR,
    conflict_calendars=(),
    work_hours=None,
    duration_minutes=30,
    step_minutes=30,
    buffer_before_minutes=0,
    buffer_after_minutes=0,
    start_after_minutes=0,
    available_for=FAR,
    active_from=None,
    active_until=None,
    subject="",
    description="",
    location="",
    metadata={},
    edition=1,
    create_time=LONG_AGO,
    update_time=LONG_AGO,
)


def offer(hours: WorkHours, **changes: object) -> Offer:
    profile = replace(BASE, work_hours=hours, **changes)  # type: ignore[arg-type]
    return compile_offer(profile, None, "UTC")


def minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def hours(time_zone: str, days: Mapping[int, Iterable[str]]) -> WorkHours:
    """`days` by ISO weekday, each range written `09:00-17:00`."""
    return WorkHours(
        time_zone,
        {day: tuple(MinuteRange(*map(minutes, text.split("-"))) for text in texts) for day, texts in days.items()},
    )


def daily(time_zone: str, *ranges: str) -> WorkHours:
    return hours(time_zone, dict.fromkeys(range(1, 8), ranges))


def at(text: str) -> int:
    """An instant from ISO text with an offset."""
    return seconds(datetime.fromisoformat(text))


def local(text: str, time_zone: str) -> int:
    return instant_of(datetime.fromisoformat(text), time_zone)


def item(  # one item per line is what makes a test readable
    start: int,
    end: int,
    level: Level = Level.BUSY,
    *,
    before: int = 0,
    after: int = 0,
    booking: str = "",
    source: CalendarName = CALENDAR,
) -> Item:
    name = BookingName(PROFILE, booking) if booking else None
    return Item(source, f"e{start}", start, end, start - before, end + after, level, name)


def fill(indices: Iterable[int], items: Iterable[Item]) -> dict[int, Chunk]:
    """The chunks of these indices with the items that touch them."""
    indices = list(indices)
    filing = Filing(indices)
    filing.add(items)
    return {index: filing.chunk(index) for index in indices}


def timeline(items: Iterable[Item], lo: int, hi: int, source: CalendarName = CALENDAR) -> Timeline:
    """Holds what is needed for `[lo, hi)` and nothing else."""
    return Timeline(source, fill(chunk_range(lo, hi), items))
