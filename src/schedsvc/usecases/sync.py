"""Deltas by token: one walk over the changes of several feeds, told whole, or its updates, or its tombstones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from schedsvc.domain.changes import Change
from schedsvc.domain.errors import InvalidInput, ResourceNotFound, SyncTokenInvalid, Violation
from schedsvc.domain.feeds import FeedHead, FeedKey, FeedKind, calendar_of, feed_resource, profile_of
from schedsvc.domain.grants import Grant
from schedsvc.domain.intervals import Interval
from schedsvc.domain.limits import SYNC_WINDOW_DAYS, TOKEN_BYTES
from schedsvc.domain.positions import BEGINNING, Family, Position, SyncState, end_of, unpack
from schedsvc.domain.principals import Principal
from schedsvc.domain.ranges import RangeRequest, resolve
from schedsvc.domain.roles import Role
from schedsvc.domain.tokens import Sealer, TokenInvalid
from schedsvc.domain.weights import weigh_change
from schedsvc.domain.windows import Seen, gone, inside, seen
from schedsvc.repositories.base import Clock, Read, Store
from schedsvc.usecases.access import require_account, role_missing
from schedsvc.usecases.feeds import as_read, grants_on, live, require_readable, require_same_access, role_of, shared
from schedsvc.usecases.requests import fit

PURPOSE = "sync"
LAST_REVISION = 2**63 - 1
CHUNK = 250


@dataclass(frozen=True, slots=True)
class SyncTokens:
    """The tokens to begin with."""

    updated: str
    deleted: str
    changes: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class WalkPage:
    """A page of a walk; exactly one of the tokens is set."""

    changes: list[tuple[FeedKey, list[Seen]]]
    next_page_token: str
    next_delta_token: str
    generation: str
    complete: bool
    valid_until: datetime


@dataclass(slots=True)
class _Gathered:
    """What a page holds so far."""

    room: int
    bytes_left: int
    changes: list[tuple[FeedKey, list[Seen]]] = field(default_factory=list)

    def add(self, feed: FeedKey, found: list[Seen], weight: int) -> None:
        self.bytes_left -= weight
        self.room -= len(found)
        if found:
            self.changes.append((feed, found))


class Tokens:
    """Sync tokens as text, valid for `retention` from the moment they are given out."""

    def __init__(self, sealer: Sealer, retention: timedelta) -> None:
        self._sealer = sealer
        self.retention = retention

    def seal(self, principal: Principal, state: SyncState) -> str:
        return self._sealer.seal(state.pack(), PURPOSE, principal.tenant, principal.account or "")

    def open(self, principal: Principal, token: str, family: Family) -> SyncState:
        """Raises SyncTokenInvalid, with one text for every cause."""
        try:
            state = unpack(self._sealer.open(token, PURPOSE, principal.tenant, principal.account or ""))
        except TokenInvalid:
            raise invalid_token() from None
        if state.family is not family:
            raise invalid_token()
        return state


class Sync:
    """`new_id` names the generations of full loads."""

    def __init__(self, store: Store, clock: Clock, tokens: Tokens, new_id: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._tokens = tokens
        self._new_id = new_id

    async def start(
        self, principal: Principal, targets: Sequence[FeedKey], asked: RangeRequest, *, skip_initial: bool = False
    ) -> SyncTokens:
        """Stores nothing. Raises ResourceNotFound for a calendar or profile that does not exist."""
        window = resolve(asked, "UTC", SYNC_WINDOW_DAYS)
        async with self._store.snapshot(principal.tenant) as tx:
            grants = await _granted(tx, principal, targets)
            await _require_live(tx, targets)
            heads = await tx.heads(targets)
        now = tuple(_behind(heads[feed], grants.get(feed)) for feed in targets)
        load = tuple(replace(position, at=BEGINNING, loading=True) for position in now)
        first = now if skip_initial else load
        self._require_short(principal, SyncState(Family.CHANGES, window, load, self._new_id()))
        return SyncTokens(
            updated=self._tokens.seal(principal, SyncState(Family.UPDATED, window, first)),
            deleted=self._tokens.seal(principal, SyncState(Family.DELETED, window, now)),
            changes=self._tokens.seal(principal, SyncState(Family.CHANGES, window, first)),
            valid_until=self._clock.now() + self._tokens.retention,
        )

    def _require_short(self, principal: Principal, state: SyncState) -> None:
        """Raises InvalidInput if the token could grow too long in the middle of a walk, when it says the most."""
        furthest = tuple(p.pinned(LAST_REVISION).moved(end_of(LAST_REVISION)) for p in state.positions)
        if len(self._tokens.seal(principal, replace(state, positions=furthest))) > TOKEN_BYTES:
            raise InvalidInput([Violation("targets", "have too long names together: start several syncs")])

    async def walk(self, principal: Principal, family: Family, token: str, size: int, budget: int) -> WalkPage:
        """The next page: at most `size` changes and about `budget` bytes. May be empty although the walk goes on."""
        state = self._tokens.open(principal, token, family)
        feeds = [position.feed for position in state.positions]
        gathered = _Gathered(size, budget)
        async with self._store.snapshot(principal.tenant) as tx:
            grants = await grants_on(tx, principal, feeds)
            for position in state.positions:
                require_same_access(principal, position, grants.get(position.feed))
            state = self._begun(state, await tx.heads(feeds))
            roles = {feed: role_of(grants.get(feed)) for feed in feeds}
            positions = [await _advance(tx, state, p, gathered, roles[p.feed]) for p in state.positions]
        return self._page(principal, replace(state, positions=tuple(positions)), gathered)

    def _begun(self, state: SyncState, heads: Mapping[FeedKey, FeedHead]) -> SyncState:
        """The state with marks: those of its first page, or the heads if this is the first page."""
        readable = {position.feed: require_readable(position, heads) for position in state.positions}
        if any(position.mark is not None for position in state.positions):
            return state
        pinned = tuple(_pinned(position, readable[position.feed].revision) for position in state.positions)
        loading = any(position.loading for position in state.positions)
        return replace(state, positions=pinned, generation=self._new_id() if loading else "")

    def _page(self, principal: Principal, state: SyncState, gathered: _Gathered) -> WalkPage:
        done = all(position.mark is None for position in state.positions)
        following = replace(state, generation="") if done else state
        token = self._tokens.seal(principal, following)
        return WalkPage(
            changes=gathered.changes,
            next_page_token="" if done else token,
            next_delta_token=token if done else "",
            generation=state.generation,
            complete=done and bool(state.generation),
            valid_until=self._clock.now() + self._tokens.retention,
        )


def _pinned(position: Position, mark: int) -> Position:
    """Up to `mark`, from the last revision that was told whole: a stream may have been cut in the middle of one."""
    begun = position.pinned(mark)
    revision = position.at.revision
    return begun if position.at == end_of(revision) else replace(begun, since=revision - 1)


async def _advance(tx: Read, state: SyncState, position: Position, gathered: _Gathered, role: Role) -> Position:
    """Takes from one feed what still fits; the position after it, without a mark once the feed is done."""
    if position.mark is None or position.since is None:
        # Done on an earlier page of this walk: its changes since then belong to the next one.
        return position
    since, mark = position.since, position.mark
    done = not position.loading and position.at >= end_of(mark)
    while not done and gathered.room > 0 and gathered.bytes_left > 0:
        limit = min(gathered.room, CHUNK)
        changes = await _next_changes(tx, state.window, position, since, mark, limit)
        taken = changes[: fit(changes, weigh_change, gathered.bytes_left)]
        told = await _told(tx, state, position, taken)
        gathered.add(position.feed, as_read(told, role), sum(map(weigh_change, taken)))
        position = position.moved(taken[-1].place) if taken else position
        done = len(taken) == len(changes) < limit
    return position.caught_up() if done else position


async def _next_changes(
    tx: Read, window: Interval | None, position: Position, since: int, mark: int, limit: int
) -> Sequence[Change]:
    if position.loading:
        return await live(tx, position, window, mark, limit)
    return await tx.changes.net(position.feed, since, position.at, mark, limit)


async def _told(tx: Read, state: SyncState, position: Position, changes: Sequence[Change]) -> list[Seen]:
    """What the family tells of the net changes of a delta."""
    if state.family is Family.DELETED:
        return await _tombstones(tx, state.window, position, changes)
    views = [view for change in changes if (view := seen(change, state.window))]
    return views if state.family is Family.CHANGES else [view for view in views if view.reason is None]


async def _tombstones(tx: Read, window: Interval | None, position: Position, changes: Sequence[Change]) -> list[Seen]:
    """The records that a consumer must not have any more.

    A walk of updates stands elsewhere and may have told a record that came and went since this walk began. So every
    record that is gone is told, unless it never was in the window.
    """
    views = [view for change in changes if (view := gone(change, window))]
    doubtful = [v.change.resource_id for v in views if v.change.resource_id and not inside(v.change.previous, window)]
    if window is None or not doubtful or position.since is None or position.mark is None:
        return views
    told = await tx.changes.ever_inside(position.feed, position.since, position.mark, doubtful, window)
    never = set(doubtful).difference(told)
    return [view for view in views if view.change.resource_id not in never]


async def _granted(tx: Read, principal: Principal, targets: Sequence[FeedKey]) -> Mapping[FeedKey, Grant]:
    """The grants on calendars of others; raises RoleMissing for the first target that the caller may not read."""
    grants, foreign = await grants_on(tx, principal, targets), set(shared(principal, targets))
    for target in targets:
        if target not in foreign:
            require_account(principal, target.account)
        elif target not in grants or grants[target].role < Role.READER:
            raise role_missing(calendar_of(target), Role.READER)
    return grants


def _behind(head: FeedHead, grant: Grant | None) -> Position:
    """The position after everything that there is now."""
    return Position(head.key, head.epoch, end_of(head.revision), False, access=grant.edition if grant else None)


async def _require_live(tx: Read, targets: Sequence[FeedKey]) -> None:
    """Raises ResourceNotFound for the first target that does not exist (any more)."""
    calendars = await tx.calendars.get_many([calendar_of(t) for t in targets if t.kind is FeedKind.CALENDAR])
    for target in targets:
        if target.kind is FeedKind.CALENDAR and calendar_of(target) not in calendars:
            raise ResourceNotFound("schedsvc/Calendar", feed_resource(target))
        if target.kind is FeedKind.PROFILE and await tx.profiles.get(profile_of(target)) is None:
            raise ResourceNotFound("schedsvc/BookingProfile", feed_resource(target))


def invalid_token() -> SyncTokenInvalid:
    """What is said of every token that does not fit, whatever the cause."""
    return SyncTokenInvalid("the token is not one of this server for this method and caller: start a new sync")
