"""What a window makes of changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedsvc.domain.changes import Change, ChangeKind, Place, TombstoneReason
from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.time import utc
from schedsvc.domain.windows import Seen, SeenKind, gone, seen

DELETED = Change(
    feed=calendar_feed(CalendarName("ada", "ada")),
    place=Place(2, 0),
    kind=ChangeKind.DELETED,
    reason=TombstoneReason.DELETED,
    resource_id="e1",
    uid="u1",
    extent=None,
    previous=(100, 200),
    born=1,
    time=utc(0),
    record=None,
)
MOVED = replace(DELETED, reason=TombstoneReason.MOVED, moved_to=EventName(CalendarName("ada", "side"), "e1"))


@pytest.mark.parametrize("change", [DELETED, MOVED])
@pytest.mark.parametrize(
    ("window", "is_told"), [(None, True), ((0, 101), True), ((0, 100), False), ((199, 300), True), ((200, 300), False)]
)
def test_an_event_that_moved_away_is_told_like_a_deleted_one(
    change: Change, window: Interval | None, is_told: bool
) -> None:
    expected = Seen(change, SeenKind.DELETED, change.reason)
    assert seen(change, window) == (expected if is_told else None)
    assert gone(change, window) == expected
