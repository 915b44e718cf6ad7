"""`schedsvc serve`"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from schedsvc.cli.failures import Failed, readable_server_failures
from schedsvc.cli.running import run
from schedsvc.cli.settings import read_settings, setting_options
from schedsvc.config import Settings

if TYPE_CHECKING:
    from schedsvc.bootstrap import Running

_OPEN = "open: no API keys; loopback only"


@click.command()
@setting_options(
    "DATABASE_URL",
    "LISTEN",
    "HEALTH_LISTEN",
    "METRICS_LISTEN",
    "TLS_CERT_FILE",
    "TLS_KEY_FILE",
    "INSECURE",
    "REFLECTION",
    "WORKERS",
    "DRAIN_SECONDS",
    "LOG_LEVEL",
    "CLOCK",
)
def serve(**options: str | bool | None) -> None:
    """Start the gRPC server and run until SIGTERM or SIGINT.

    One line on standard error says when it is ready; logs are JSON lines on standard output. The first signal drains:
    health says NOT_SERVING, streams end with a token, running calls finish. A second one stops at once.
    """
    from schedsvc.cli.workers import supervise

    settings = read_settings(options)
    if settings.workers == 1:
        serve_here(settings, announce)
        return
    raise SystemExit(supervise(settings))


def serve_here(
    settings: Settings,
    ready: Callable[[Running], None],
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
    watch: int | None = None,
) -> None:
    """Serves in this process until one of the signals, or the end of what the descriptor `watch` belongs to."""
    with readable_server_failures(), _readable_binding():
        run(_serve(settings, ready, signals, watch))


def announce(running: Running) -> None:
    """Says that the server is ready, where, on what, and for whom."""
    click.echo(f"schedsvc is ready: {described(running)}", err=True)


def described(running: Running) -> str:
    parts = [running.address, running.store, _OPEN if running.is_open else "API keys"]
    if running.health_port is not None:
        parts.append(f"health also on port {running.health_port}")
    if running.metrics_port is not None:
        parts.append(f"metrics on port {running.metrics_port}")
    return " | ".join(parts)


async def _serve(
    settings: Settings, ready: Callable[[Running], None], signals: Sequence[signal.Signals], watch: int | None
) -> None:
    from schedsvc import bootstrap

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, _stop_gently, loop, stop, signals)
    if watch is not None:
        loop.add_reader(watch, _parent_ended, loop, watch, stop)
    await bootstrap.serve(settings, ready=ready, stop=stop)


def _stop_gently(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, signals: Sequence[signal.Signals]) -> None:
    """From now on the signals act as they do by default, so that a second one does not wait."""
    stop.set()
    for number in signals:
        loop.remove_signal_handler(number)


def _parent_ended(loop: asyncio.AbstractEventLoop, watch: int, stop: asyncio.Event) -> None:
    loop.remove_reader(watch)
    stop.set()


@contextlib.contextmanager
def _readable_binding() -> Iterator[None]:
    """An address that cannot be had is no defect. gRPC says so with a RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        if "bind" not in str(error):
            raise
        raise Failed(f"cannot listen: {str(error).partition(';')[0]}") from error
    except OSError as error:
        raise Failed(f"cannot listen: {error.strerror or error}") from error
