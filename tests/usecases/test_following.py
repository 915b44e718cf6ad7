"""Streams on a clock of the test's own: signs of life, greatest age, slow readers, and where each leaves its reader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from schedsvc.domain.changes import Change, ChangeKind, Place
from schedsvc.domain.errors import ServerDraining, SlowConsumer, StreamExpired, Unauthenticated
from schedsvc.domain.feeds import FeedKey, FeedKind, calendar_feed, profile_feed
from schedsvc.domain.positions import Family
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases.event_writes import Creation
from schedsvc.usecases.feeds import whole_revisions
from schedsvc.usecases.following import Batch, Bookmark, Following, Message, StreamLimits
from tests.usecases.conftest import ADMIN, INTRO, NOW, SIDE, Process
from tests.usecases.drafts import HOUR, booking_draft, event_draft

HEARTBEAT = 15.0


@dataclass
class Timer:
    """Seconds that pass only while a stream waits for something to happen."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    at: dict[int, Callable[[], Any]] = field(default_factory=dict)

    def __call__(self) -> float:
        return self.seconds


class TimedSubscription:
    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self.closed = False

    async def wait(self, timeout: float) -> None:
        """Whatever is to happen at this wait happens now; the time passes without anybody's waiting for it."""
        happening = self._timer.at.pop(len(self._timer.waits), None)
        self._timer.waits.append(timeout)
        self._timer.seconds += timeout
        if happening is not None:
            await happening()
        await asyncio.sleep(0)

    def close(self) -> None:
        self.closed = True


class TimedStore:
    """A store whose signal wakes nobody: only the poll finds what happened."""

    def __init__(self, store: SqlStore, timer: Timer) -> None:
        self._store = store
        self._timer = timer
        self.subscriptions: list[TimedSubscription] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def signal(self) -> TimedStore:
        return self

    def subscribe(self, _tenant: str, _feeds: Collection[FeedKey]) -> TimedSubscription:
        self.subscriptions.append(TimedSubscription(self._timer))
        return self.subscriptions[-1]


@dataclass
class Stream:
    """A stream that runs until it ends by itself, and all it sent."""

    process: Process
    timer: Timer = field(default_factory=Timer)
    limits: StreamLimits = field(default_factory=lambda: StreamLimits(max_age=100))
    sent: list[Message] = field(default_factory=list)
    closing: bool = False
    principal: Principal = ADMIN
    renewed: int = 0
    revoked: bool = False

    async def run(self, *tokens: str) -> None:
        store: Any = TimedStore(self.process.store, self.timer)  # type: ignore[arg-type]
        following = Following(store, self.process.tokens, self.process.new_id, self.timer, lambda: 1.0, self.limits)
        try:
            await following.run(self.principal, tokens, HEARTBEAT, self.send, lambda: self.closing, self.renew)
        finally:
            assert [subscription.closed for subscription in store.subscriptions] == [True]

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def renew(self) -> None:
        self.renewed += 1
        if self.revoked:
            raise Unauthenticated("revoked")

    @property
    def batches(self) -> list[Batch]:
        return [message for message in self.sent if isinstance(message, Batch)]

    @property
    def bookmarks(self) -> list[Bookmark]:
        return [message for message in self.sent if isinstance(message, Bookmark)]


async def _token(process: Process, *targets: FeedKey) -> str:
    asked = RangeRequest(None, None)
    feeds = targets or (calendar_feed(SIDE),)
    return (await process.sync.start(ADMIN, feeds, asked, skip_initial=True)).changes


async def test_a_quiet_stream_says_so_at_every_heartbeat_and_ends_at_its_greatest_age(process: Process) -> None:
    stream = Stream(process)
    with pytest.raises(StreamExpired):
        await stream.run(await _token(process))
    assert stream.batches == []
    assert len(stream.bookmarks) == 100 // 15 + 1
    assert set(stream.timer.waits) == {1.0}


async def test_each_bookmark_has_a_token_for_every_feed_and_nothing_at_or_below_it_comes_later(
    process: Process,
) -> None:
    stream = Stream(process)
    feeds = [calendar_feed(SIDE), profile_feed(INTRO)]
    stream.timer.at = {
        20: lambda: process.events.create(ADMIN, NOW, SIDE, Creation("late", event_draft())),
        40: lambda: process.bookings.create(ADMIN, NOW, INTRO, "late", booking_draft(10 * HOUR)),
    }
    with pytest.raises(StreamExpired):
        await stream.run(*[await _token(process, feed) for feed in feeds])
    reached = dict.fromkeys(feeds, Place(0, 0))
    for message in stream.sent:
        if isinstance(message, Bookmark):
            assert {feed for feed, _ in message.tokens} == set(feeds)
            for feed, token in message.tokens:
                (position,) = process.tokens.open(ADMIN, token, Family.CHANGES).positions
                assert position.at >= reached[feed]
                reached[feed] = position.at
        elif isinstance(message, Batch):
            assert all(view.change.place > reached[message.feed] for view in message.changes)
            reached[message.feed] = message.changes[-1].change.place
    assert [batch.feed for batch in stream.batches] == [feeds[0], feeds[1]]


async def test_a_change_nobody_was_woken_for_is_found_by_the_next_poll(process: Process) -> None:
    """Hints may all be lost."""
    stream = Stream(process)
    stream.timer.at = {3: lambda: process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft()))}
    with pytest.raises(StreamExpired):
        await stream.run(await _token(process))
    assert [view.change.resource_id for view in stream.batches[0].changes] == ["e"]
    assert stream.sent[0] is stream.batches[0]


async def test_a_batch_counts_as_a_sign_of_life(process: Process) -> None:
    stream = Stream(process, limits=StreamLimits(max_age=28))
    stream.timer.at = {13: lambda: process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft()))}
    with pytest.raises(StreamExpired):
        await stream.run(await _token(process))
    assert [type(message) for message in stream.sent] == [Batch, Bookmark]


async def test_at_its_end_a_stream_renews_every_token_first(process: Process) -> None:
    stream = Stream(process)
    tokens = [await _token(process, calendar_feed(SIDE)), await _token(process, profile_feed(INTRO))]

    async def close() -> None:
        stream.closing = True

    stream.timer.at = {2: close}
    with pytest.raises(ServerDraining):
        await stream.run(*tokens)
    (last,) = stream.sent
    assert isinstance(last, Bookmark)
    assert len(last.tokens) == 2


async def test_the_last_batch_is_sent_before_a_draining_stream_ends(process: Process) -> None:
    stream = Stream(process)

    async def write_and_close() -> None:
        await process.events.create(ADMIN, NOW, SIDE, Creation("e", event_draft()))
        stream.closing = True

    stream.timer.at = {0: write_and_close}
    with pytest.raises(ServerDraining):
        await stream.run(await _token(process))
    assert [type(message) for message in stream.sent] == [Batch, Bookmark]


async def test_a_reader_that_takes_nothing_is_told_and_its_last_token_holds(process: Process) -> None:
    token = await _token(process)
    for number in range(3):
        await process.events.create(ADMIN, NOW, SIDE, Creation(f"e{number}", event_draft()))
    stream = Stream(process, limits=StreamLimits(stall=0.01, batch_changes=1))
    taken: list[Message] = []

    async def stuck(message: Message) -> None:
        if taken:
            await asyncio.Event().wait()
        taken.append(message)

    stream.send = stuck  # type: ignore[method-assign]
    with pytest.raises(SlowConsumer):
        await stream.run(token)
    (batch,) = taken
    assert isinstance(batch, Batch)
    again = Stream(process, limits=StreamLimits(max_age=5))
    with pytest.raises(StreamExpired):
        await again.run(batch.resume_token)
    assert [view.change.resource_id for view in again.batches[0].changes] == ["e1", "e2"]


async def test_changes_outside_the_window_move_the_token_though_nothing_is_sent(process: Process) -> None:
    asked = RangeRequest(0, 86_400)
    started = await process.sync.start(ADMIN, [calendar_feed(SIDE)], asked, skip_initial=True)
    for number in range(3):
        await process.events.create(ADMIN, NOW, SIDE, Creation(f"e{number}", event_draft()))
    stream = Stream(process, limits=StreamLimits(max_age=20))
    with pytest.raises(StreamExpired):
        await stream.run(started.changes)
    assert stream.batches == []
    ((_, token),) = stream.bookmarks[-1].tokens
    (position,) = process.tokens.open(ADMIN, token, Family.CHANGES).positions
    assert position.at.revision == 3


async def test_a_batch_is_bounded_in_bytes(process: Process) -> None:
    token = await _token(process)
    for number in range(6):
        await process.events.create(ADMIN, NOW, SIDE, Creation(f"e{number}", event_draft(description="x" * 8000)))
    stream = Stream(process, limits=StreamLimits(max_age=5, batch_bytes=20_000))
    with pytest.raises(StreamExpired):
        await stream.run(token)
    assert [len(batch.changes) for batch in stream.batches] == [2, 2, 2]


def _changes(*revisions: int) -> list[Change]:
    feed = FeedKey(FeedKind.CALENDAR, "a/b")
    made: list[Change] = []
    for revision in revisions:
        index = sum(change.place.revision == revision for change in made)
        made.append(
            Change(
                feed=feed,
                place=Place(revision, index),
                kind=ChangeKind.UPDATED,
                reason=None,
                resource_id=f"{revision}-{index}",
                uid="",
                extent=None,
                previous=None,
                born=0,
                time=None,  # type: ignore[arg-type]
                record=None,
            )
        )
    return made


@pytest.mark.parametrize(
    ("revisions", "limit", "taken", "cut"),
    [
        ([], 2, 0, False),
        ([1, 2], 2, 2, False),
        ([1, 2, 3], 2, 2, False),
        ([1, 2, 2], 2, 1, False),
        ([1, 1, 1], 2, 2, True),
        ([1, 1, 2], 2, 2, False),
        ([1, 2, 2, 2], 3, 1, False),
    ],
)
def test_a_revision_is_cut_only_if_it_does_not_fit_by_itself(
    revisions: Sequence[int], limit: int, taken: int, cut: bool
) -> None:
    changes = _changes(*revisions)
    assert whole_revisions(changes, limit) == (changes[:taken], cut)


async def test_a_stream_ends_soon_after_its_credential(process: Process) -> None:
    stream = Stream(process)

    async def revoke() -> None:
        stream.revoked = True

    stream.timer.at = {10: revoke}
    with pytest.raises(Unauthenticated):
        await stream.run(await _token(process))
    assert stream.timer() <= 10 + stream.limits.renewal + stream.limits.poll
    assert stream.renewed > 3
