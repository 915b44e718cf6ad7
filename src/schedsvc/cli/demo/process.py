"""A server process of one's own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from schedsvc.cli.failures import Failed

START_SECONDS = 60
STOP_SECONDS = 30
READY = "schedsvc is ready: "


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """`ready` is what the server said when it was."""

    ready: str
    process: asyncio.subprocess.Process

    @property
    def address(self) -> str:
        return self.ready.partition(" ")[0]

    async def stop(self) -> int:
        """Ends the process with SIGTERM and waits for it. Returns its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.wait()


def arguments(folder: Path, clock: datetime) -> list[str]:
    """The command line, after the interpreter. The address is free and on loopback."""
    database = f"sqlite+aiosqlite:///{folder / 'schedsvc.db'}"
    return ["serve", "--listen", "127.0.0.1:0", "--database-url", database, "--clock", clock.isoformat()]


@asynccontextmanager
async def server_process(folder: Path, clock: datetime) -> AsyncIterator[ServerProcess]:
    """Starts a server whose files and log lie in `folder`; it is stopped in any case. Raises Failed if it won't start.

    Settings of the environment are not for this server.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SCHEDSVC_")}
    with (folder / "server.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schedsvc", *arguments(folder, clock)),
            stdout=log,
            stderr=asyncio.subprocess.PIPE,
            env=environ,
            start_new_session=True,  # Ctrl-C is for the demonstration, which ends the server itself
        )
    try:
        yield ServerProcess(await _ready(process), process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    said: list[str] = []
    if process.stderr is None:
        raise Failed("the server has no standard error")
    try:
        async with asyncio.timeout(START_SECONDS):
            async for raw in process.stderr:
                text = raw.decode(errors="replace").rstrip()
                if text.startswith(READY):
                    return text.removeprefix(READY)
                said.append(text)
    except TimeoutError:
        said.append(f"not ready after {START_SECONDS} seconds")
    raise Failed("\n".join(["the server did not start:", *said]))
