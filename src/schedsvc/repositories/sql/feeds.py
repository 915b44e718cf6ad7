"""Where feeds stand, and their rows as locks.

Statements are made once for each set of kinds that is asked for; the ids are filled in.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.feeds import FeedHead, FeedKey, FeedKind
from schedsvc.repositories.sql.engine import Dialect
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import feeds, of_tenant

Kinds = tuple[FeedKind, ...]
Heads = dict[FeedKey, FeedHead]

_ALL = sa.select(
    feeds.c.kind, feeds.c.feed_id, feeds.c.revision, feeds.c.version, feeds.c.epoch, feeds.c.trimmed
).where(of_tenant(feeds))


def _tenants() -> sa.Select[Any]:
    """One search in the key's index for each tenant, which leads it: the next one is the least that is greater."""
    tenant = feeds.c.tenant_id
    found = sa.select(sa.func.min(tenant).label("tenant_id")).cte("found", recursive=True)
    following = sa.select(sa.func.min(tenant)).where(tenant > found.c.tenant_id).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.tenant_id.is_not(None)))
    return sa.select(found.c.tenant_id).where(found.c.tenant_id.is_not(None))


TENANTS = _tenants()
"""Everybody who has feeds: with `keys.IN_FORCE` the only statement that looks at more than one tenant."""


async def heads(session: Session, keys: Collection[FeedKey]) -> Heads:
    """Where the feeds stand, in one statement; a feed that does not exist is absent."""
    if not keys:
        return {}
    kinds, ids = _grouped(keys)
    return _heads(await session.all(_looking(kinds), **ids))


class FeedLocks:
    """Locks feeds in the order of their keys."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._statements: dict[Kinds, sa.Select[Any]] = {}

    async def take(self, session: Session, keys: Collection[FeedKey]) -> tuple[Heads, datetime | None]:
        """Locks the feeds that exist; what they protect may be read from now on.

        Also returns the database's clock as of the last lock, None where it is the process's.
        """
        rows = await self._locked(session, keys) if keys else ()
        if self._dialect.clock is None:
            return _heads(rows), None
        if not rows:
            rows = await session.all(sa.select(self._dialect.clock))
            return {}, rows[0][0]
        return _heads(rows), max(row[-1] for row in rows)

    async def _locked(self, session: Session, keys: Collection[FeedKey]) -> Collection[sa.Row[Any]]:
        kinds, ids = _grouped(keys)
        if kinds not in self._statements:
            self._statements[kinds] = self._locking(kinds)
        if len(kinds) > 1:
            ids["any_id"] = padded(sorted({key.id for key in keys}))
        return await session.all(self._statements[kinds], **ids)

    def _locking(self, kinds: Kinds) -> sa.Select[Any]:
        ordered = _ALL.where(_among(kinds)).order_by(feeds.c.kind, feeds.c.feed_id)
        if self._dialect.clock is None:
            return self._dialect.locking(ordered)
        # The clock is outside: inside it would be read before the wait for the lock.
        return sa.select(self._dialect.locking(ordered).subquery(), self._dialect.clock)


def _grouped(keys: Collection[FeedKey]) -> tuple[Kinds, dict[str, list[str]]]:
    """The kinds among the keys, and the ids of each as the parameter of its name."""
    ids = {kind: sorted(key.id for key in keys if key.kind is kind) for kind in FeedKind}
    kinds = tuple(kind for kind in FeedKind if ids[kind])
    return kinds, {kind.name: padded(ids[kind]) for kind in kinds}


@cache
def _looking(kinds: Kinds) -> sa.CompoundSelect[Any]:
    return sa.union_all(*(_ALL.where(_of_kind(kind)) for kind in kinds))


def _of_kind(kind: FeedKind) -> sa.ColumnElement[bool]:
    """One search in the key's index for each feed."""
    ids: sa.BindParameter[str] = sa.bindparam(kind.name, expanding=True)
    return sa.and_(feeds.c.kind == sa.literal_column(str(int(kind))), feeds.c.feed_id.in_(ids))


def _among(kinds: Kinds) -> sa.ColumnElement[bool]:
    """The first two conditions find the rows by the key's index, the last picks among them.

    SQLite would not search an index for the last alone.
    """
    by_kind = [_of_kind(kind) for kind in kinds]
    if len(kinds) == 1:
        return by_kind[0]
    any_id: sa.BindParameter[str] = sa.bindparam("any_id", expanding=True)
    any_kind: list[sa.ColumnElement[int]] = [sa.literal_column(str(int(kind))) for kind in kinds]
    return sa.and_(feeds.c.kind.in_(any_kind), feeds.c.feed_id.in_(any_id), sa.or_(*by_kind))


def _heads(rows: Collection[sa.Row[Any]]) -> Heads:
    return {head.key: head for head in map(_head, rows)}


def _head(row: sa.Row[Any]) -> FeedHead:
    key = FeedKey(FeedKind(row.kind), row.feed_id)
    return FeedHead(key, row.revision, row.version, row.epoch, row.trimmed)
