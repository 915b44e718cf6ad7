"""What may take time in a calendar: the statement that finds it, and its rows as items and series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.changes import Place
from schedsvc.domain.events import Event, Level
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.timeline import Item
from schedsvc.repositories.base import Occupying
from schedsvc.repositories.pacing import Pace
from schedsvc.repositories.sql.event_bodies import load_booking_name, load_event
from schedsvc.repositories.sql.event_filters import BY_END, BY_START, RECURRING
from schedsvc.repositories.sql.spans import classes
from schedsvc.repositories.sql.tables import events, of_tenant

_INTEGER = events.c.start_s.type
_LO: sa.ColumnElement[int] = sa.bindparam("lo", type_=_INTEGER)
_HI: sa.ColumnElement[int] = sa.bindparam("hi", type_=_INTEGER)
_ZERO: sa.ColumnElement[int] = sa.literal_column("0", type_=_INTEGER)
_PER_SERIES = 10
_LEVELS = {int(level): level for level in Level}


def _statement() -> sa.CompoundSelect[Any]:
    """One index range for each class of length, and one for series.

    Both in one statement, so that they are of one state. The columns are those of an item, where a series has its place
    and its body instead; the body tells which is which.
    """
    no_body = sa.cast(sa.null(), events.c.body.type).label("body")
    single = _of_calendar(
        events.c.start_s,
        events.c.end_s,
        events.c.occupied_start_s,
        events.c.occupied_end_s,
        events.c.level,
        events.c.booking,
        no_body,
    ).where(
        events.c.occupied_start_s < _HI,
        events.c.occupied_end_s > _LO,
        events.c.end_s > events.c.start_s,
        # Series have none, and so are no items.
        events.c.level > _ZERO,
    )
    parts = [
        single.where(events.c.span == sa.literal_column(str(span)), *_reach(length)).order_by(*BY_START)
        for span, length in classes()
    ]
    series = _of_calendar(
        events.c.revision, events.c.idx, events.c.born, _ZERO, events.c.level, events.c.booking, events.c.body
    )
    parts.append(series.where(RECURRING, events.c.start_s < _HI, events.c.end_s > _LO).order_by(*BY_END))
    # The orders are those of the indexes: without them, a planner that knows no statistics takes any index.
    most: sa.ColumnElement[int] = sa.bindparam("most", type_=_INTEGER)
    return sa.union_all(*(sa.select(part.subquery()) for part in parts)).limit(most)


def _of_calendar(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    named = (column.label(name) for column, name in zip(columns, ("a", "b", "c", "d", "e", "f", "g"), strict=True))
    return sa.select(events.c.event_id, *named).where(of_tenant(events), events.c.feed_id == sa.bindparam("feed_id"))


def _reach(length: int | None) -> list[sa.ColumnElement[bool]]:
    """Where what is at most `length` long and overlaps `[lo, hi)` can start."""
    if length is None:
        return []
    width = sa.literal_column(str(length), type_=_INTEGER)
    return [events.c.start_s > _LO - width, events.c.start_s < _HI + width]


OCCUPYING = _statement()


async def occupying(calendar: CalendarName, rows: Iterable[Sequence[Any]]) -> Occupying:
    """The rows of `OCCUPYING`. They may be many, so each is taken apart at once."""
    pace = Pace()
    items: list[Item] = []
    series: list[Event] = []
    for event, start, end, occupied_start, occupied_end, level, booking, body in rows:
        if body is None:
            of = None if booking is None else load_booking_name(booking)
            items.append(Item(calendar, event, start, end, occupied_start, occupied_end, _LEVELS[level], of))
            await pace(1)
        else:
            series.append(load_event(EventName(calendar, event), Place(start, end), occupied_start, body))
            await pace(_PER_SERIES)
    return Occupying(items, series)
