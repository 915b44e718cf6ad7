"""Child: another calendar server, which is started, filled, asked, and ended with this process.

Settings: the name of a `peer`, an empty folder as its `place`. Answers with its `pid` and the periods it has in the
reference window, once it holds the shared calendar. Orders: for how many `seconds` to ask it, with how many questions
`in_flight`; each asks about a window of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path

from benchmarks import world
from benchmarks.caldav import Caldav, Refused, periods
from benchmarks.children import Answer, Order, serve_orders, settings, tell
from benchmarks.peers import PEERS, Peer

START_SECONDS = 30.0
OUTPUT = "output"
PAUSE = 0.05


class Asker:
    """`connect` opens a connection to the server."""

    def __init__(self, connect: Callable[[], Caldav]) -> None:
        self._connect = connect
        self._shifts = itertools.count(1)

    async def carry_out(self, order: Order) -> Answer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        ask = partial(self._ask_until, time.monotonic() + order["seconds"])
        with ThreadPoolExecutor(order["in_flight"]) as threads:
            counts = await asyncio.gather(*(loop.run_in_executor(threads, ask) for _ in range(order["in_flight"])))
        codes = sum(counts, Counter[str]())
        return {"seconds": loop.time() - began, "codes": codes}

    def _ask_until(self, end: float) -> Counter[str]:
        """How questions ended, asked one after the other; the last is asked before the end."""
        codes = Counter[str]()
        with self._connect() as caldav:
            while time.monotonic() < end:
                codes[self._ask(caldav)] += 1
        return codes

    def _ask(self, caldav: Caldav) -> str:
        """How one question ended."""
        shift = next(self._shifts) % world.DAY
        lo, hi = world.WINDOW
        try:
            caldav.free_busy(lo + shift, hi + shift)
        except (Refused, OSError, HTTPException) as failure:
            return f"{type(failure).__name__} {failure}"
        return "OK"


@contextmanager
def running(peer: Peer, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The server as a process; its output is thrown away with the folder."""
    peer.prepare(folder, port)
    with (folder / OUTPUT).open("wb") as output:
        process = subprocess.Popen(
            [peer.program, *peer.arguments(folder, port)], stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_there(caldav: Caldav, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Raises RuntimeError if the server ends or does not answer in time, with what it wrote."""
    end = time.monotonic() + START_SECONDS
    while not caldav.is_there():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server did not start: {(folder / OUTPUT).read_text(errors='replace')[-1000:]}")
        time.sleep(PAUSE)


def fill(peer: Peer, caldav: Caldav) -> None:
    """Gives it the shared calendar."""
    if peer.takes_files:
        return caldav.put("", world.calendar_file(world.SHARED_EVENTS))
    caldav.make()
    for number, text in enumerate(world.calendar_files(world.SHARED_EVENTS)):
        caldav.put(f"{number}.ics", text)
    return None


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    # Being ended in the middle of something must not leave the server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    order = settings()
    peer = next(peer for peer in PEERS if peer.name == order["peer"])
    folder, port = Path(order["place"]), unused_port()
    connect = partial(Caldav, port, peer.collection)
    with running(peer, folder, port) as process:
        with connect() as caldav:
            wait_until_there(caldav, process, folder)
            peer.welcome(folder)
            fill(peer, caldav)
            found = list(periods(caldav.free_busy(*world.WINDOW)))
        tell({"pid": process.pid, "periods": found})
        asyncio.run(serve_orders(Asker(connect).carry_out))


if __name__ == "__main__":
    main()
