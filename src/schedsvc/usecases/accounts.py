"""Accounts and the primary calendars that come and go with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from schedsvc.domain.accounts import Account, AccountDraft
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import NotEmpty, ResourceNotFound
from schedsvc.domain.feeds import FeedKey, account_feed, calendar_feed, profile_feed
from schedsvc.domain.grants import Grant
from schedsvc.domain.names import AccountName, primary_calendar
from schedsvc.domain.principals import Principal
from schedsvc.domain.profiles import BookingProfile
from schedsvc.domain.records import fields_of
from schedsvc.domain.roles import Role
from schedsvc.domain.weights import weigh_account
from schedsvc.repositories.base import Page, Read, Store, Write
from schedsvc.usecases.access import require_account
from schedsvc.usecases.cancelling import cancel_all
from schedsvc.usecases.checks import require_etag, require_free, require_unused
from schedsvc.usecases.locking import require_locked, until_locked
from schedsvc.usecases.owners import change_address
from schedsvc.usecases.requests import Listed, WriteOptions, listed, one_more

T = TypeVar("T")
EVERYTHING = Page(1_000_000)


class Accounts:
    """`new_id` makes ids for accounts whose creator chose none."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def create(
        self, principal: Principal, options: WriteOptions, account_id: str, draft: AccountDraft
    ) -> Account:
        name = AccountName(account_id or self._new_id())
        require_account(principal, name.account)

        async def work(tx: Write) -> Account:
            require_free(await tx.accounts.is_taken(name), name)
            account = tx.accounts.create(
                Account(**fields_of(draft, AccountDraft), name=name, edition=0, create_time=tx.now, update_time=tx.now)
            )
            tx.calendars.create(_primary(account))
            return account

        return await self._write(principal, options, [account_feed(name)], work)

    async def get(self, principal: Principal, name: AccountName) -> Account:
        require_account(principal, name.account)
        async with self._store.read(principal.tenant) as tx:
            return await existing_account(tx, name)

    async def list(self, principal: Principal, page: Page) -> Listed[Account]:
        async with self._store.read(principal.tenant) as tx:
            if principal.account is not None:
                own = await tx.accounts.get(AccountName(principal.account))
                return Listed([own] if own and page.after is None else [], None)
            return listed(await tx.accounts.list(one_more(page)), page, lambda a: (a.name.account,), weigh_account)

    async def update(
        self,
        principal: Principal,
        options: WriteOptions,
        name: AccountName,
        etag: str,
        patch: Callable[[Account], AccountDraft],
    ) -> Account:
        """Also moves the versions of the account's profiles, whose hours may be the account's.

        A new address makes changes in the feeds of its calendars: of what the old one or the new one declined.
        """
        require_account(principal, name.account)
        concerned: set[FeedKey] = set()

        async def attempt() -> Account:
            async with self._store.read(principal.tenant) as tx:
                profiles = await _profiles(tx, name)

            async def work(tx: Write) -> Account:
                account = await existing_account(tx, name)
                require_etag(account.etag, etag)
                changed = replace(account, **fields_of(patch(account), AccountDraft))
                if changed == account:
                    return account
                feeds = [profile_feed(profile.name) for profile in await _profiles(tx, name)]
                require_locked(tx.locked, feeds)
                if changed.email.casefold() != account.email.casefold():
                    calendars = [calendar.name for calendar in await _calendars(tx, name)]
                    concerned.update(map(calendar_feed, calendars))
                    require_locked(tx.locked, concerned)
                    await change_address(tx, calendars, account.email, changed.email)
                for feed in feeds:
                    tx.touch(feed)
                return tx.accounts.update(replace(changed, update_time=tx.now))

            feeds = [account_feed(name), *(profile_feed(profile.name) for profile in profiles), *concerned]
            return await self._write(principal, options, feeds, work)

        return await until_locked(attempt)

    async def delete(
        self,
        principal: Principal,
        options: WriteOptions,
        name: AccountName,
        *,
        etag: str = "",
        force: bool = False,
        allow_missing: bool = False,
    ) -> None:
        """Deletes the account, what is in it and the grants to it; without `force` only an empty one.

        A primary calendar without events is nothing.
        """
        require_account(principal, name.account)

        async def attempt() -> None:
            async with self._store.read(principal.tenant) as tx:
                feeds = await _feeds_inside(tx, name)

            async def work(tx: Write) -> None:
                account = await tx.accounts.get(name)
                if account is None:
                    _require_allowed(name, allow_missing)
                    return
                require_etag(account.etag, etag)
                require_locked(tx.locked, await _feeds_inside(tx, name))
                await _delete_inside(tx, name, force, principal.id)
                tx.accounts.delete(account)

            await self._write(principal, options, [account_feed(name), *feeds], work)

        await until_locked(attempt)

    async def _write(
        self,
        principal: Principal,
        options: WriteOptions,
        feeds: Sequence[FeedKey],
        work: Callable[[Write], Awaitable[T]],
    ) -> T:
        return await self._store.write(principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only)


async def existing_account(tx: Read, name: AccountName) -> Account:
    """The account; raises ResourceNotFound."""
    account = await tx.accounts.get(name)
    if account is None:
        raise ResourceNotFound("schedsvc/Account", str(name))
    return account


def _primary(account: Account) -> Calendar:
    return Calendar(
        name=primary_calendar(account.name.account),
        display_name=account.display_name,
        description="",
        color="",
        time_zone=account.time_zone,
        metadata={},
        external_ref=None,
        edition=0,
        create_time=account.create_time,
        update_time=account.update_time,
    )


def _require_allowed(name: AccountName, missing_allowed: bool) -> None:
    if not missing_allowed:
        raise ResourceNotFound("schedsvc/Account", str(name))


async def _profiles(tx: Read, name: AccountName) -> Sequence[BookingProfile]:
    return await tx.profiles.list(name.account, EVERYTHING)


async def _calendars(tx: Read, name: AccountName) -> Sequence[Calendar]:
    return await tx.calendars.list(name.account, EVERYTHING)


async def _shared(tx: Read, name: AccountName) -> Sequence[Grant]:
    return await tx.grants.shared(name.account, Role.FREE_BUSY_READER, EVERYTHING)


async def _feeds_inside(tx: Read, name: AccountName) -> list[FeedKey]:
    """Those of what is in the account, and of the calendars that are shared with it."""
    profiles, calendars = await _profiles(tx, name), await _calendars(tx, name)
    names = [*(c.name for c in calendars), *(grant.name.calendar for grant in await _shared(tx, name))]
    return [*(profile_feed(p.name) for p in profiles), *map(calendar_feed, names)]


async def _delete_inside(tx: Write, name: AccountName, force: bool, by: str) -> None:
    profiles, calendars = await _profiles(tx, name), await _calendars(tx, name)
    if not force:
        await _require_empty(tx, name, profiles, calendars)
    for calendar in calendars:
        await require_unused(tx, calendar, besides=name.account)
    for profile in profiles:
        await cancel_all(tx, profile, by=by, with_events=False)
        tx.profiles.delete(profile)
    for calendar in calendars:
        tx.calendars.delete(calendar)
    for grant in await _shared(tx, name):
        tx.grants.delete(grant)


async def _require_empty(
    tx: Read, name: AccountName, profiles: Sequence[BookingProfile], calendars: Sequence[Calendar]
) -> None:
    children = [str(p.name) for p in profiles] + [str(c.name) for c in calendars if not c.name.is_primary]
    if await tx.events.exist(primary_calendar(name.account)):
        children.append(f"{primary_calendar(name.account)}/events")
    if children:
        raise NotEmpty(f"{name} is not empty: set force to delete what is in it", children=" ".join(children[:10]))
