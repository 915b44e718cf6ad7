"""Where feeds stand, and their rows as locks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.feeds import FeedHead, FeedKey, FeedKind
from schedsvc.repositories.sql.engine import Dialect
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import feeds, of_tenant

_HEAD = (
    feeds.c.kind,
    feeds.c.feed_id,
    feeds.c.revision,
    feeds.c.version,
    feeds.c.epoch,
    feeds.c.trimmed,
)


async def heads(session: Session, keys: Collection[FeedKey]) -> dict[FeedKey, FeedHead]:
    """Where the feeds stand, in one statement; a feed that does not exist is absent."""
    if not keys:
        return {}
    parts = [sa.select(*_HEAD).where(of_tenant(feeds), found) for found in _by_kind(keys)]
    rows = await session.all(sa.union_all(*parts))
    return {head.key: head for head in map(_head, rows)}


async def lock(
    session: Session, dialect: Dialect, keys: Collection[FeedKey]
) -> tuple[dict[FeedKey, FeedHead], datetime | None]:
    """Locks the feeds in the order of their keys; what they protect may be read from now on.

    Also returns the database's clock as of the last lock, None where it is the process's.
    """
    rows = await session.all(_locking(dialect, keys)) if keys else ()
    if dialect.clock is None:
        return {head.key: head for head in map(_head, rows)}, None
    if not rows:
        row = await session.first(sa.select(dialect.clock))
        return {}, row[0] if row else None
    return {head.key: head for head in map(_head, rows)}, max(row[-1] for row in rows)


def _locking(dialect: Dialect, keys: Collection[FeedKey]) -> sa.Select[Any]:
    ordered = sa.select(*_HEAD).where(of_tenant(feeds), _among(keys)).order_by(feeds.c.kind, feeds.c.feed_id)
    if dialect.clock is None:
        return dialect.locking(ordered)
    # The clock is outside: inside it would be read before the wait for the lock.
    locked = dialect.locking(ordered).subquery()
    return sa.select(locked, dialect.clock)


def _by_kind(keys: Collection[FeedKey]) -> list[sa.ColumnElement[bool]]:
    """A condition for each kind among the keys: one search in the key's index for each feed."""
    ids = {kind: sorted(key.id for key in keys if key.kind is kind) for kind in FeedKind}
    return [
        sa.and_(feeds.c.kind == int(kind), feeds.c.feed_id.in_(padded(found))) for kind, found in ids.items() if found
    ]


def _among(keys: Collection[FeedKey]) -> sa.ColumnElement[bool]:
    """The first two conditions find the rows by the key's index, the last picks among them.

    SQLite would not search an index for the last alone.
    """
    by_kind = _by_kind(keys)
    if len(by_kind) == 1:
        return by_kind[0]
    kinds, ids = {int(key.kind) for key in keys}, {key.id for key in keys}
    return sa.and_(feeds.c.kind.in_(sorted(kinds)), feeds.c.feed_id.in_(padded(sorted(ids))), sa.or_(*by_kind))


def _head(row: sa.Row[Any]) -> FeedHead:
    key = FeedKey(FeedKind(row.kind), row.feed_id)
    return FeedHead(key, row.revision, row.version, row.epoch, row.trimmed)
