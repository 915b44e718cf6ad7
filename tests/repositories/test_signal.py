"""Hints: none is lost between looking and waiting, none is kept for those who left."""

from __future__ import annotations

import asyncio

import pytest

from schedsvc.domain.feeds import FeedKey, FeedKind
from schedsvc.repositories.base import Subscription
from schedsvc.repositories.sql.signal import InProcessSignal

A, B, C = (FeedKey(FeedKind.CALENDAR, id_) for id_ in "abc")
LONG = 60.0


async def hinted(subscription: Subscription) -> bool:
    """Whether a wait ends at once."""
    waiting = asyncio.ensure_future(subscription.wait(LONG))
    for _ in range(10):
        await asyncio.sleep(0)
    if waiting.done():
        return True
    waiting.cancel()
    return False


async def test_a_hint_wakes_those_who_wait_for_the_feed_and_nobody_else() -> None:
    signal = InProcessSignal()
    both, one = signal.subscribe("t", [A, B]), signal.subscribe("t", [B])
    elsewhere, foreign = signal.subscribe("t", [C]), signal.subscribe("other", [A, B, C])
    signal.notify("t", [A])
    assert [await hinted(s) for s in (both, one, elsewhere, foreign)] == [True, False, False, False]


async def test_a_sleeping_subscriber_is_woken() -> None:
    signal = InProcessSignal()
    subscription = signal.subscribe("t", [A])
    waiting = asyncio.create_task(subscription.wait(LONG))
    await asyncio.sleep(0)
    assert not waiting.done()
    signal.notify("t", [A])
    async with asyncio.timeout(10):
        await waiting


async def test_a_hint_before_the_wait_is_not_lost() -> None:
    signal = InProcessSignal()
    subscription = signal.subscribe("t", [A])
    signal.notify("t", [A])
    assert await hinted(subscription)


async def test_many_hints_are_one_and_a_wait_uses_it_up() -> None:
    signal = InProcessSignal()
    subscription = signal.subscribe("t", [A, B])
    for _ in range(1000):
        signal.notify("t", [A, B])
    assert await hinted(subscription)
    assert not await hinted(subscription)


async def test_a_wait_ends_at_its_timeout() -> None:
    subscription = InProcessSignal().subscribe("t", [A])
    await subscription.wait(0)
    await subscription.wait(0.001)


async def test_a_cancelled_wait_loses_no_hint() -> None:
    signal = InProcessSignal()
    subscription = signal.subscribe("t", [A])
    waiting = asyncio.create_task(subscription.wait(LONG))
    await asyncio.sleep(0)
    waiting.cancel()
    signal.notify("t", [A])
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await hinted(subscription)


async def test_closing_wakes_the_waiting_and_forgets_the_subscription() -> None:
    signal = InProcessSignal()
    subscriptions = [signal.subscribe("t", [A, B]) for _ in range(100)]
    waiting = asyncio.create_task(subscriptions[0].wait(LONG))
    await asyncio.sleep(0)
    for subscription in subscriptions:
        subscription.close()
        subscription.close()
    async with asyncio.timeout(10):
        await waiting
    assert signal._waiting == {}
    signal.notify("t", [A])


async def test_the_end_of_the_store_wakes_everybody() -> None:
    signal = InProcessSignal()
    subscriptions = [signal.subscribe("t", [A]), signal.subscribe("u", [B])]
    signal.close()
    assert [await hinted(subscription) for subscription in subscriptions] == [True, True]
