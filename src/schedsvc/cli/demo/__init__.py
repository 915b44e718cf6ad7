"""`schedsvc demo`"""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from schedsvc.cli.running import run

EXAMPLE = Path(__file__).with_name("week.ics")


@click.command()
@click.option(
    "--ics",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Calendar file to work on; a week of a community centre if not given.",
)
@click.option("--keep", is_flag=True, help="Leave the server running at the end, until Ctrl-C, to try the calls shown.")
def demo(file: Path | None, keep: bool) -> None:
    """Do the main job once, for everybody to see, on a server of its own.

    Starts a server on SQLite in a temporary folder, its clock set to the Monday before the file's first event. Imports
    the file, each LOCATION as a room; lists free slots, books one against a second caller, and watches the booking
    arrive on a stream. Every step is a real call, is checked, and is shown as a grpcurl line. Fails if anything is not
    as promised.
    """
    from schedsvc.cli.demo.story import tell

    path = file or EXAMPLE
    try:
        run(tell(path.read_bytes(), str(file) if file else "examples/week.ics", keep=keep))
    except asyncio.CancelledError as error:
        raise click.Abort from error
