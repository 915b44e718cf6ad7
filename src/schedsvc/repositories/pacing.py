"""Long work in turns with everything else that the process does."""

from __future__ import annotations

import asyncio

PIECE = 500
"""So many units of some 5 microseconds are done in one turn of the event loop: a short call takes a dozen turns."""

_REST = 0.001
"""Seconds. With 0 the threads of the drivers would seldom get the interpreter, and short calls wait for them."""


class Pace:
    """Called after each piece of work with its units; lets the others go on once enough is done.

    Deadlines and cancellations take effect there, too. Work that is small in all never waits.
    """

    __slots__ = ("_done",)

    def __init__(self) -> None:
        self._done = 0

    async def __call__(self, units: int) -> None:
        self._done += units
        if self._done >= PIECE:
            self._done = 0
            await asyncio.sleep(_REST)
