"""`schedsvc import`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schedsvc.cli.connection import Target, connected, target_options
from schedsvc.cli.failures import Failed, readable_rpc_failures
from schedsvc.cli.icalendar import read
from schedsvc.cli.running import run

if TYPE_CHECKING:
    from schedsvc.cli.upload import Load, Loaded


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", metavar="CALENDAR", help="The calendar that gets the events: accounts/ID/calendars/primary.")
@click.option(
    "--rooms",
    is_flag=True,
    help="Make a RESOURCE account for each LOCATION, where it is missing, and put its events there; --to gets those "
    "without one. Needs the scope admin.",
)
@target_options
def import_command(file: Path, to: str | None, rooms: bool, **target: Any) -> None:
    """Import an iCalendar FILE into a running server.

    Events are matched by UID, so importing twice changes nothing. What cannot be imported is listed with its line and
    never keeps out the rest.
    """
    from schedsvc.cli import report, upload

    if not rooms and not to:
        raise click.UsageError("say with --to which calendar gets the events, or split them with --rooms")
    data, server = file.read_bytes(), Target(**target)
    calendar = read(data)
    loads = upload.by_rooms(calendar, to) if rooms else upload.whole(data, to or "")
    with readable_rpc_failures(server.target):
        done = run(_upload(server, loads, calendar.zone))
    for line in report.report(done):
        click.echo(line)
    if report.refused_count(done) and not report.taken_count(done):
        raise Failed("nothing was imported")


async def _upload(server: Target, loads: list[Load], zone: str) -> list[Loaded]:
    from schedsvc.cli.upload import upload

    size = sum(len(load.data) for load in loads)
    async with connected(server) as services:
        if not sys.stderr.isatty():
            return await upload(services, loads, zone, lambda sent: None)
        with click.progressbar(length=size, label="importing", file=sys.stderr) as bar:
            return await upload(services, loads, zone, bar.update)
