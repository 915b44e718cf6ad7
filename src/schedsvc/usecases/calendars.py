"""Calendars of an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schedsvc.domain.calendars import Calendar, CalendarDraft
from schedsvc.domain.errors import PrimaryCalendar, ResourceNotFound
from schedsvc.domain.events import Event, extent_of
from schedsvc.domain.feeds import account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.records import fields_of
from schedsvc.domain.weights import weigh_calendar
from schedsvc.repositories.base import Page, Read, Store, Write
from schedsvc.usecases.access import require_account, visible_account
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.checks import require_etag, require_free, require_unused
from schedsvc.usecases.locking import require_locked, until_locked
from schedsvc.usecases.requests import Listed, SortKey, WriteOptions, listed, one_more


class Calendars:
    """`new_id` makes ids for calendars whose creator chose none."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def create(
        self, principal: Principal, options: WriteOptions, parent: AccountName, calendar_id: str, draft: CalendarDraft
    ) -> Calendar:
        require_account(principal, parent.account)
        name = CalendarName(parent.account, calendar_id or self._new_id())

        async def work(tx: Write) -> Calendar:
            account = await existing_account(tx, parent)
            require_free(await tx.calendars.is_taken(name), name)
            values = fields_of(draft, CalendarDraft)
            values["time_zone"] = draft.time_zone or account.time_zone
            return tx.calendars.create(Calendar(**values, name=name, edition=0, create_time=tx.now, update_time=tx.now))

        return await self._store.write(
            principal.tenant, [account_feed(parent)], work, once=options.once, dry_run=options.validate_only
        )

    async def get(self, principal: Principal, name: CalendarName) -> Calendar:
        require_account(principal, name.account)
        async with self._store.read(principal.tenant) as tx:
            return await existing_calendar(tx, name)

    async def list(self, principal: Principal, account: AccountName | None, page: Page) -> Listed[Calendar]:
        """Of one account, or of all that the caller may see (None)."""
        owner = visible_account(principal, account.account if account else None)
        async with self._store.read(principal.tenant) as tx:
            if account is not None:
                await existing_account(tx, account)
            return listed(await tx.calendars.list(owner, one_more(page)), page, _sort_key, weigh_calendar)

    async def update(
        self,
        principal: Principal,
        options: WriteOptions,
        name: CalendarName,
        etag: str,
        patch: Callable[[Calendar], CalendarDraft],
    ) -> Calendar:
        """A new zone moves the instants of all-day events, each of them a change in the feed."""
        require_account(principal, name.account)

        async def attempt() -> Calendar:
            async with self._store.read(principal.tenant) as tx:
                users = [profile_feed(user) for user in await tx.profiles.using(name)]

            async def work(tx: Write) -> Calendar:
                calendar = await existing_calendar(tx, name)
                require_etag(calendar.etag, etag)
                changed = replace(calendar, **fields_of(patch(calendar), CalendarDraft))
                if changed == calendar:
                    return calendar
                if changed.time_zone != calendar.time_zone:
                    await _rezone(tx, changed)
                return tx.calendars.update(replace(changed, update_time=tx.now))

            return await self._store.write(
                principal.tenant,
                [*users, calendar_feed(name)],
                work,
                once=options.once,
                dry_run=options.validate_only,
            )

        return await until_locked(attempt)

    async def delete(
        self,
        principal: Principal,
        options: WriteOptions,
        name: CalendarName,
        *,
        etag: str = "",
        allow_missing: bool = False,
    ) -> None:
        require_account(principal, name.account)
        if name.is_primary:
            raise PrimaryCalendar("a primary calendar goes with its account: delete the account", calendar=str(name))

        async def work(tx: Write) -> None:
            calendar = await tx.calendars.get(name)
            if calendar is None:
                if not allow_missing:
                    raise ResourceNotFound("schedsvc/Calendar", str(name))
                return
            require_etag(calendar.etag, etag)
            require_unused(calendar, await tx.profiles.using(name))
            tx.calendars.delete(calendar)

        feeds = [account_feed(AccountName(name.account)), calendar_feed(name)]
        await self._store.write(principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only)


async def existing_calendar(tx: Read, name: CalendarName) -> Calendar:
    """The calendar; raises ResourceNotFound."""
    calendar = await tx.calendars.get(name)
    if calendar is None:
        raise ResourceNotFound("schedsvc/Calendar", str(name))
    return calendar


def _sort_key(calendar: Calendar) -> SortKey:
    return calendar.name.account, 0 if calendar.name.is_primary else 1, calendar.name.calendar


async def _rezone(tx: Write, calendar: Calendar) -> None:
    feeds = [profile_feed(user) for user in await tx.profiles.using(calendar.name)]
    require_locked(tx.locked, feeds)
    for feed in feeds:
        tx.touch(feed)
    for event in await tx.events.all_day(calendar.name):
        tx.events.update(_moved(event, calendar.time_zone), event)


def _moved(event: Event, time_zone: str) -> Event:
    extent = extent_of(event.start, event.end, time_zone)
    return replace(event, extent=extent, occupied=extent)
