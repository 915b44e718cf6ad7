"""Grants: who else may do what with a calendar.

The account that a calendar belongs to is its owner by a grant that is in no table: it comes and goes with the calendar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import IdTaken, LastOwner, ResourceNotFound
from schedsvc.domain.feeds import account_feed, calendar_feed
from schedsvc.domain.grants import Grant
from schedsvc.domain.names import AccountName, CalendarName, GrantName
from schedsvc.domain.principals import Principal
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import Page, Read, Store, Write
from schedsvc.usecases.access import require_role
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.calendars import existing_calendar
from schedsvc.usecases.checks import require_etag
from schedsvc.usecases.requests import Listed, SortKey, WriteOptions, listed, one_more


@dataclass(frozen=True, slots=True)
class GrantDraft:
    """What a caller says of a grant."""

    grantee: AccountName
    role: Role


class Grants:
    """All of these ask for the role OWNER on the calendar."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(
        self, principal: Principal, options: WriteOptions, parent: CalendarName, draft: GrantDraft
    ) -> Grant:
        """Raises ResourceNotFound for a grantee that does not exist, IdTaken for one that has a grant."""
        name = GrantName(parent, draft.grantee.account)

        async def work(tx: Write) -> Grant:
            await _owned(tx, principal, parent)
            await existing_account(tx, draft.grantee)
            if _is_owners(name) or await tx.grants.get(name) is not None:
                raise IdTaken(f"{name} exists already: update it instead", resource=str(name))
            return tx.grants.create(
                Grant(name=name, role=draft.role, edition=0, create_time=tx.now, update_time=tx.now)
            )

        # The grantee's account cannot go meanwhile.
        feeds = [account_feed(draft.grantee), calendar_feed(parent)]
        return await self._store.write(principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only)

    async def get(self, principal: Principal, name: GrantName) -> Grant:
        async with self._store.read(principal.tenant) as tx:
            return await _existing(tx, await _owned(tx, principal, name.calendar), name)

    async def list(self, principal: Principal, parent: CalendarName, page: Page) -> Listed[Grant]:
        """That of the calendar's own account first, then by grantee."""
        async with self._store.read(principal.tenant) as tx:
            calendar = await _owned(tx, principal, parent)
            first = [_owners(calendar)] if page.after is None else []
            after = page.after[1:] if page.after is not None and page.after[0] else None
            found = [*first, *await tx.grants.list(parent, one_more(replace(page, after=after)))]
            return listed(found, page, _sort_key)

    async def update(
        self,
        principal: Principal,
        options: WriteOptions,
        name: GrantName,
        etag: str,
        patch: Callable[[Grant], GrantDraft],
    ) -> Grant:
        """Raises LastOwner for the grant of the calendar's own account."""

        async def work(tx: Write) -> Grant:
            grant = await _existing(tx, await _owned(tx, principal, name.calendar), name)
            require_etag(grant.etag, etag)
            changed = replace(grant, role=patch(grant).role)
            if changed == grant:
                return grant
            _require_not_owners(name)
            return tx.grants.update(changed)

        return await self._store.write(
            principal.tenant, [calendar_feed(name.calendar)], work, once=options.once, dry_run=options.validate_only
        )

    async def delete(
        self,
        principal: Principal,
        options: WriteOptions,
        name: GrantName,
        *,
        etag: str = "",
        allow_missing: bool = False,
    ) -> None:
        """Raises LastOwner for the grant of the calendar's own account."""

        async def work(tx: Write) -> None:
            await _owned(tx, principal, name.calendar)
            _require_not_owners(name)
            grant = await tx.grants.get(name)
            if grant is None:
                if not allow_missing:
                    raise ResourceNotFound("schedsvc/Grant", str(name))
                return
            require_etag(grant.etag, etag)
            tx.grants.delete(grant)

        await self._store.write(
            principal.tenant, [calendar_feed(name.calendar)], work, once=options.once, dry_run=options.validate_only
        )


def _is_owners(name: GrantName) -> bool:
    return name.grantee == name.calendar.account


def _owners(calendar: Calendar) -> Grant:
    """The grant that the calendar's own account has by nature."""
    return Grant(
        name=GrantName(calendar.name, calendar.name.account),
        role=Role.OWNER,
        edition=0,
        create_time=calendar.create_time,
        update_time=calendar.create_time,
    )


def _sort_key(grant: Grant) -> SortKey:
    return 0 if _is_owners(grant.name) else 1, grant.name.grantee


async def _owned(tx: Read, principal: Principal, name: CalendarName) -> Calendar:
    await require_role(tx, principal, name, Role.OWNER)
    return await existing_calendar(tx, name)


async def _existing(tx: Read, calendar: Calendar, name: GrantName) -> Grant:
    grant = _owners(calendar) if _is_owners(name) else await tx.grants.get(name)
    if grant is None:
        raise ResourceNotFound("schedsvc/Grant", str(name))
    return grant


def _require_not_owners(name: GrantName) -> None:
    if _is_owners(name):
        raise LastOwner(f"{name.calendar} belongs to accounts/{name.grantee}, which stays its owner", grant=str(name))
