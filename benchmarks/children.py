"""The processes that are measured and those that measure them, as seen from both sides.

A child reads orders from its standard input and writes one answer for each to its standard output, both as lines of
JSON. It ends when its input does, so that none outlives the program that started it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SPARE_SECONDS = 30.0
"""How much longer than it was told to work a child may take to answer."""

Order = dict[str, Any]
Answer = dict[str, Any]


class ChildFailed(Exception):
    """A child ended or did not answer in time; the text is what it last wrote to its standard error."""


def cpu_seconds(pid: int) -> float | None:
    """Processor time of a process so far; None where the system does not tell."""
    spent = _times(pid)
    return None if spent is None else sum(spent[:2])


def family_cpu_seconds(pid: int) -> float | None:
    """The same, with that of its children, those that have ended among them."""
    spent = _times(pid)
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    of_children = (_times(int(child)) or (0.0,) for child in children)
    return None if spent is None else sum(spent) + sum(map(sum, of_children))


def _times(pid: int) -> tuple[float, ...] | None:
    """User and system time in seconds, and the same of the children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return tuple(int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15])


class Child:
    """A running process. Its standard error goes to a file, of which the end is shown if it fails."""

    def __init__(self, module: str, process: asyncio.subprocess.Process, errors: Path) -> None:
        self._module = module
        self._process = process
        self._errors = errors
        self.ready: Answer = {}

    @property
    def pid(self) -> int:
        return self._process.pid

    async def order(self, order: Order, seconds: float = 0.0) -> Answer:
        """The answer to an order that takes about `seconds`. Raises ChildFailed."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.answer(seconds)

    async def answer(self, seconds: float = 0.0) -> Answer:
        """The next line of the child. Raises ChildFailed."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(seconds + SPARE_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise ChildFailed(f"{self._module} did not answer: {self._last_words()}") from None
        if not line:
            raise ChildFailed(f"{self._module} ended: {self._last_words()}")
        answer: Answer = json.loads(line)
        return answer

    def cpu_seconds(self) -> float | None:
        """See the function of this name."""
        return cpu_seconds(self.pid)

    async def stop(self) -> None:
        """Closes its input, which ends it; ends it by force after a while."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        for end in (self._process.terminate, self._process.kill):
            try:
                async with asyncio.timeout(10):
                    await self._process.wait()
                    return
            except TimeoutError:
                with suppress(ProcessLookupError):
                    end()
        await self._process.wait()

    def _last_words(self) -> str:
        return self._errors.read_text(errors="replace")[-2000:]


@asynccontextmanager
async def child(module: str, folder: Path, *, ready_in: float = 0.0, **settings: Any) -> AsyncIterator[Child]:
    """Runs `benchmarks.{module}` with its settings, a first order, and waits until it has answered.

    `ready_in` is about how many seconds it needs for that.
    """
    errors = unused(folder, module)
    with errors.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"benchmarks.{module}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
            cwd=ROOT,
        )
    started = Child(module, process, errors)
    try:
        started.ready = await started.order(settings, ready_in)
        yield started
    finally:
        await started.stop()


def unused(folder: Path, name: str) -> Path:
    """A file of that name and a number that does not exist yet."""
    numbered = (folder / f"{name}-{number}" for number in itertools.count())
    return next(path for path in numbered if not path.exists())


def settings() -> Order:
    """In a child: the order that it was started with."""
    order: Order = json.loads(sys.stdin.readline())
    return order


def tell(answer: Answer) -> None:
    """In a child: writes an answer."""
    sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


async def serve_orders(carry_out: Callable[[Order], Awaitable[Answer]]) -> None:
    """In a child: answers one order after the other until there are no more."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        tell(await carry_out(json.loads(line)))
