"""What a window makes of the changes of a feed.

A record is inside if its extent overlaps the window; one of no length is inside if it starts there. Whether it was
inside before is told by the extent that the change log kept, so no consumer state is needed: into the window is an
update that enters, out of it a tombstone, outside on both sides nothing at all. An event that moved to another calendar
is gone like a deleted one: a tombstone to those who could have a copy, with its own reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from schedsvc.domain.changes import Change, ChangeKind, TombstoneReason
from schedsvc.domain.intervals import Interval


class SeenKind(IntEnum):
    """What a change is to a consumer. Values are those of the proto enum."""

    CREATED = 1
    UPDATED = 2
    DELETED = 3
    ENTERED = 4
    LEFT = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """A change as a consumer's window sees it; a tombstone if `reason` is set."""

    change: Change
    kind: SeenKind
    reason: TombstoneReason | None = None


def inside(extent: Interval | None, window: Interval | None) -> bool:
    """Whether a record with this extent belongs to the window; None as a window is all of time."""
    if extent is None:
        return False
    if window is None:
        return True
    start, end = extent
    return start < window[1] and (end > window[0] or start == end == window[0])


def seen(change: Change, window: Interval | None) -> Seen | None:
    """The change as the window sees it; None if it sees nothing.

    `change.previous` is the extent that the consumer knew: the one before a single change, or the one at the
    beginning of a delta. A record that it never knew needs no tombstone.
    """
    if change.kind is ChangeKind.DELETED:
        return _deleted(change, window)
    now, before = inside(change.extent, window), inside(change.previous, window)
    if now and before:
        return Seen(change, SeenKind.UPDATED)
    if now:
        return Seen(change, SeenKind.CREATED if change.previous is None else SeenKind.ENTERED)
    return Seen(change, SeenKind.LEFT, TombstoneReason.OUT_OF_WINDOW) if before else None


def gone(change: Change, window: Interval | None) -> Seen | None:
    """The tombstone for a record that is not in the window at the end of a delta; None if it is.

    Whether the consumer ever had a copy is another question: it may have got one from another walk in between.
    """
    if change.kind is ChangeKind.DELETED:
        return Seen(change, SeenKind.DELETED, change.reason)
    if inside(change.extent, window):
        return None
    return Seen(change, SeenKind.LEFT, TombstoneReason.OUT_OF_WINDOW)


def _deleted(change: Change, window: Interval | None) -> Seen | None:
    whole_feed = change.reason is TombstoneReason.CALENDAR_DELETED
    if whole_feed or inside(change.previous, window):
        return Seen(change, SeenKind.DELETED, change.reason)
    return None
