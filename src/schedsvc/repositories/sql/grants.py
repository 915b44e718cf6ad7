"""Grants in the table `grants`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.grants import Grant
from schedsvc.domain.names import CalendarName, GrantName
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.bodies import at, micros
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import TEXT, grants, of_tenant

_SORT_KEY = (grants.c.account_id, grants.c.calendar_id)
_SIZE = sa.bindparam("size", type_=sa.BigInteger())
_ALL = sa.select(grants).where(of_tenant(grants))
_CALENDAR = grants.c.feed_id == sa.bindparam("feed_id")
_GRANTEE = grants.c.grantee_id == sa.bindparam("grantee_id")
_GET = _ALL.where(_CALENDAR, _GRANTEE)
_LIST = _ALL.where(_CALENDAR, grants.c.grantee_id > sa.bindparam("after")).order_by(grants.c.grantee_id).limit(_SIZE)
_AFTER = sa.tuple_(*_SORT_KEY) > sa.tuple_(
    sa.bindparam("after_account", type_=TEXT), sa.bindparam("after_calendar", type_=TEXT)
)
_SHARED = (
    _ALL.where(_GRANTEE, grants.c.role >= sa.bindparam("role", type_=sa.BigInteger()), _AFTER)
    .order_by(*_SORT_KEY)
    .limit(_SIZE)
)


class SqlGrants:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, name: GrantName) -> Grant | None:
        row = await self._session.first(_GET, feed_id=calendar_feed(name.calendar).id, grantee_id=name.grantee)
        return None if row is None else _grant(row)

    async def get_many(self, grantee: str, calendars: Collection[CalendarName]) -> dict[CalendarName, Grant]:
        if not calendars:
            return {}
        feed_ids = padded([calendar_feed(name).id for name in calendars])
        rows = await self._session.all(_ALL.where(_GRANTEE, grants.c.feed_id.in_(feed_ids)), grantee_id=grantee)
        return {grant.name.calendar: grant for grant in map(_grant, rows)}

    async def list(self, calendar: CalendarName, page: Page) -> Sequence[Grant]:
        (after,) = page.after or ("",)
        rows = await self._session.all(_LIST, feed_id=calendar_feed(calendar).id, after=after, size=page.size)
        return [_grant(row) for row in rows]

    async def shared(self, grantee: str, role: Role, page: Page) -> Sequence[Grant]:
        account, calendar = page.after or ("", "")
        after = {"after_account": account, "after_calendar": calendar}
        rows = await self._session.all(_SHARED, grantee_id=grantee, role=int(role), size=page.size, **after)
        return [_grant(row) for row in rows]


class SqlGrantWrites(SqlGrants):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def create(self, draft: Grant) -> Grant:
        return self._put(Act.INSERT, replace(draft, create_time=self._ledger.now))

    def update(self, grant: Grant) -> Grant:
        return self._put(Act.UPDATE, grant)

    def delete(self, grant: Grant) -> None:
        self._put(Act.DELETE, grant)

    def _put(self, act: Act, draft: Grant) -> Grant:
        edition = self._ledger.touch(calendar_feed(draft.name.calendar))
        grant = replace(draft, edition=edition, update_time=self._ledger.now)
        self._ledger.rows.put(grants, act, _row(grant))
        return grant


def _row(grant: Grant) -> dict[str, Any]:
    calendar = grant.name.calendar
    return {
        "feed_id": calendar_feed(calendar).id,
        "grantee_id": grant.name.grantee,
        "account_id": calendar.account,
        "calendar_id": calendar.calendar,
        "role": int(grant.role),
        "edition": grant.edition,
        "create_us": micros(grant.create_time),
        "update_us": micros(grant.update_time),
    }


def _grant(row: sa.Row[Any]) -> Grant:
    return Grant(
        name=GrantName(CalendarName(row.account_id, row.calendar_id), row.grantee_id),
        role=Role(row.role),
        edition=row.edition,
        create_time=at(row.create_us),
        update_time=at(row.update_us),
    )
