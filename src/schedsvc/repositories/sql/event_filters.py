"""The statements that list events: what is wanted as conditions, and the order as a way through an index."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from schedsvc.domain.events import ShowAs
from schedsvc.domain.intervals import Interval
from schedsvc.repositories.base import EventFilter, EventOrder, Page
from schedsvc.repositories.sql.bodies import escaped, micros
from schedsvc.repositories.sql.listed import SEPARATOR, lists, pairs
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.spans import classes
from schedsvc.repositories.sql.tables import events
from schedsvc.repositories.sql.windows import beyond, overlaps

BY_START = (events.c.start_s, events.c.event_id)
BY_END = (events.c.end_s, events.c.start_s)
BY_PLACE = (events.c.revision, events.c.idx)

# Constants, not parameters: only so do they match a partial index.
_ONE: sa.ColumnElement[int] = sa.literal_column("1", type_=events.c.recurring.type)
_ZERO: sa.ColumnElement[int] = sa.literal_column("0", type_=events.c.recurring.type)
RECURRING = events.c.recurring == _ONE
SINGLE = events.c.recurring == _ZERO


def fold(text: str) -> str:
    """Text as a query compares it: without case, without NUL, which no column takes, and without separators."""
    return text.casefold().replace("\x00", "").replace(SEPARATOR, "")


def searched(*texts: str | None) -> str:
    """What a query looks into; none reaches across two texts, since it has not what stands between them."""
    return SEPARATOR.join(fold(text) for text in texts if text is not None)


def listing(every: sa.Select[Any], wanted: EventFilter, page: Page, order: EventOrder) -> sa.Executable:
    """The statement for a page of what is wanted from `every`, all events of one calendar."""
    matching = every.where(*_conditions(wanted))
    if order is EventOrder.UPDATED:
        return _along(matching, BY_PLACE, page)
    if wanted.uids or wanted.recurring:
        return _along(matching, BY_START, page)
    return _by_start(matching, wanted.window, page)


def _conditions(wanted: EventFilter) -> list[sa.ColumnElement[bool]]:
    conditions = [lists(events.c.pairs, pair) for pair in pairs(wanted.metadata)]
    if wanted.window is not None:
        conditions.append(_inside(wanted.window, wanted.recurring))
    if wanted.uids:
        conditions.append(events.c.uid.in_(padded([escaped(uid) for uid in wanted.uids])))
    if wanted.query:
        conditions.append(events.c.search.contains(fold(wanted.query), autoescape=True))
    if wanted.attendee:
        conditions.append(lists(events.c.attendees, wanted.attendee.casefold()))
    if wanted.show_as:
        conditions.append(sa.or_(RECURRING, _shown(wanted.show_as)))
    if wanted.updated_min is not None:
        conditions.append(events.c.update_us >= micros(wanted.updated_min))
    if wanted.recurring is not None:
        conditions.append(RECURRING if wanted.recurring else SINGLE)
    return conditions


def _inside(window: Interval, recurring: bool | None) -> sa.ColumnElement[bool]:
    """Overlap; but a series may also end where the window begins: with an instance of no length, which is inside."""
    lo, hi = window
    ends_late = events.c.end_s >= lo
    if recurring is False:
        return overlaps(events, window)
    if recurring is None:
        ends_late = sa.or_(events.c.end_s > lo, events.c.start_s >= lo, sa.and_(RECURRING, ends_late))
    return sa.and_(events.c.start_s < hi, ends_late)


def _shown(show_as: tuple[ShowAs, ...]) -> sa.ColumnElement[bool]:
    return events.c.shown.in_(padded([int(member) for member in show_as]))


def _along(matching: sa.Select[Any], key: tuple[sa.Column[Any], ...], page: Page) -> sa.Select[Any]:
    if page.after is not None:
        matching = matching.where(beyond(key, page.after))
    return matching.order_by(*key).limit(page.size)


def _by_start(matching: sa.Select[Any], window: Interval | None, page: Page) -> sa.CompoundSelect[Any]:
    """The first by start: each class gives its own first, in the order of the index."""
    parts = []
    for span, length in classes():
        earliest = None if window is None or length is None else window[0] - length
        part = matching.where(events.c.span == sa.literal_column(str(span)), *_lower_bound(earliest, page.after))
        parts.append(sa.select(part.order_by(*BY_START).limit(page.size).subquery()))
    both: sa.CompoundSelect[Any] = sa.union_all(*parts)
    return both.order_by("start_s", "event_id").limit(page.size)


def _lower_bound(earliest: int | None, after: tuple[str | int, ...] | None) -> list[sa.ColumnElement[bool]]:
    """Of two lower bounds the later: with both, an index would be entered at the wrong one."""
    if after is not None and (earliest is None or int(after[0]) > earliest):
        return [beyond(BY_START, after)]
    return [] if earliest is None else [events.c.start_s > earliest]
