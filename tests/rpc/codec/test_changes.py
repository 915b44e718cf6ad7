"""Changes as consumers get them: records, tombstones, and the end of a calendar."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedsvc.domain.changes import Change, ChangeKind, Place, TombstoneReason
from schedsvc.domain.feeds import calendar_feed, profile_feed
from schedsvc.domain.windows import Seen, SeenKind
from schedsvc.rpc.codec import bookings, events
from schedsvc.rpc.codec.changes import encode_feed
from schedsvc.v1 import changes_pb2 as pb
from tests.rpc.codec.records import BOOKING, CALENDAR, EVENT, PROFILE_NAME, WRITTEN

FEED = calendar_feed(CALENDAR.name)
CREATED = Change(
    feed=FEED,
    place=Place(41, 3),
    kind=ChangeKind.CREATED,
    reason=None,
    resource_id="e1",
    uid=EVENT.uid,
    extent=EVENT.extent,
    previous=None,
    born=41,
    time=WRITTEN,
    record=EVENT,
)
DELETED = replace(CREATED, kind=ChangeKind.DELETED, reason=TombstoneReason.DELETED, extent=None, record=None)


def told(view: Seen) -> pb.Change:
    (change,) = encode_feed(view.change.feed, [view]).changes
    return change


@pytest.mark.parametrize("kind", [SeenKind.CREATED, SeenKind.UPDATED, SeenKind.ENTERED])
def test_a_live_record_is_told_as_it_is_at_its_place(kind: SeenKind) -> None:
    change = told(Seen(CREATED, kind))
    assert (change.revision, change.index, int(change.kind)) == (41, 3, int(kind))
    assert change.event == events.encode(EVENT)


def test_a_booking_is_told_in_the_feed_of_its_profile() -> None:
    booked = replace(CREATED, feed=profile_feed(PROFILE_NAME), resource_id="b1", uid="", record=BOOKING)
    feed = encode_feed(booked.feed, [Seen(booked, SeenKind.CREATED)])
    assert feed.feed == "accounts/room-1/bookingProfiles/tour"
    assert feed.changes[0].booking == bookings.encode(BOOKING)


def test_what_was_deleted_leaves_its_name_and_uid_alone() -> None:
    change = told(Seen(DELETED, SeenKind.DELETED, TombstoneReason.DELETED))
    assert change.kind == pb.CHANGE_KIND_DELETED
    assert change.tombstone.name == str(EVENT.name)
    assert change.tombstone.ical_uid == EVENT.uid
    assert change.tombstone.reason == pb.Tombstone.REASON_DELETED
    assert change.tombstone.delete_time.seconds == int(WRITTEN.timestamp())


def test_what_left_the_window_is_a_tombstone_though_it_lives() -> None:
    change = told(Seen(CREATED, SeenKind.LEFT, TombstoneReason.OUT_OF_WINDOW))
    assert change.WhichOneof("record") == "tombstone"
    assert (change.kind, change.tombstone.reason) == (pb.CHANGE_KIND_LEFT, pb.Tombstone.REASON_OUT_OF_WINDOW)


def test_the_end_of_a_calendar_names_the_calendar() -> None:
    end = replace(DELETED, resource_id="", uid="", reason=TombstoneReason.CALENDAR_DELETED)
    change = told(Seen(end, SeenKind.DELETED, TombstoneReason.CALENDAR_DELETED))
    assert change.tombstone.name == str(CALENDAR.name)
    assert change.tombstone.reason == pb.Tombstone.REASON_CALENDAR_DELETED
