"""In a server: how long its event loop was kept from other work."""

from __future__ import annotations

import asyncio
import time

from benchmarks.children import Answer, Order

BEAT = 0.001


class Watch:
    """Beats on the running loop from the first order on; a beat that comes late tells how long the loop was busy."""

    def __init__(self) -> None:
        self._due: float | None = None
        self._longest = 0.0

    async def carry_out(self, _order: Order) -> Answer:
        """The longest stall since the last order, and the processor time of the process, in milliseconds."""
        if self._due is None:
            self._beat()
        await asyncio.sleep(2 * BEAT)
        longest, self._longest = self._longest, 0.0
        return {"stall_ms": 1000 * longest, "cpu_ms": 1000 * time.process_time()}

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._due is not None:
            self._longest = max(self._longest, now - self._due)
        self._due = now + BEAT
        asyncio.get_running_loop().call_later(BEAT, self._beat)
