"""Streams of changes: catch up from the log, then wait for hints, without a gap and without an end of its own.

A stream subscribes to the signal before it reads the log, and looks again at least every `poll` seconds, so a lost
hint delays a change and never loses it. No database connection is held while it waits. However it ends, the last
token that it sent for a feed resumes that feed.

Grants are looked at whenever the version of their calendar's feed has moved, which every write to them does, and at
every heartbeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from schedsvc.domain.changes import Change
from schedsvc.domain.errors import (
    DomainError,
    InvalidInput,
    ServerDraining,
    SlowConsumer,
    StreamExpired,
    SyncTokenExpired,
    Violation,
)
from schedsvc.domain.feeds import FeedHead, FeedKey, feed_resource
from schedsvc.domain.grants import Grant
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import STREAM_FEEDS
from schedsvc.domain.positions import Family, Position, SyncState, end_of
from schedsvc.domain.principals import Principal
from schedsvc.domain.weights import weigh_change
from schedsvc.domain.windows import Seen, seen
from schedsvc.repositories.base import Read, Store, Subscription
from schedsvc.usecases.feeds import (
    as_read,
    grants_on,
    live,
    require_readable,
    require_same_access,
    role_of,
    shared,
    whole_revisions,
)
from schedsvc.usecases.requests import fit
from schedsvc.usecases.sync import Tokens, invalid_token


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes of one feed and the token that resumes it after them."""

    feed: FeedKey
    changes: list[Seen]
    resume_token: str
    txn_continues: bool = False
    generation: str = ""
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Fresh tokens of feeds in which nothing happened."""

    tokens: list[tuple[FeedKey, str]]


@dataclass(frozen=True, slots=True)
class ResyncRequired:
    """The feed cannot be resumed without a hole; the stream ends after this."""

    feed: FeedKey


Message = Batch | Bookmark | ResyncRequired
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Seconds, changes and bytes that bound a stream."""

    max_age: float = 25 * 60
    stall: float = 30
    poll: float = 1
    renewal: float = 2
    batch_changes: int = 500
    batch_bytes: int = 1024 * 1024


class Following:
    """`timer` counts seconds monotonically; `jitter` gives a factor around 1 that spreads the ends of streams."""

    def __init__(
        self,
        store: Store,
        tokens: Tokens,
        new_id: Callable[[], str],
        timer: Callable[[], float],
        jitter: Callable[[], float],
        limits: StreamLimits,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._new_id = new_id
        self._timer = timer
        self._jitter = jitter
        self._limits = limits

    async def run(
        self,
        principal: Principal,
        tokens: Sequence[str],
        heartbeat: float,
        send: Send,
        closing: Callable[[], bool],
        renew: Callable[[], Awaitable[None]],
    ) -> None:
        """Sends until the stream ends: by its age, a slow reader, a feed to resync, or `closing`.

        `renew` is asked every few seconds whether the caller may still read; what it raises ends the stream.
        """
        states = self._states(principal, tokens)
        others = shared(principal, states)
        stream = _Stream(self._store, self._tokens, self._new_id, self._limits, principal, states, send, others)
        subscription = self._store.signal.subscribe(principal.tenant, list(states))
        try:
            if len(states) > len(tokens):
                # A feed that has spoken cannot be resumed with the token of several: each gets one of its own first.
                await stream.bookmark()
            await self._follow(stream, subscription, heartbeat, closing, renew)
        finally:
            subscription.close()

    async def _follow(
        self,
        stream: _Stream,
        subscription: Subscription,
        heartbeat: float,
        closing: Callable[[], bool],
        renew: Callable[[], Awaitable[None]],
    ) -> None:
        end = self._timer() + self._limits.max_age * self._jitter()
        spoken = renewed = self._timer()
        while True:
            if self._timer() - renewed >= self._limits.renewal:
                await renew()
                renewed = self._timer()
            spoke = await stream.advance()
            ending = self._ending(closing, end)
            if ending is not None:
                await stream.bookmark()
                raise ending
            if not spoke and self._timer() - spoken >= heartbeat:
                stream.recheck_access()
                await stream.bookmark()
                spoke = True
            if spoke:
                spoken = self._timer()
            else:
                await subscription.wait(self._limits.poll)

    def _ending(self, closing: Callable[[], bool], end: float) -> DomainError | None:
        if closing():
            return ServerDraining("the server is shutting down: resume with the last token of each feed")
        if self._timer() >= end:
            return StreamExpired("the stream has reached its greatest age: resume with the last token of each feed")
        return None

    def _states(self, principal: Principal, tokens: Sequence[str]) -> dict[FeedKey, SyncState]:
        """One state for each feed of the tokens; raises for a bad token and for a feed that is named twice."""
        states: dict[FeedKey, SyncState] = {}
        for number, token in enumerate(tokens):
            state = self._tokens.open(principal, token, Family.CHANGES)
            for position in state.positions:
                if position.mark is not None and not position.loading:
                    # In the middle of a delta, which told less than every change: a stream cannot go on from there.
                    raise invalid_token()
                if position.feed in states:
                    raise _bad(f"tokens[{number}]", f"{feed_resource(position.feed)} is in two tokens")
                states[position.feed] = _alone(state, position)
        if len(states) > STREAM_FEEDS:
            raise _bad("tokens", f"hold {len(states)} feeds, at most {STREAM_FEEDS} can be streamed at once")
        return states


@dataclass(slots=True)
class _Stream:
    """One stream on its way; `states` says where it stands in each feed.

    `shared` are the calendars of others, `grants` those of the caller on them, as of their feeds' `versions`.
    """

    store: Store
    tokens: Tokens
    new_id: Callable[[], str]
    limits: StreamLimits
    principal: Principal
    states: dict[FeedKey, SyncState]
    send: Send
    shared: Sequence[FeedKey]
    grants: dict[FeedKey, Grant] = field(default_factory=dict)
    versions: dict[FeedKey, int] = field(default_factory=dict)

    async def advance(self) -> bool:
        """Sends the next batch of every feed that moved; whether anything was sent."""
        async with self.store.read(self.principal.tenant) as tx:
            heads = await tx.heads(self.states)
            await self._look_up_grants(tx, heads)
        spoke = False
        for feed in list(self.states):
            head = await self._readable(feed, heads)
            if _moved(self.states[feed], head):
                spoke |= await self._next(feed, head)
        return spoke

    def recheck_access(self) -> None:
        """Has `advance` look up all grants anew."""
        self.versions.clear()

    async def _look_up_grants(self, tx: Read, heads: Mapping[FeedKey, FeedHead]) -> None:
        """Those on feeds whose version has moved. The heads are the older ones, so that no later write is missed."""
        versions = {feed: heads[feed].version for feed in self.shared if feed in heads}
        moved = [feed for feed in self.shared if feed not in versions or self.versions.get(feed) != versions[feed]]
        if not moved:
            return
        found = await grants_on(tx, self.principal, moved)
        self.grants = {feed: grant for feed, grant in self.grants.items() if feed not in moved} | found
        self.versions = versions

    async def bookmark(self) -> None:
        """Renews the tokens of all feeds."""
        await self._put(Bookmark([(feed, self._token(state)) for feed, state in self.states.items()]))

    async def _readable(self, feed: FeedKey, heads: Mapping[FeedKey, FeedHead]) -> FeedHead:
        (position,) = self.states[feed].positions
        try:
            require_same_access(self.principal, position, self.grants.get(feed))
            return require_readable(position, heads)
        except SyncTokenExpired:
            await self._put(ResyncRequired(feed))
            raise

    async def _next(self, feed: FeedKey, head: FeedHead) -> bool:
        """Reads a batch of one feed, lets the connection go, and sends the batch unless the window sees nothing."""
        before = self._begun(self.states[feed], head)
        async with self.store.read(self.principal.tenant) as tx:
            found = await _read(tx, before, head, self.limits)
        after = replace(before, positions=(found.position,), generation=before.generation if found.loading else "")
        self.states[feed] = after
        views = [view for change in found.changes if (view := seen(change, before.window))]
        views = as_read(views, role_of(self.grants.get(feed)))
        if not views and not found.completes:
            return False
        token = self._token(after)
        await self._put(Batch(feed, views, token, found.cut, before.generation, found.completes))
        return True

    def _begun(self, state: SyncState, head: FeedHead) -> SyncState:
        """A load gets its mark and its generation, which outlast resumptions."""
        (position,) = state.positions
        if not position.loading or position.mark is not None:
            return state
        return replace(state, positions=(position.pinned(head.revision),), generation=self.new_id())

    def _token(self, state: SyncState) -> str:
        return self.tokens.seal(self.principal, state)

    async def _put(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self.limits.stall):
                await self.send(message)
        except TimeoutError:
            text = f"nothing was read for {self.limits.stall:g} seconds: resume with the last token of each feed"
            raise SlowConsumer(text) from None


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of a feed and where that leads. `cut`: the last revision goes on in the next batch."""

    changes: Sequence[Change]
    position: Position
    cut: bool = False
    loading: bool = False
    completes: bool = False


async def _read(tx: Read, state: SyncState, head: FeedHead, limits: StreamLimits) -> _Found:
    (position,) = state.positions
    if position.loading and position.mark is not None:
        return await _load(tx, state.window, position, position.mark, limits)
    changes = await tx.changes.log(position.feed, position.at, head.revision, limits.batch_changes + 1)
    fitting = min(fit(changes, weigh_change, limits.batch_bytes), limits.batch_changes)
    whole, cut = whole_revisions(changes, fitting)
    if not whole:
        return _Found(whole, position.moved(end_of(head.revision)))
    last = whole[-1].place
    return _Found(whole, position.moved(last if cut else end_of(last.revision)), cut)


async def _load(tx: Read, window: Interval | None, position: Position, mark: int, limits: StreamLimits) -> _Found:
    changes = await live(tx, position, window, mark, limits.batch_changes)
    taken = changes[: fit(changes, weigh_change, limits.batch_bytes)]
    if len(taken) == len(changes) < limits.batch_changes:
        return _Found(taken, position.caught_up(), completes=True)
    return _Found(taken, position.moved(taken[-1].place), loading=True)


def _alone(state: SyncState, position: Position) -> SyncState:
    """The state of one feed: only a load has a generation."""
    return replace(state, positions=(position,), generation=state.generation if position.loading else "")


def _moved(state: SyncState, head: FeedHead) -> bool:
    (position,) = state.positions
    return position.loading or position.at < end_of(head.revision)


def _bad(field: str, description: str) -> InvalidInput:
    return InvalidInput([Violation(field, description)])
