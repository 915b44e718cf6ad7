"""The command `schedsvc`, a module for each of its commands.

What a command needs of the server is imported when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import os

import click

from schedsvc.cli.demo import demo
from schedsvc.cli.exporting import export_command
from schedsvc.cli.importing import import_command
from schedsvc.cli.keys import keys
from schedsvc.cli.migrate import migrate
from schedsvc.cli.rezone import rezone
from schedsvc.cli.serve import serve

EPILOG = (
    "Settings come from SCHEDSVC_* variables, and options override them. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage or settings."
)


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="schedsvc", prog_name="schedsvc", message="%(prog)s %(version)s")
def main() -> None:
    """Calendars, availability and bookings as one gRPC service."""
    # gRPC's own remarks on standard error are for its developers; ours say what there is to do.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


for command in (serve, migrate, rezone, keys, import_command, export_command, demo):
    main.add_command(command)
