"""`schedsvc export`"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from schedsvc.cli.connection import Target, connected, target_options
from schedsvc.cli.failures import readable_rpc_failures
from schedsvc.cli.running import run

if TYPE_CHECKING:
    from schedsvc.client import messages

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORMATS = ("events", "free-busy", "availability")


@click.command("export")
@click.argument("calendar")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Where to write; standard output if not given. An existing file is replaced once the export is complete.",
)
@click.option(
    "--format",
    "what",
    type=click.Choice(_FORMATS),
    default="events",
    show_default=True,
    help="The events, when the calendar is taken (needs --from and --to), or the work hours of its owner.",
)
@click.option("--from", "begin", metavar="TIME", help="Start of the range: YYYY-MM-DD or YYYY-MM-DDThh:mm.")
@click.option("--to", "end", metavar="TIME", help="End of the range, exclusive.")
@click.option("--zone", default="", help="IANA zone in which the range is read; the calendar's if not given.")
@target_options
def export_command(
    calendar: str, output: Path | None, what: str, begin: str | None, end: str | None, zone: str, **target: Any
) -> None:
    """Export a CALENDAR of a running server as an iCalendar file.

    CALENDAR is a name such as accounts/ID/calendars/primary.
    """
    server = Target(**target)
    request = _request(calendar, what, begin, end, zone)
    with readable_rpc_failures(server.target):
        if output is None:
            run(_export(server, request, sys.stdout.buffer))
            return
        draft = output.with_name(f"{output.name}.part")
        try:
            with draft.open("wb") as file:
                run(_export(server, request, file))
            draft.replace(output)
        finally:
            draft.unlink(missing_ok=True)


def _request(calendar: str, what: str, begin: str | None, end: str | None, zone: str) -> messages.ExportCalendarRequest:
    from schedsvc.client import messages

    request = messages.ExportCalendarRequest(
        parent=calendar,
        time_zone=zone,
        format=messages.ExportCalendarRequest.Format.Value(f"FORMAT_{what.upper().replace('-', '_')}"),
    )
    for bound, text in ((request.time_min, begin), (request.time_max, end)):
        if text is not None and _DATE.fullmatch(text):
            bound.date = text
        elif text is not None:
            bound.date_time = text
    return request


async def _export(server: Target, request: messages.ExportCalendarRequest, file: BinaryIO) -> None:
    counter = Counter() if sys.stderr.isatty() else None
    async with connected(server) as services:
        async for answer in services.calendars.ExportCalendar(request):
            file.write(answer.data)
            if counter is not None:
                counter.add(len(answer.data))
    file.flush()
    if counter is not None:
        counter.end()


class Counter:
    """A line that counts bytes: nobody knows beforehand how long the file will be."""

    def __init__(self) -> None:
        self._written = 0

    def add(self, written: int) -> None:
        self._written += written
        click.echo(f"\rexporting  {self._written:,} bytes", err=True, nl=False)

    def end(self) -> None:
        click.echo(err=True)
