"""Calendars of an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from schedsvc.domain import series
from schedsvc.domain.calendars import Calendar, CalendarDraft
from schedsvc.domain.errors import PrimaryCalendar, ResourceNotFound
from schedsvc.domain.feeds import account_feed, calendar_feed, profile_feed
from schedsvc.domain.names import AccountName, CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.records import fields_of
from schedsvc.domain.roles import Role
from schedsvc.domain.weights import weigh_calendar
from schedsvc.repositories.base import Page, Read, Store, Write
from schedsvc.usecases.access import require_account, require_role, visible_account
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.checks import require_etag, require_free, require_unused
from schedsvc.usecases.locking import require_locked, until_locked
from schedsvc.usecases.requests import Listed, SortKey, WriteOptions, listed, one_more


@dataclass(frozen=True, slots=True)
class CalendarView:
    """A calendar and the role on it of whoever looks at it."""

    calendar: Calendar
    role: Role = Role.OWNER


class Calendars:
    """`new_id` makes ids for calendars whose creator chose none."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def create(
        self, principal: Principal, options: WriteOptions, parent: AccountName, calendar_id: str, draft: CalendarDraft
    ) -> CalendarView:
        require_account(principal, parent.account)
        name = CalendarName(parent.account, calendar_id or self._new_id())

        async def work(tx: Write) -> CalendarView:
            account = await existing_account(tx, parent)
            require_free(await tx.calendars.is_taken(name), name)
            values = fields_of(draft, CalendarDraft)
            values["time_zone"] = draft.time_zone or account.time_zone
            calendar = Calendar(**values, name=name, edition=0, create_time=tx.now, update_time=tx.now)
            return CalendarView(tx.calendars.create(calendar))

        return await self._store.write(
            principal.tenant, [account_feed(parent)], work, once=options.once, dry_run=options.validate_only
        )

    async def get(self, principal: Principal, name: CalendarName) -> CalendarView:
        async with self._store.read(principal.tenant) as tx:
            role = await require_role(tx, principal, name, Role.FREE_BUSY_READER)
            return CalendarView(await existing_calendar(tx, name), role)

    async def list(
        self,
        principal: Principal,
        account: AccountName | None,
        page: Page,
        *,
        owned_only: bool = False,
        min_role: Role = Role.FREE_BUSY_READER,
    ) -> Listed[CalendarView]:
        """Those of one account and those shared with it, or of all accounts that the caller may see (None)."""
        owner = visible_account(principal, account.account if account else None)
        async with self._store.snapshot(principal.tenant) as tx:
            if account is not None:
                await existing_account(tx, account)
            wanted = one_more(page)
            found = await _own(tx, owner, wanted)
            if owner is not None and not owned_only and len(found) < wanted.size:
                found += await _shared(tx, owner, min_role, replace(wanted, size=wanted.size - len(found)))
            return listed(found, page, lambda view: _sort_key(view, owner), lambda view: weigh_calendar(view.calendar))

    async def update(
        self,
        principal: Principal,
        options: WriteOptions,
        name: CalendarName,
        etag: str,
        patch: Callable[[Calendar], CalendarDraft],
    ) -> CalendarView:
        """A new zone moves the instants of events on dates and of floating ones, each of them a change in the feed."""

        async def attempt() -> CalendarView:
            async with self._store.read(principal.tenant) as tx:
                users = [profile_feed(user) for user in await tx.profiles.using(name)]

            async def work(tx: Write) -> CalendarView:
                role = await require_role(tx, principal, name, Role.OWNER)
                calendar = await existing_calendar(tx, name)
                require_etag(calendar.etag, etag)
                changed = replace(calendar, **fields_of(patch(calendar), CalendarDraft))
                if changed == calendar:
                    return CalendarView(calendar, role)
                if changed.time_zone != calendar.time_zone:
                    await _rezone(tx, changed)
                return CalendarView(tx.calendars.update(replace(changed, update_time=tx.now)), role)

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
        async def work(tx: Write) -> None:
            await require_role(tx, principal, name, Role.OWNER)
            _require_secondary(name)
            calendar = await tx.calendars.get(name)
            if calendar is None:
                if not allow_missing:
                    raise ResourceNotFound("schedsvc/Calendar", str(name))
                return
            require_etag(calendar.etag, etag)
            await require_unused(tx, calendar)
            tx.calendars.delete(calendar)

        feeds = [account_feed(AccountName(name.account)), calendar_feed(name)]
        await self._store.write(principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only)


async def existing_calendar(tx: Read, name: CalendarName) -> Calendar:
    """The calendar; raises ResourceNotFound."""
    calendar = await tx.calendars.get(name)
    if calendar is None:
        raise ResourceNotFound("schedsvc/Calendar", str(name))
    return calendar


# Sort keys of a list begin with its part: the account's own calendars, then those shared with it.
_OWN, _SHARED = 0, 1


def _sort_key(view: CalendarView, owner: str | None) -> SortKey:
    name = view.calendar.name
    if owner in (None, name.account):
        return _OWN, name.account, 0 if name.is_primary else 1, name.calendar
    return _SHARED, name.account, name.calendar


async def _own(tx: Read, owner: str | None, page: Page) -> list[CalendarView]:
    if page.after is not None and page.after[0] == _SHARED:
        return []
    after = None if page.after is None else page.after[1:]
    return [CalendarView(calendar) for calendar in await tx.calendars.list(owner, replace(page, after=after))]


async def _shared(tx: Read, grantee: str, role: Role, page: Page) -> list[CalendarView]:
    after = page.after[1:] if page.after is not None and page.after[0] == _SHARED else None
    grants = await tx.grants.shared(grantee, role, replace(page, after=after))
    calendars = await tx.calendars.get_many([grant.name.calendar for grant in grants])
    return [CalendarView(calendars[grant.name.calendar], grant.role) for grant in grants]


def _require_secondary(name: CalendarName) -> None:
    if name.is_primary:
        raise PrimaryCalendar("a primary calendar goes with its account: delete the account", calendar=str(name))


async def _rezone(tx: Write, calendar: Calendar) -> None:
    feeds = [profile_feed(user) for user in await tx.profiles.using(calendar.name)]
    require_locked(tx.locked, feeds)
    for feed in feeds:
        tx.touch(feed)
    for event in await tx.events.zoned_by_calendar(calendar.name):
        tx.events.update(series.derived(replace(event, zone=calendar.time_zone)), event)
