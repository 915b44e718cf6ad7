"""Changes of feeds on the wire."""

from __future__ import annotations

from collections.abc import Iterable

from schedsvc.domain.bookings import Booking
from schedsvc.domain.changes import Change, TombstoneReason
from schedsvc.domain.feeds import FeedKey, FeedKind, feed_resource
from schedsvc.domain.windows import Seen
from schedsvc.rpc.codec import bookings, events
from schedsvc.rpc.codec.time import encode_datetime, fill_datetime
from schedsvc.usecases.following import Batch, Bookmark, Message
from schedsvc.usecases.sync import SyncTokens, WalkPage
from schedsvc.v1 import changes_pb2 as pb

DEFAULT_HEARTBEAT = 15.0

_CHILDREN = {FeedKind.CALENDAR: "events", FeedKind.PROFILE: "bookings"}


def encode_tokens(tokens: SyncTokens) -> pb.StartSyncResponse:
    """The tokens to begin with; calendars of this service are always ready."""
    return pb.StartSyncResponse(
        ready=True,
        updated_token=tokens.updated,
        deleted_token=tokens.deleted,
        change_token=tokens.changes,
        token_valid_until=encode_datetime(tokens.valid_until),
    )


def encode_changes(page: WalkPage) -> pb.ListChangesResponse:
    return pb.ListChangesResponse(
        feeds=_feeds(page),
        next_page_token=page.next_page_token,
        next_delta_token=page.next_delta_token,
        generation=page.generation,
        complete=page.complete,
        token_valid_until=encode_datetime(page.valid_until),
    )


def encode_updated(page: WalkPage) -> pb.ListUpdatedResponse:
    return pb.ListUpdatedResponse(
        feeds=_feeds(page),
        next_page_token=page.next_page_token,
        next_delta_token=page.next_delta_token,
        generation=page.generation,
        complete=page.complete,
        token_valid_until=encode_datetime(page.valid_until),
    )


def encode_deleted(page: WalkPage) -> pb.ListDeletedResponse:
    return pb.ListDeletedResponse(
        feeds=_feeds(page),
        next_page_token=page.next_page_token,
        next_delta_token=page.next_delta_token,
        token_valid_until=encode_datetime(page.valid_until),
    )


def encode_message(message: Message) -> pb.StreamChangesResponse:
    """A message of a stream."""
    if isinstance(message, Batch):
        return pb.StreamChangesResponse(batch=_batch(message))
    if isinstance(message, Bookmark):
        marks = [pb.Bookmark.Feed(feed=feed_resource(feed), resume_token=token) for feed, token in message.tokens]
        return pb.StreamChangesResponse(bookmark=pb.Bookmark(feeds=marks))
    return pb.StreamChangesResponse(resync_required=feed_resource(message.feed))


def decode_heartbeat(request: pb.StreamChangesRequest) -> float:
    """Seconds between signs of life."""
    if not request.HasField("heartbeat"):
        return DEFAULT_HEARTBEAT
    return request.heartbeat.seconds + request.heartbeat.nanos / 1e9


def _batch(batch: Batch) -> pb.ChangeBatch:
    return pb.ChangeBatch(
        changes=encode_feed(batch.feed, batch.changes),
        resume_token=batch.resume_token,
        txn_continues=batch.txn_continues,
        generation=batch.generation,
        complete=batch.complete,
    )


def _feeds(page: WalkPage) -> list[pb.FeedChanges]:
    return [encode_feed(feed, views) for feed, views in page.changes]


def encode_feed(feed: FeedKey, views: Iterable[Seen]) -> pb.FeedChanges:
    """Changes of one feed, as a window sees them, in their order."""
    out = pb.FeedChanges(feed=feed_resource(feed))
    for view in views:
        _fill(out.changes.add(), view)
    return out


def _fill(out: pb.Change, view: Seen) -> None:
    change = view.change
    out.revision = change.place.revision
    out.index = change.place.index
    out.kind = pb.ChangeKind.ValueType(view.kind)
    if change.cause is not None:
        out.cause = pb.ChangeCause.ValueType(change.cause)
    if view.reason is not None or change.record is None:
        _fill_tombstone(out.tombstone, change, view.reason or TombstoneReason.DELETED)
    elif isinstance(change.record, Booking):
        bookings.fill(out.booking, change.record)
    else:
        events.fill(out.event, change.record)


def _fill_tombstone(out: pb.Tombstone, change: Change, reason: TombstoneReason) -> None:
    out.name = _name(change.feed, change.resource_id)
    if change.feed.kind is FeedKind.CALENDAR:
        out.ical_uid = change.uid
    out.reason = pb.Tombstone.Reason.ValueType(reason)
    fill_datetime(out.delete_time, change.time)
    if change.moved_to is not None:
        out.moved_to = str(change.moved_to)


def _name(feed: FeedKey, resource_id: str) -> str:
    """Of the record, or of the feed's own resource where there is no id."""
    if not resource_id:
        return feed_resource(feed)
    return f"{feed_resource(feed)}/{_CHILDREN[feed.kind]}/{resource_id}"
