"""Calendars in the table `calendars`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.changes import Change, ChangeKind, TombstoneReason
from schedsvc.domain.feeds import account_feed, calendar_feed
from schedsvc.domain.names import AccountName, CalendarName
from schedsvc.domain.particulars import Reminder, ReminderMethod
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.bodies import at, dump, dump_ref, load, load_ref, micros, texts
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.padding import padded
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import calendars, events, grants, of_tenant

_COLUMNS = (
    calendars.c.account_id,
    calendars.c.calendar_id,
    calendars.c.edition,
    calendars.c.create_us,
    calendars.c.update_us,
    calendars.c.body,
)
_SORT_KEY = (calendars.c.account_id, calendars.c.secondary, calendars.c.calendar_id)
_SIZE = sa.bindparam("size", type_=sa.BigInteger())
_ANY = sa.select(*_COLUMNS).where(of_tenant(calendars))
_LIVE = _ANY.where(calendars.c.delete_us.is_(None))
_THIS = calendars.c.feed_id == sa.bindparam("feed_id")
_GET = _LIVE.where(_THIS)
_TAKEN = _ANY.where(_THIS)
_AFTER = sa.tuple_(*_SORT_KEY) > sa.tuple_(*(sa.bindparam(f"after_{c.name}", type_=c.type) for c in _SORT_KEY))
_LIST_ALL = _LIVE.where(_AFTER).order_by(*_SORT_KEY).limit(_SIZE)
_LIST = _LIVE.where(calendars.c.account_id == sa.bindparam("account_id"), _AFTER).order_by(*_SORT_KEY).limit(_SIZE)


class SqlCalendars:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, name: CalendarName) -> Calendar | None:
        row = await self._session.first(_GET, feed_id=calendar_feed(name).id)
        return None if row is None else _calendar(row)

    async def get_many(self, names: Collection[CalendarName]) -> dict[CalendarName, Calendar]:
        if not names:
            return {}
        feed_ids = padded([calendar_feed(name).id for name in names])
        rows = await self._session.all(_LIVE.where(calendars.c.feed_id.in_(feed_ids)))
        return {calendar.name: calendar for calendar in map(_calendar, rows)}

    async def is_taken(self, name: CalendarName) -> bool:
        return await self._session.first(_TAKEN, feed_id=calendar_feed(name).id) is not None

    async def list(self, account: str | None, page: Page) -> Sequence[Calendar]:
        after = page.after or (account or "", -1, "")
        values = {f"after_{c.name}": value for c, value in zip(_SORT_KEY, after, strict=True)}
        if account is None:
            rows = await self._session.all(_LIST_ALL, size=page.size, **values)
        else:
            rows = await self._session.all(_LIST, account_id=account, size=page.size, **values)
        return [_calendar(row) for row in rows]


class SqlCalendarWrites(SqlCalendars):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def create(self, draft: Calendar) -> Calendar:
        self._ledger.require(account_feed(AccountName(draft.name.account)))
        edition, now = self._ledger.open_feed(calendar_feed(draft.name)), self._ledger.now
        calendar = replace(draft, edition=edition, create_time=now, update_time=now)
        self._ledger.rows.put(calendars, Act.INSERT, _row(calendar))
        return calendar

    def update(self, calendar: Calendar) -> Calendar:
        edition = self._ledger.touch(calendar_feed(calendar.name))
        calendar = replace(calendar, edition=edition, update_time=self._ledger.now)
        self._ledger.rows.put(calendars, Act.UPDATE, _row(calendar))
        return calendar

    def delete(self, calendar: Calendar) -> None:
        self._ledger.require(account_feed(AccountName(calendar.name.account)))
        feed, now = calendar_feed(calendar.name), self._ledger.now
        self._ledger.rows.purge(events, feed_id=feed.id)
        self._ledger.rows.purge(grants, feed_id=feed.id)
        self._ledger.rows.put(calendars, Act.UPDATE, _row(calendar) | {"delete_us": micros(now)})
        place = self._ledger.next_place(feed)
        marker = Change(
            feed=feed,
            place=place,
            kind=ChangeKind.DELETED,
            reason=TombstoneReason.CALENDAR_DELETED,
            resource_id="",
            uid="",
            extent=None,
            previous=None,
            born=place.revision,
            time=now,
            record=None,
        )
        self._ledger.publish(marker, None)


def _row(calendar: Calendar) -> dict[str, Any]:
    name = calendar.name
    return {
        "feed_id": calendar_feed(name).id,
        "account_id": name.account,
        "secondary": 0 if name.is_primary else 1,
        "calendar_id": name.calendar,
        "edition": calendar.edition,
        "create_us": micros(calendar.create_time),
        "update_us": micros(calendar.update_time),
        "delete_us": None,
        "body": dump(
            {
                "display_name": calendar.display_name,
                "description": calendar.description,
                "color": calendar.color,
                "time_zone": calendar.time_zone,
                "metadata": texts(calendar.metadata),
                "external_ref": dump_ref(calendar.external_ref),
            }
            | _reminders(calendar.default_reminders)
        ),
    }


def _reminders(reminders: Sequence[Reminder]) -> dict[str, Any]:
    """Left out where there are none, as in what earlier versions wrote."""
    return {"reminders": [[int(r.method), r.minutes] for r in reminders]} if reminders else {}


def _calendar(row: sa.Row[Any]) -> Calendar:
    body = load(row.body)
    return Calendar(
        name=CalendarName(row.account_id, row.calendar_id),
        display_name=body["display_name"],
        description=body["description"],
        color=body["color"],
        time_zone=body["time_zone"],
        metadata=body["metadata"],
        external_ref=load_ref(body["external_ref"]),
        default_reminders=tuple(Reminder(ReminderMethod(m), minutes) for m, minutes in body.get("reminders", ())),
        edition=row.edition,
        create_time=at(row.create_us),
        update_time=at(row.update_us),
    )
