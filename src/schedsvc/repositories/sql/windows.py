"""The conditions of overlap, place and page that several tables share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.changes import Place
from schedsvc.domain.intervals import Interval


def overlaps(table: sa.FromClause, window: Interval) -> sa.ColumnElement[bool]:
    """Whether a bare extent overlaps the half-open window; a zero-length one counts at its start."""
    return overlap(table.c.start_s, table.c.end_s, window)


def overlap(start: sa.ColumnElement[Any], end: sa.ColumnElement[Any], window: Interval) -> sa.ColumnElement[bool]:
    """The same for an extent in any two columns; none where they are NULL."""
    lo, hi = window
    return sa.and_(start < hi, sa.or_(end > lo, start >= lo))


def after_place(table: sa.FromClause, after: Place, mark: int) -> sa.ColumnElement[bool]:
    """Whether a place lies after `after` and at or before revision `mark`."""
    columns = (table.c.revision, table.c.idx)
    return sa.and_(beyond(columns, (after.revision, after.index)), table.c.revision <= mark)


def beyond(columns: Sequence[sa.ColumnElement[Any]], key: Sequence[str | int]) -> sa.ColumnElement[bool]:
    """Whether a row comes after the sort key `key`; one search in an index over the columns."""
    values = (sa.literal(value, c.type) for c, value in zip(columns, key, strict=True))
    return sa.tuple_(*columns) > sa.tuple_(*values)
