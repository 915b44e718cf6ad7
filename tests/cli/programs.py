"""Runs the program as its users do: as a process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import schedsvc

READY = "schedsvc is ready: "
PATIENCE_SECONDS = 40
SOURCE = str(Path(schedsvc.__file__).parent.parent)


def environment(**settings: str) -> dict[str, str]:
    """The environment with these settings and no others, and the program under test on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCHEDSVC_")}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")]))
    return kept | {f"SCHEDSVC_{name}": value for name, value in settings.items()}


def run(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "schedsvc", *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


class Server:
    """A server that is ready; `said` is its line on standard error without the beginning."""

    def __init__(self, process: subprocess.Popen[str], said: str) -> None:
        self.process = process
        self.said = said

    @property
    def address(self) -> str:
        return self.said.partition(" ")[0]


@contextlib.contextmanager
def server(*arguments: str, folder: Path, **settings: str) -> Iterator[Server]:
    """`schedsvc serve` on a free port of this machine, killed at the end if it is still there."""
    settings.setdefault("LISTEN", "127.0.0.1:0")
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "schedsvc", "serve", *arguments],
            cwd=folder,
            env=environment(**settings),
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.stderr is not None
    try:
        yield Server(process, _ready_line(process))
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
        process.stderr.close()


def _ready_line(process: subprocess.Popen[str]) -> str:
    """Fails with what the process said if it ends before it is ready; pytest-timeout ends what hangs."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
        said += line
    raise AssertionError(f"the server ended with code {process.wait()}: {said}")
