"""Options that say which server to call, and the connection that they make."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from schedsvc.cli.failures import Misused

if TYPE_CHECKING:
    from schedsvc.client import Services

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_TARGET = "127.0.0.1:50051"

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--target",
        default=DEFAULT_TARGET,
        show_default=True,
        envvar="SCHEDSVC_TARGET",
        metavar="HOST:PORT",
        help="The server to call. [SCHEDSVC_TARGET]",
    ),
    click.option("--key", envvar="SCHEDSVC_KEY", metavar="KEY", help="API key. [SCHEDSVC_KEY]"),
    click.option(
        "--key-file",
        type=_FILE,
        envvar="SCHEDSVC_KEY_FILE",
        metavar="FILE",
        help="File with the API key. [SCHEDSVC_KEY_FILE]",
    ),
    click.option("--tls", is_flag=True, help="Speak TLS, trusting the usual authorities."),
    click.option("--ca-file", type=_FILE, metavar="FILE", help="Speak TLS, trusting these authorities (PEM)."),
    click.option("--insecure", is_flag=True, help="Send the key in plain text, where something else encrypts."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server and how to speak to it."""

    target: str
    key: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    insecure: bool = False


def target_options(function: F) -> F:
    """Adds the options whose values make a `Target`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@asynccontextmanager
async def connected(to: Target) -> AsyncIterator[Services]:
    """The services of the target. Exits with code 2 if a key would travel openly."""
    import grpc

    from schedsvc.client import channel
    from schedsvc.client.services import Services

    authorities = to.ca_file.read_bytes() if to.ca_file else None
    credentials = grpc.ssl_channel_credentials(authorities) if to.tls or to.ca_file else None
    key = to.key_file.read_text(encoding="utf-8").strip() if to.key_file and not to.key else to.key
    try:
        opened = channel(to.target, key=key, credentials=credentials, insecure=to.insecure)
    except ValueError as error:
        message = f"the key would be sent to {to.target} in plain text: use --tls, --ca-file or --insecure"
        raise Misused(message) from error
    async with opened as over:
        yield Services(over)
