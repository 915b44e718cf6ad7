"""What the demonstration prints: numbered steps, calls, answers and promises."""

from __future__ import annotations

import itertools

import click

from schedsvc.cli.failures import Failed


class Screen:
    """Writes to standard output; bold and dim only on a terminal."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def step(self, title: str) -> None:
        click.echo()
        click.secho(f"{next(self._numbers)}. {title}", bold=True)

    def say(self, *lines: str) -> None:
        for line in lines:
            click.echo(f"   {line}".rstrip())

    def command(self, text: str) -> None:
        """A line for a shell, as it would be typed; what continues it stands further in."""
        for number, line in enumerate(text.splitlines()):
            click.secho(f"   {'$ ' if number == 0 else '      '}{line}", dim=True)

    def promise(self, kept: bool, text: str) -> None:
        """Says that something is as it should be. Raises Failed if it is not."""
        if not kept:
            raise Failed(f"not as promised: {text}")
        click.echo(f"   ok: {text}")
