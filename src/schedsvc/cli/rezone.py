"""`schedsvc rezone`"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from schedsvc.cli.failures import readable_server_failures
from schedsvc.cli.layout import table
from schedsvc.cli.running import run
from schedsvc.cli.settings import read_settings, setting_options
from schedsvc.config import Settings
from schedsvc.domain.time import data_version, utc

if TYPE_CHECKING:
    from schedsvc.domain.intervals import Interval
    from schedsvc.usecases.overlapping import Overlap
    from schedsvc.usecases.rezoning import Plan, Rezoning


@click.command()
@click.option("--report", is_flag=True, help="Say what would be moved, and write nothing.")
@click.option("--tenant", help="Only this tenant; all of them if not given.")
@setting_options("DATABASE_URL")
def rezone(report: bool, tenant: str | None, database_url: str | None) -> None:
    """Move what is to come to where newer zone data has it.

    Local times stay, and the instants they come to are derived anew: run it after each update of the package tzdata.
    Restart the servers with the new package first, or they go on writing what they derive from the old one. They may
    serve meanwhile. What moves is a change with cause TZDATA in its feed. A booking that overlaps something afterwards
    is moved or kept all the same, and named. Works on the database itself; ending it early and running it again is
    harmless.
    """
    settings = read_settings({"database_url": database_url})
    with readable_server_failures():
        run(_rezone(settings, tenant, report))


async def _rezone(settings: Settings, only: str | None, report: bool) -> None:
    from schedsvc import bootstrap

    click.echo(f"zone data: tzdata {data_version()}")
    calendars = moved = overlapping = 0
    async with bootstrap.rezoning(settings) as rezoning:
        for tenant in [only] if only else await rezoning.tenants():
            plan = await rezoning.plan(tenant)
            for line in _plan(plan):
                click.echo(line)
            calendars += plan.calendars_seen
            overlapping += len(plan.overlaps)
            moved += _count(plan) if report else await _carry_out(rezoning, plan)
    what = "to move" if report else "moved"
    events, bookings = _counted(moved, "event"), _counted(overlapping, "booking")
    click.echo(f"{_counted(calendars, 'calendar')}: {events} {what}, {bookings} with an overlap")


async def _carry_out(rezoning: Rezoning, plan: Plan) -> int:
    return sum([await rezoning.carry_out(plan.tenant, calendar) for calendar in plan.calendars])


def _count(plan: Plan) -> int:
    return sum(len(calendar.moves) for calendar in plan.calendars)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _plan(plan: Plan) -> Iterator[str]:
    """What moves in which calendar, and what is to be looked after by a person; nothing if nothing moves."""
    rows = [(str(part.calendar), len(part.moves), part.bookings) for part in plan.calendars if part.moves]
    if rows:
        yield f"tenant {plan.tenant}"
        yield from table(("CALENDAR", "EVENTS", "OF BOOKINGS"), rows, "  ")
    if plan.overlaps:
        yield "  bookings with an overlap:"
        yield from table(("BOOKING", "WAS", "IS", "OVERLAPS"), list(map(_overlap, plan.overlaps)), "  ")
    unreadable = [name for part in plan.calendars for name in part.unreadable]
    if unreadable:
        yield f"tenant {plan.tenant}: left alone, because this zone data cannot say when they are:"
        yield from (f"  {name}" for name in unreadable)


def _overlap(overlap: Overlap) -> tuple[str, ...]:
    return str(overlap.booking), _when(overlap.before), _when(overlap.extent), ", ".join(map(str, overlap.others))


def _when(extent: Interval) -> str:
    start, end = map(utc, extent)
    return f"{start:%Y-%m-%d %H:%MZ}-{end:%H:%MZ}"
