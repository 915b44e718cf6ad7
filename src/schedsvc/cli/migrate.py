"""`schedsvc migrate`"""

from __future__ import annotations

import click

from schedsvc.cli.failures import readable_server_failures
from schedsvc.cli.running import run
from schedsvc.cli.settings import read_settings, setting_options


@click.command()
@setting_options("DATABASE_URL")
def migrate(database_url: str | None) -> None:
    """Bring the database to the newest schema.

    Several may run at once, and doing it twice is harmless. A server on SQLite does it by itself; one on PostgreSQL
    refuses to start until it was done.
    """
    from schedsvc import bootstrap

    settings = read_settings({"database_url": database_url})
    with readable_server_failures():
        click.echo(run(bootstrap.migrate(settings)))
