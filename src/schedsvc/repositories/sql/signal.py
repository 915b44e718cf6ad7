"""Wake-up calls inside one process."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress

from schedsvc.domain.feeds import FeedKey

Target = tuple[str, FeedKey]


class InProcessSignal:
    """Remembers nothing but who waits: one flag for each subscription, however many hints come."""

    def __init__(self) -> None:
        self._waiting: dict[Target, set[InProcessSubscription]] = {}

    def subscribe(self, tenant: str, feeds: Collection[FeedKey]) -> InProcessSubscription:
        subscription = InProcessSubscription(self, [(tenant, feed) for feed in feeds])
        for target in subscription.targets:
            self._waiting.setdefault(target, set()).add(subscription)
        return subscription

    def notify(self, tenant: str, feeds: Collection[FeedKey]) -> None:
        for feed in feeds:
            for subscription in self._waiting.get((tenant, feed), ()):
                subscription.hint()

    def forget(self, subscription: InProcessSubscription) -> None:
        """Takes a subscription off the lists."""
        for target in subscription.targets:
            waiting = self._waiting.get(target, set())
            waiting.discard(subscription)
            if not waiting:
                self._waiting.pop(target, None)

    def close(self) -> None:
        """Wakes everybody, so that nobody sleeps on what has come to its end."""
        for waiting in self._waiting.values():
            for subscription in waiting:
                subscription.hint()


class InProcessSubscription:
    """Raised by a hint, lowered by the end of a wait: a hint in between is never lost."""

    def __init__(self, signal: InProcessSignal, targets: list[Target]) -> None:
        self.targets = targets
        self._signal = signal
        self._hinted = asyncio.Event()

    def hint(self) -> None:
        self._hinted.set()

    async def wait(self, timeout: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._hinted.wait()
        self._hinted.clear()

    def close(self) -> None:
        self._signal.forget(self)
        self._hinted.set()
