"""Failures that are expected, as a line or a few for a person; anything else keeps its traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from schedsvc.config import SettingsInvalid
from schedsvc.domain.errors import DomainError
from schedsvc.repositories.base import SchemaMismatch

if TYPE_CHECKING:
    from grpc.aio import AioRpcError


class Failed(click.ClickException):
    """Ends the command with a message and exit code 1."""


class Misused(Failed):
    """The same for what the user must mend before it can work: exit code 2."""

    exit_code = 2


def settings_failure(error: SettingsInvalid) -> Misused:
    """One problem is one line, several are a line each."""
    if len(error.problems) == 1:
        return Misused(error.problems[0])
    return Misused("the settings cannot be used:\n" + "\n".join(f"  {text}" for text in error.problems))


@contextmanager
def readable_server_failures() -> Iterator[None]:
    """For commands that work on the database themselves."""
    try:
        yield
    except SettingsInvalid as error:
        raise settings_failure(error) from error
    except (DomainError, SchemaMismatch) as error:
        raise Failed(str(error)) from error


@contextmanager
def readable_rpc_failures(target: str) -> Iterator[None]:
    """For commands that call a server."""
    import grpc

    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise Failed(rpc_text(error, target)) from error


def rpc_text(error: AioRpcError, target: str) -> str:
    """Code, reason and message, and below them what was wrong field by field."""
    from schedsvc.client import failure_of

    failure = failure_of(error)
    if not failure.reason:
        return f"no answer from a schedsvc server at {target}: {failure.code.name}: {failure.message}"
    lines = [f"{failure.code.name} / {failure.reason}: {failure.message}"]
    lines += [f"  {violation.subject}: {violation.description}" for violation in failure.violations]
    return "\n".join(lines)
