"""Locks on feeds that must be found before they can be named.

Some writes learn from the database which feeds they need. They look without a lock, lock what they found, look again
and, should more have come in between, begin anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeVar

from schedsvc.domain.errors import Contended
from schedsvc.domain.feeds import FeedHead, FeedKey

T = TypeVar("T")
ATTEMPTS = 3


class FeedsMoved(Exception):
    """What has to be locked is no longer what was locked."""


def require_locked(locked: Mapping[FeedKey, FeedHead], needed: Collection[FeedKey]) -> None:
    """Raises FeedsMoved unless every needed feed is locked."""
    if not all(feed in locked for feed in needed):
        raise FeedsMoved


async def until_locked(attempt: Callable[[], Awaitable[T]]) -> T:
    """Runs `attempt` until it finds its locks right; raises Contended after the third time."""
    for _ in range(ATTEMPTS):
        try:
            return await attempt()
        except FeedsMoved:
            continue
    raise Contended("the resources involved keep changing: try again")
