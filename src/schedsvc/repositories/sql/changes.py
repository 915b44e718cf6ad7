"""The log in the table `changes`, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.bookings import Booking
from schedsvc.domain.changes import Change, ChangeCause, ChangeKind, Place, TombstoneReason
from schedsvc.domain.events import Event
from schedsvc.domain.feeds import FeedKey, FeedKind, calendar_of, profile_of
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import BookingName, EventName
from schedsvc.repositories.sql.bodies import at, load_event_name, unescaped
from schedsvc.repositories.sql.bookings import load_booking
from schedsvc.repositories.sql.event_bodies import load_event
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import changes, of_tenant
from schedsvc.repositories.sql.windows import overlap

_INTEGER = changes.c.revision.type
_FEED_KIND = sa.bindparam("feed_kind", type_=_INTEGER)
_FEED_ID = sa.bindparam("feed_id", type_=changes.c.feed_id.type)
_SINCE = sa.bindparam("since", type_=_INTEGER)
_MARK = sa.bindparam("mark", type_=_INTEGER)
_AFTER = sa.tuple_(sa.bindparam("after_revision", type_=_INTEGER), sa.bindparam("after_index", type_=_INTEGER))
_ONE: sa.ColumnElement[int] = sa.literal_column("1", type_=sa.BigInteger())


def _of_feed(log: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(of_tenant(log), log.c.kind == _FEED_KIND, log.c.feed_id == _FEED_ID)


def _place(log: sa.FromClause) -> sa.ColumnElement[Any]:
    return sa.tuple_(log.c.revision, log.c.idx)


def _log_statement(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(changes)
        .where(_of_feed(changes), _place(changes) > _AFTER, changes.c.revision <= _MARK)
        .where(*conditions)
        .order_by(changes.c.revision, changes.c.idx)
        .limit(sa.bindparam("size", type_=_INTEGER))
    )


def _net_statement() -> sa.Select[Any]:
    """The last change of each record, with the previous extent of its first.

    What comes before and after a change is found by one search each in the index by record. These are scalar
    subqueries with a limit, so that no planner makes a join over the whole log of them; and the test is "distinct",
    because PostgreSQL takes that to keep nearly every row, and so reads them in order until there are enough.
    """
    later, first = changes.alias("later"), changes.alias("first")
    superseded = _nearest(later, _ONE, _place(later) > _place(changes), later.c.revision <= _MARK)
    return _log_statement(superseded.is_distinct_from(_ONE)).add_columns(
        _nearest(first, first.c.previous_start_s, first.c.revision > _SINCE).label("since_start"),
        _nearest(first, first.c.previous_end_s, first.c.revision > _SINCE).label("since_end"),
    )


def _nearest(
    log: sa.FromClause, column: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[int]:
    """The column in the first change of the same record for which the conditions hold."""
    return (
        sa.select(column)
        .select_from(log)
        .where(_of_feed(log), log.c.resource_id == changes.c.resource_id, *conditions)
        .order_by(log.c.revision, log.c.idx)
        .limit(1)
        .correlate(changes)
        .scalar_subquery()
    )


_LOG = _log_statement()
_NET = _net_statement()


class SqlChanges:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def log(self, feed: FeedKey, after: Place, mark: int, limit: int) -> Sequence[Change]:
        rows = await self._session.all(_LOG, **_values(feed, after, mark, limit))
        load = _loader(feed)
        return [_change(feed, row, _extent(row.previous_start_s, row.previous_end_s), load) for row in rows]

    async def net(self, feed: FeedKey, since: int, after: Place, mark: int, limit: int) -> Sequence[Change]:
        # One bound, the later: with two, an index would be entered at the wrong one.
        start = max(after, Place(since + 1, -1))
        rows = await self._session.all(_NET, since=since, **_values(feed, start, mark, limit))
        load = _loader(feed)
        return [_change(feed, row, _extent(row.since_start, row.since_end), load) for row in rows]

    async def ever_inside(
        self, feed: FeedKey, since: int, mark: int, resource_ids: Collection[str], window: Interval
    ) -> Collection[str]:
        statement = (
            sa.select(changes.c.resource_id)
            .where(_of_feed(changes), changes.c.resource_id.in_(padded(list(resource_ids))))
            .where(changes.c.revision > _SINCE, changes.c.revision <= _MARK, _inside(window))
            .distinct()
        )
        values = {"feed_kind": int(feed.kind), "feed_id": feed.id, "since": since, "mark": mark}
        return {row.resource_id for row in await self._session.all(statement, **values)}


def _inside(window: Interval) -> sa.ColumnElement[bool]:
    before = overlap(changes.c.previous_start_s, changes.c.previous_end_s, window)
    return sa.or_(overlap(changes.c.start_s, changes.c.end_s, window), before)


def _values(feed: FeedKey, after: Place, mark: int, limit: int) -> dict[str, Any]:
    return {
        "feed_kind": int(feed.kind),
        "feed_id": feed.id,
        "after_revision": after.revision,
        "after_index": after.index,
        "mark": mark,
        "size": limit,
    }


Loader = Callable[[str, Place, int, str], Event | Booking]


def _loader(feed: FeedKey) -> Loader:
    """How the stored versions of a feed are read."""
    if feed.kind is FeedKind.CALENDAR:
        calendar = calendar_of(feed)
        return lambda id_, place, born, body: load_event(EventName(calendar, id_), place, born, body)
    profile = profile_of(feed)
    return lambda id_, place, born, body: load_booking(BookingName(profile, id_), place, born, body)


def _change(feed: FeedKey, row: sa.Row[Any], previous: Interval | None, load: Loader) -> Change:
    place = Place(row.revision, row.idx)
    body = row.body
    return Change(
        feed=feed,
        place=place,
        kind=ChangeKind(row.change),
        reason=None if row.reason is None else TombstoneReason(row.reason),
        resource_id=row.resource_id,
        uid=unescaped(row.uid),
        extent=_extent(row.start_s, row.end_s),
        previous=previous,
        born=row.born,
        time=at(row.time_us),
        record=None if body is None else load(row.resource_id, place, row.born, body),
        cause=None if row.cause is None else ChangeCause(row.cause),
        moved_to=load_event_name(row.moved_to),
    )


def _extent(start: int | None, end: int | None) -> Interval | None:
    return None if start is None or end is None else (start, end)
