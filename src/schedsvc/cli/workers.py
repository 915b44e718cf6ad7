"""Several server processes on one address. They share nothing but the port and the database.

The first one starts alone, so that whatever is wrong is said once. When one ends, all end: a supervisor outside then
sees a failure instead of a server of half the size.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

import click

from schedsvc.cli.failures import Failed
from schedsvc.cli.serve import described, serve_here
from schedsvc.config import Settings

GRACE_SECONDS = 10.0
"""What a worker gets beyond the time to drain, before it is killed."""


def supervise(settings: Settings) -> int:
    """Runs the workers until a signal or the end of one. Returns the exit code."""
    team = _Team(settings)
    with _handled(team):
        try:
            return team.run()
        finally:
            team.stop()


class _Team:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[SpawnProcess] = []
        self._stopping = threading.Event()

    def run(self) -> int:
        for number in range(self._settings.workers):
            text = self._start(number)
            if not text:
                return 0 if self._stopping.is_set() else self._code(self._workers[-1])
            if number == self._settings.workers - 1:
                click.echo(f"schedsvc is ready: {text} | {self._settings.workers} workers", err=True)
        ended = wait([worker.sentinel for worker in self._workers])
        if self._stopping.is_set():
            return 0
        code = max(self._code(worker) for worker in self._workers if worker.sentinel in ended)
        click.echo(f"Error: a worker ended with code {code}; the others are stopped", err=True)
        return code

    def signalled(self) -> None:
        """The first signal drains the workers; what they do with a second one is to stop at once."""
        self._stopping.set()
        for worker in self._workers:
            worker.terminate()

    def stop(self) -> None:
        if not self._stopping.is_set():
            self.signalled()
        for worker in self._workers:
            worker.join(self._settings.drain_seconds + GRACE_SECONDS)
            if worker.is_alive():
                worker.kill()
                worker.join()

    def _start(self, number: int) -> str:
        """Starts a worker and waits until it serves. Returns what it says, or nothing if it ended or is to end."""
        if self._stopping.is_set():
            return ""
        reader, writer = self._context.Pipe(duplex=False)
        worker = self._context.Process(target=_work, args=(_settings_of(self._settings, number), writer))
        worker.start()
        self._workers.append(worker)
        writer.close()
        if self._stopping.is_set():
            worker.terminate()
        with reader:
            try:
                return str(reader.recv())
            except EOFError:
                return ""

    def _code(self, worker: SpawnProcess) -> int:
        """A worker that ended unasked has failed, whatever its code; signals count as shells count them."""
        worker.join()
        code = worker.exitcode or 1
        return 128 - code if code < 0 else code


def _settings_of(settings: Settings, number: int) -> Settings:
    """Scrapes must reach each process, so each has a port of its own for them."""
    where = settings.metrics_listen
    if where is None or where.port == 0:
        return settings
    return replace(settings, metrics_listen=where._replace(port=where.port + number))


def _work(settings: Settings, ready: Connection) -> None:
    """The body of a worker. A terminal sends SIGINT to it too, but the word is with the process that started it.

    When that is gone, the worker stops as well.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    watch = parent.sentinel if parent else None
    try:
        serve_here(settings, lambda running: _say(ready, described(running)), [signal.SIGTERM], watch)
    except Failed as error:
        error.show()
        raise SystemExit(error.exit_code) from error


def _say(ready: Connection, text: str) -> None:
    ready.send(text)
    ready.close()


@contextmanager
def _handled(team: _Team) -> Iterator[None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        team.signalled()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
