"""Reading feeds: the one way in which changes leave the database, for walks and for streams.

Calendars of other accounts are read by a grant. Its edition is in the token, so that a token ends with the role that it
was given for, and its role decides what the events show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from schedsvc.domain.bookings import Booking
from schedsvc.domain.changes import Change, ChangeKind, Place
from schedsvc.domain.errors import SyncTokenExpired
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedHead, FeedKey, FeedKind, calendar_feed, calendar_of, feed_resource, profile_of
from schedsvc.domain.grants import Grant
from schedsvc.domain.intervals import Interval
from schedsvc.domain.positions import Position
from schedsvc.domain.principals import Principal
from schedsvc.domain.roles import Role
from schedsvc.domain.visibility import as_seen
from schedsvc.domain.windows import Seen
from schedsvc.repositories.base import Read
from schedsvc.usecases.access import owns, require_account


def require_readable(position: Position, heads: Mapping[FeedKey, FeedHead]) -> FeedHead:
    """The feed's head; raises SyncTokenExpired if what follows the position cannot be told without a hole."""
    head = heads.get(position.feed)
    if head is None or head.epoch != position.epoch:
        raise _expired("EPOCH")
    if position.at.revision > head.revision:
        raise _expired("AHEAD")
    if not position.loading and position.at.revision < head.trimmed:
        raise SyncTokenExpired(
            "changes after the token have been trimmed: start a new sync", oldest_available=str(head.trimmed)
        )
    return head


def shared(principal: Principal, feeds: Collection[FeedKey]) -> list[FeedKey]:
    """Those of calendars of other accounts."""
    return [feed for feed in feeds if feed.kind is FeedKind.CALENDAR and not owns(principal, feed.account)]


async def grants_on(tx: Read, principal: Principal, feeds: Collection[FeedKey]) -> dict[FeedKey, Grant]:
    """What the caller's account was granted on those of other accounts; no query if there are none."""
    foreign = [calendar_of(feed) for feed in shared(principal, feeds)]
    if principal.account is None or not foreign:
        return {}
    found = await tx.grants.get_many(principal.account, foreign)
    return {calendar_feed(calendar): grant for calendar, grant in found.items()}


def require_same_access(principal: Principal, position: Position, grant: Grant | None) -> None:
    """Raises SyncTokenExpired unless the feed is the caller's or the grant is the one that the token was given for."""
    if position.access is None:
        require_account(principal, position.feed.account)
    elif grant is None or grant.edition != position.access:
        text = "the role on this calendar has changed since the sync was started: start a new one"
        raise SyncTokenExpired(text, cause="ACCESS_CHANGED", resource=feed_resource(position.feed))


def role_of(grant: Grant | None) -> Role:
    """Of whoever reads a feed by that grant, or by right (None)."""
    return Role.OWNER if grant is None else grant.role


def as_read(views: list[Seen], role: Role) -> list[Seen]:
    """The changes with what the role shows of their events."""
    return views if role >= Role.WRITER else [_as_read(view, role) for view in views]


def _as_read(view: Seen, role: Role) -> Seen:
    record = view.change.record
    if not isinstance(record, Event):
        return view
    return replace(view, change=replace(view.change, record=as_seen(record, role)))


async def live(tx: Read, position: Position, window: Interval | None, mark: int, limit: int) -> list[Change]:
    """The next live records of a full load, as if they were just created."""
    if position.feed.kind is FeedKind.CALENDAR:
        events = await tx.events.live(calendar_of(position.feed), window, position.at, mark, limit)
        return [_loaded(position.feed, event, event.name.event, event.uid) for event in events]
    bookings = await tx.bookings.live(profile_of(position.feed), window, position.at, mark, limit)
    return [_loaded(position.feed, booking, booking.name.booking, "") for booking in bookings]


def whole_revisions(changes: Sequence[Change], limit: int) -> tuple[Sequence[Change], bool]:
    """The first changes up to `limit` without cutting a revision, and whether one had to be cut after all.

    `changes` holds one change more than `limit` if there are more.
    """
    if len(changes) <= limit:
        return changes, False
    beyond = changes[limit].place.revision
    whole = [change for change in changes[:limit] if change.place.revision < beyond]
    return (whole, False) if whole else (changes[:limit], True)


def _loaded(feed: FeedKey, record: Event | Booking, resource_id: str, uid: str) -> Change:
    return Change(
        feed=feed,
        place=Place(record.revision, record.index),
        kind=ChangeKind.CREATED,
        reason=None,
        resource_id=resource_id,
        uid=uid,
        extent=record.extent,
        previous=None,
        born=record.born,
        time=record.update_time,
        record=record,
    )


def _expired(cause: str) -> SyncTokenExpired:
    return SyncTokenExpired("the token is of another life of the feed: start a new sync", cause=cause)
