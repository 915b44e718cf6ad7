"""Booking profiles compiled for the evaluator, kept between requests under the version of the profile's feed.

Whatever an offer is made of moves that version: the profile itself, its account's hours, its calendar's zone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from schedsvc.domain.availability import Offer, compile_offer
from schedsvc.domain.errors import ResourceNotFound
from schedsvc.domain.feeds import FeedHead, FeedKey, calendar_feed, profile_feed
from schedsvc.domain.hours import WorkHours
from schedsvc.domain.names import AccountName, ProfileName
from schedsvc.domain.profiles import BookingProfile
from schedsvc.repositories.base import Read

CAPACITY = 10_000


@dataclass(frozen=True, slots=True)
class Compiled:
    """A profile with its offer, as of `label` (epoch and version of the profile's feed)."""

    profile: BookingProfile
    offer: Offer
    label: tuple[int, int]

    @property
    def feeds(self) -> list[FeedKey]:
        """What a decision about the profile's slots depends on."""
        return [profile_feed(self.profile.name), *map(calendar_feed, self.profile.calendars)]


class Offers:
    """The least recently used profiles are dropped when more than `capacity` are kept."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, ProfileName], Compiled] = OrderedDict()

    async def current(self, tx: Read, name: ProfileName) -> tuple[Compiled, Mapping[FeedKey, FeedHead]]:
        """The profile as it stands now, with the heads of all its feeds; raises ResourceNotFound."""
        kept = self._kept.get((tx.tenant, name))
        heads = await tx.heads(kept.feeds if kept else [profile_feed(name)])
        compiled = await self.at(tx, name, heads)
        if compiled is not kept:
            # The version was read before the rows, and is read again with those of the calendars they name.
            heads = await tx.heads(compiled.feeds)
        return compiled, heads

    async def at(self, tx: Read, name: ProfileName, heads: Mapping[FeedKey, FeedHead]) -> Compiled:
        """The profile as of heads that were read before, or are locked; raises ResourceNotFound."""
        head = heads.get(profile_feed(name))
        if head is None:
            raise ResourceNotFound("schedsvc/BookingProfile", str(name))
        key, label = (tx.tenant, name), (head.epoch, head.version)
        kept = self._kept.get(key)
        if kept is None or kept.label != label:
            kept = await _compile(tx, name, label)
            self._keep(key, kept)
        self._kept.move_to_end(key)
        return kept

    async def feeds(self, tx: Read, name: ProfileName) -> list[FeedKey]:
        """What to lock for a decision about the profile: a guess that may be old, to be verified under the lock."""
        kept = self._kept.get((tx.tenant, name))
        return kept.feeds if kept else (await self.current(tx, name))[0].feeds

    def guess(self, tenant: str, name: ProfileName) -> list[FeedKey] | None:
        """`feeds` without a look at the database; None if nothing is kept."""
        kept = self._kept.get((tenant, name))
        return kept.feeds if kept else None

    def _keep(self, key: tuple[str, ProfileName], compiled: Compiled) -> None:
        self._kept[key] = compiled
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


async def _compile(tx: Read, name: ProfileName, label: tuple[int, int]) -> Compiled:
    profile = await tx.profiles.get(name)
    if profile is None:
        raise ResourceNotFound("schedsvc/BookingProfile", str(name))
    return Compiled(profile, compile_offer(profile, *await hours_around(tx, profile)), label)


async def hours_around(tx: Read, profile: BookingProfile) -> tuple[WorkHours | None, str]:
    """The hours of the profile's account and the zone of its calendar: what it falls back to."""
    account = await tx.accounts.get(AccountName(profile.name.account))
    calendar = await tx.calendars.get(profile.calendar)
    if account is None or calendar is None:
        raise ResourceNotFound("schedsvc/BookingProfile", str(profile.name))
    return account.work_hours, calendar.time_zone
