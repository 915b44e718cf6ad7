"""How much runs at once, and when nothing more begins."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from schedsvc.domain.errors import Overloaded, ServerDraining


@dataclass(slots=True)
class Pool:
    """Calls of one kind that run now, and how many may (None: any number)."""

    limit: int | None
    active: int = 0


class Load:
    """Counts the calls that run. All of it happens on the event loop, so plain numbers do.

    Streams are counted apart: they stay for long and mostly wait. Probes (health, reflection) are answered under any
    load and while draining; only those that stay open are limited.
    """

    def __init__(self, *, unary: int, streams: int, probes: int = 100) -> None:
        self.unary = Pool(unary)
        self.streams = Pool(streams)
        self.probe_calls = Pool(None)
        self.probe_streams = Pool(probes)
        self.closing = asyncio.Event()
        self._idle = asyncio.Event()

    def enter(self, pool: Pool, *, probe: bool = False) -> None:
        """Counts a call in. Raises ServerDraining or Overloaded, and then it must not leave."""
        if self.closing.is_set() and not probe:
            raise ServerDraining("the server is shutting down; another one will answer")
        if pool.limit is not None and pool.active >= pool.limit:
            raise Overloaded("too many calls at once; nothing was done")
        pool.active += 1

    def leave(self, pool: Pool) -> None:
        """Counts a call out."""
        pool.active -= 1
        if self.closing.is_set():
            self._settle()

    def close(self) -> None:
        """Lets no call begin any more and tells the streams to end."""
        self.closing.set()
        self._settle()

    async def idle(self) -> None:
        """Returns when, after `close`, the last call but for probes has left."""
        await self._idle.wait()

    def _settle(self) -> None:
        if self.unary.active == self.streams.active == 0:
            self._idle.set()
