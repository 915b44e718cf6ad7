"""Booking profiles of an account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from schedsvc.domain.availability import compile_offer
from schedsvc.domain.errors import DuplicateSlug, InvalidInput, ProfileInUse, ResourceNotFound, Violation
from schedsvc.domain.feeds import FeedKey, account_feed, calendar_feed, profile_feed
from schedsvc.domain.hours import WorkHours
from schedsvc.domain.names import AccountName, CalendarName, ProfileName
from schedsvc.domain.principals import Principal
from schedsvc.domain.profiles import BookingProfile, ProfileDraft
from schedsvc.domain.records import fields_of
from schedsvc.domain.roles import Role
from schedsvc.domain.time import EARLIEST, seconds_up
from schedsvc.domain.weights import weigh_profile
from schedsvc.repositories.base import Page, Read, Store, Write
from schedsvc.usecases.access import require_account, require_role, visible_account
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.cancelling import cancel_all
from schedsvc.usecases.checks import require_etag, require_free
from schedsvc.usecases.locking import require_locked, until_locked
from schedsvc.usecases.offers import hours_around
from schedsvc.usecases.requests import Listed, SortKey, WriteOptions, listed, one_more


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A profile and the hours that it works by: its own, its account's, or the default."""

    profile: BookingProfile
    effective_hours: WorkHours


class Profiles:
    """`new_id` makes ids for profiles whose creator chose none."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def create(
        self, principal: Principal, options: WriteOptions, parent: AccountName, profile_id: str, draft: ProfileDraft
    ) -> ProfileView:
        require_account(principal, parent.account)
        name = ProfileName(parent.account, profile_id or self._new_id())

        async def work(tx: Write) -> ProfileView:
            await existing_account(tx, parent)
            require_free(await tx.profiles.is_taken(name), name)
            profile = BookingProfile(
                **_settled(draft, name), name=name, edition=0, create_time=tx.now, update_time=tx.now
            )
            await _require_calendars(tx, principal, profile)
            await _require_slug(tx, profile)
            return await _view(tx, tx.profiles.create(replace(profile, by_grant=_by_grant(principal, profile))))

        feeds = [account_feed(parent), *map(calendar_feed, draft.calendars)]
        return await self._store.write(principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only)

    async def get(self, principal: Principal, name: ProfileName) -> ProfileView:
        require_account(principal, name.account)
        async with self._store.read(principal.tenant) as tx:
            return await _view(tx, await existing_profile(tx, name))

    async def list(self, principal: Principal, account: AccountName | None, page: Page) -> Listed[ProfileView]:
        """Of one account, or of all that the caller may see (None)."""
        owner = visible_account(principal, account.account if account else None)
        async with self._store.read(principal.tenant) as tx:
            if account is not None:
                await existing_account(tx, account)
            found = listed(await tx.profiles.list(owner, one_more(page)), page, _sort_key, weigh_profile)
            return Listed([await _view(tx, profile) for profile in found.records], found.last)

    async def update(
        self,
        principal: Principal,
        options: WriteOptions,
        name: ProfileName,
        etag: str,
        patch: Callable[[BookingProfile], ProfileDraft],
    ) -> ProfileView:
        """Bookings that exist are left as they are."""
        require_account(principal, name.account)

        async def attempt() -> ProfileView:
            async with self._store.read(principal.tenant) as tx:
                calendars = await _calendars_after(tx, name, patch)

            async def work(tx: Write) -> ProfileView:
                before = await existing_profile(tx, name)
                require_etag(before.etag, etag)
                after = replace(before, **_settled(patch(before), name))
                if after == before:
                    return await _view(tx, before)
                await _require_calendars(tx, principal, after, before.calendars)
                await _require_kept(tx, after)
                require_locked(tx.locked, [calendar_feed(calendar) for calendar in after.calendars])
                if after.slug != before.slug:
                    await _require_slug(tx, after)
                after = replace(after, by_grant=_by_grant(principal, after, before), update_time=tx.now)
                return await _view(tx, tx.profiles.update(after))

            feeds = [*_feeds(name), *map(calendar_feed, calendars)]
            return await self._store.write(
                principal.tenant, feeds, work, once=options.once, dry_run=options.validate_only
            )

        return await until_locked(attempt)

    async def delete(
        self,
        principal: Principal,
        options: WriteOptions,
        name: ProfileName,
        *,
        etag: str = "",
        force: bool = False,
        allow_missing: bool = False,
    ) -> None:
        """Without `force` only if no booking is to come; with it, those are cancelled."""
        require_account(principal, name.account)

        async def attempt() -> None:
            async with self._store.read(principal.tenant) as tx:
                calendars = await _calendars_of_bookings(tx, name)

            async def work(tx: Write) -> None:
                profile = await tx.profiles.get(name)
                if profile is None:
                    _require_allowed(name, allow_missing)
                    return
                require_etag(profile.etag, etag)
                if not force:
                    await _require_idle(tx, profile)
                require_locked(tx.locked, await _calendars_of_bookings(tx, name))
                await cancel_all(tx, profile, by=principal.id, with_events=True)
                tx.profiles.delete(profile)

            await self._store.write(
                principal.tenant,
                [*_feeds(name), *calendars],
                work,
                once=options.once,
                dry_run=options.validate_only,
            )

        await until_locked(attempt)


async def existing_profile(tx: Read, name: ProfileName) -> BookingProfile:
    """The profile; raises ResourceNotFound."""
    profile = await tx.profiles.get(name)
    if profile is None:
        raise ResourceNotFound("schedsvc/BookingProfile", str(name))
    return profile


def _sort_key(profile: BookingProfile) -> SortKey:
    return profile.name.account, profile.name.profile


def _feeds(name: ProfileName) -> list[FeedKey]:
    return [account_feed(AccountName(name.account)), profile_feed(name)]


def _settled(draft: ProfileDraft, name: ProfileName) -> dict[str, Any]:
    return {**fields_of(draft, ProfileDraft), "slug": draft.slug or name.profile.replace("_", "-")}


def _require_allowed(name: ProfileName, missing_allowed: bool) -> None:
    if not missing_allowed:
        raise ResourceNotFound("schedsvc/BookingProfile", str(name))


async def _view(tx: Read, profile: BookingProfile) -> ProfileView:
    return ProfileView(profile, compile_offer(profile, *await hours_around(tx, profile)).hours)


async def _require_calendars(
    tx: Read, principal: Principal, profile: BookingProfile, before: Collection[CalendarName] = ()
) -> None:
    """Raises for calendars that do not exist, and for new ones whose busy time the caller may not see."""
    if profile.calendar.account != profile.name.account:
        raise InvalidInput([Violation("booking_profile.calendar", "must be a calendar of the profile's account")])
    for calendar in profile.calendars:
        if calendar not in before:
            await require_role(tx, principal, calendar, Role.FREE_BUSY_READER)
    live = await tx.calendars.get_many(profile.calendars)
    for calendar in profile.calendars:
        if calendar not in live:
            raise ResourceNotFound("schedsvc/Calendar", str(calendar))


def _by_grant(
    principal: Principal, profile: BookingProfile, before: BookingProfile | None = None
) -> frozenset[CalendarName]:
    """The calendars of others that the account may look at by a grant: a tenant's credential needs none for any."""
    foreign = {calendar for calendar in profile.calendars if calendar.account != profile.name.account}
    known = set() if before is None else foreign.intersection(before.calendars)
    new = set() if principal.account is None else foreign - known
    return frozenset(new | (known & before.by_grant if before else set()))


async def _require_kept(tx: Write, profile: BookingProfile) -> None:
    """Raises ProfileInUse if a booking to come lies on a calendar whose busy time would no longer count."""
    bookings = await tx.bookings.to_come(profile.name, seconds_up(tx.now))
    left = {booking.event.calendar for booking in bookings}.difference(profile.calendars)
    if left:
        message = f"bookings to come lie on {min(left)}: keep it among the conflict_calendars until they are over"
        raise ProfileInUse(message, bookings=str(len(bookings)))


async def _require_slug(tx: Read, profile: BookingProfile) -> None:
    twin = await tx.profiles.by_slug(profile.name.account, profile.slug)
    if twin is not None and twin.name != profile.name:
        raise DuplicateSlug(f"{twin.name} has the slug {profile.slug!r}: choose another one", resource=str(twin.name))


async def _calendars_after(
    tx: Read, name: ProfileName, patch: Callable[[BookingProfile], ProfileDraft]
) -> Sequence[CalendarName]:
    """The calendars that the profile will use, as far as can be told.

    Nothing is refused here: a write that was carried out before is answered whatever has become of its profile.
    """
    before = await tx.profiles.get(name)
    with suppress(InvalidInput):
        return () if before is None else patch(before).calendars
    return ()


async def _calendars_of_bookings(tx: Read, name: ProfileName) -> list[FeedKey]:
    """The feeds of all calendars that hold events of bookings that are not cancelled."""
    return sorted({calendar_feed(booking.event.calendar) for booking in await tx.bookings.to_come(name, EARLIEST)})


async def _require_idle(tx: Write, profile: BookingProfile) -> None:
    bookings = await tx.bookings.to_come(profile.name, seconds_up(tx.now))
    if bookings:
        count = len(bookings)
        message = f"{profile.name} has {count} bookings to come: set force to cancel them"
        raise ProfileInUse(message, bookings=str(count))
