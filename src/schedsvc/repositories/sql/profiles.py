"""Booking profiles in `booking_profiles`, the calendars they use in `profile_calendars`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.feeds import account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, CalendarName, ProfileName
from schedsvc.domain.profiles import BookingProfile, DatePeriod
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.bodies import (
    at,
    dump,
    dump_calendar,
    dump_hours,
    load,
    load_hours,
    maybe_at,
    maybe_micros,
    micros,
    texts,
)
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import booking_profiles as profiles
from schedsvc.repositories.sql.tables import of_tenant, profile_calendars

_COLUMNS = (
    profiles.c.account_id,
    profiles.c.profile_id,
    profiles.c.slug,
    profiles.c.edition,
    profiles.c.create_us,
    profiles.c.update_us,
    profiles.c.body,
)
_SIZE = sa.bindparam("size", type_=sa.BigInteger())
_ACCOUNT = profiles.c.account_id == sa.bindparam("account_id")
_THIS = profiles.c.profile_id == sa.bindparam("profile_id")
_ANY = sa.select(*_COLUMNS).where(of_tenant(profiles))
_LIVE = _ANY.where(profiles.c.delete_us.is_(None))
_GET = _LIVE.where(_ACCOUNT, _THIS)
_TAKEN = _ANY.where(_ACCOUNT, _THIS)
_BY_SLUG = _LIVE.where(_ACCOUNT, profiles.c.slug == sa.bindparam("slug"))
_SORT_KEY = (profiles.c.account_id, profiles.c.profile_id)
_LIST_ALL = (
    _LIVE.where(
        sa.tuple_(*_SORT_KEY)
        > sa.tuple_(
            sa.bindparam("after_account", type_=profiles.c.account_id.type),
            sa.bindparam("after", type_=profiles.c.profile_id.type),
        )
    )
    .order_by(*_SORT_KEY)
    .limit(_SIZE)
)
_LIST = (
    _LIVE.where(_ACCOUNT, profiles.c.profile_id > sa.bindparam("after")).order_by(profiles.c.profile_id).limit(_SIZE)
)
_USING = (
    sa.select(profile_calendars.c.account_id, profile_calendars.c.profile_id)
    .where(of_tenant(profile_calendars), profile_calendars.c.feed_id == sa.bindparam("feed_id"))
    .order_by(profile_calendars.c.account_id, profile_calendars.c.profile_id)
)


class SqlProfiles:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, name: ProfileName) -> BookingProfile | None:
        row = await self._session.first(_GET, **_key(name))
        return None if row is None else _profile(row)

    async def is_taken(self, name: ProfileName) -> bool:
        return await self._session.first(_TAKEN, **_key(name)) is not None

    async def by_slug(self, account: str, slug: str) -> BookingProfile | None:
        row = await self._session.first(_BY_SLUG, account_id=account, slug=slug)
        return None if row is None else _profile(row)

    async def using(self, calendar: CalendarName) -> Sequence[ProfileName]:
        rows = await self._session.all(_USING, feed_id=calendar_feed(calendar).id)
        return [ProfileName(row.account_id, row.profile_id) for row in rows]

    async def list(self, account: str | None, page: Page) -> Sequence[BookingProfile]:
        after_account, after = page.after or ("", "")
        if account is None:
            values = {"after_account": after_account, "after": after, "size": page.size}
            rows = await self._session.all(_LIST_ALL, **values)
        else:
            values = {"account_id": account, "after": after, "size": page.size}
            rows = await self._session.all(_LIST, **values)
        return [_profile(row) for row in rows]


class SqlProfileWrites(SqlProfiles):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def create(self, draft: BookingProfile) -> BookingProfile:
        self._ledger.require(account_feed(AccountName(draft.name.account)))
        edition, now = self._ledger.open_feed(profile_feed(draft.name)), self._ledger.now
        profile = replace(draft, edition=edition, create_time=now, update_time=now)
        self._ledger.rows.put(profiles, Act.INSERT, _row(profile))
        self._use(profile)
        return profile

    def update(self, profile: BookingProfile) -> BookingProfile:
        self._ledger.require(account_feed(AccountName(profile.name.account)))
        edition = self._ledger.touch(profile_feed(profile.name))
        profile = replace(profile, edition=edition, update_time=self._ledger.now)
        self._ledger.rows.put(profiles, Act.UPDATE, _row(profile))
        self._ledger.rows.purge(profile_calendars, **_key(profile.name))
        self._use(profile)
        return profile

    def delete(self, profile: BookingProfile) -> None:
        self._ledger.require(account_feed(AccountName(profile.name.account)))
        self._ledger.touch(profile_feed(profile.name))
        row = _row(profile) | {"delete_us": micros(self._ledger.now)}
        self._ledger.rows.put(profiles, Act.UPDATE, row)
        self._ledger.rows.purge(profile_calendars, **_key(profile.name))

    def _use(self, profile: BookingProfile) -> None:
        for calendar in profile.calendars:
            row = _key(profile.name) | {"feed_id": calendar_feed(calendar).id}
            self._ledger.rows.put(profile_calendars, Act.INSERT, row)


def _key(name: ProfileName) -> dict[str, str]:
    return {"account_id": name.account, "profile_id": name.profile}


def _row(profile: BookingProfile) -> dict[str, Any]:
    return _key(profile.name) | {
        "slug": profile.slug,
        "edition": profile.edition,
        "create_us": micros(profile.create_time),
        "update_us": micros(profile.update_time),
        "delete_us": None,
        "body": dump(
            {
                "display_name": profile.display_name,
                "calendar": dump_calendar(profile.calendar),
                "conflict_calendars": [dump_calendar(c) for c in profile.conflict_calendars],
                "work_hours": dump_hours(profile.work_hours),
                "duration_minutes": profile.duration_minutes,
                "step_minutes": profile.step_minutes,
                "buffer_before_minutes": profile.buffer_before_minutes,
                "buffer_after_minutes": profile.buffer_after_minutes,
                "start_after_minutes": profile.start_after_minutes,
                "available_for": [profile.available_for.months, profile.available_for.days],
                "active_from_us": maybe_micros(profile.active_from),
                "active_until_us": maybe_micros(profile.active_until),
                "subject": profile.subject,
                "description": profile.description,
                "location": profile.location,
                "metadata": texts(profile.metadata),
                "by_grant": sorted(dump_calendar(c) for c in profile.by_grant),
            }
        ),
    }


def _profile(row: sa.Row[Any]) -> BookingProfile:
    body = load(row.body)
    return BookingProfile(
        name=ProfileName(row.account_id, row.profile_id),
        slug=row.slug,
        display_name=body["display_name"],
        calendar=CalendarName(*body["calendar"]),
        conflict_calendars=tuple(CalendarName(*c) for c in body["conflict_calendars"]),
        work_hours=load_hours(body["work_hours"]),
        duration_minutes=body["duration_minutes"],
        step_minutes=body["step_minutes"],
        buffer_before_minutes=body["buffer_before_minutes"],
        buffer_after_minutes=body["buffer_after_minutes"],
        start_after_minutes=body["start_after_minutes"],
        available_for=DatePeriod(*body["available_for"]),
        active_from=maybe_at(body["active_from_us"]),
        active_until=maybe_at(body["active_until_us"]),
        subject=body["subject"],
        description=body["description"],
        location=body["location"],
        metadata=body["metadata"],
        by_grant=frozenset(CalendarName(*c) for c in body.get("by_grant", ())),
        edition=row.edition,
        create_time=at(row.create_us),
        update_time=at(row.update_us),
    )
