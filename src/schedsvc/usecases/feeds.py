"""Reading feeds: the one way in which changes leave the database, for walks and for streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schedsvc.domain.bookings import Booking
from schedsvc.domain.changes import Change, ChangeKind, Place
from schedsvc.domain.errors import SyncTokenExpired
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedHead, FeedKey, FeedKind, calendar_of, profile_of
from schedsvc.domain.intervals import Interval
from schedsvc.domain.positions import Position
from schedsvc.repositories.base import Read


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
