"""Feeds: what is locked, numbered and followed.

A feed is the ordered changes of one calendar (events) or one booking profile (bookings). Its row is also the lock
of everything inside it. An account has a feed row too, with nothing to follow: it is the lock of its directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from schedsvc.domain.names import AccountName, CalendarName, ProfileName


class FeedKind(IntEnum):
    """The order of the values is the order of locking."""

    ACCOUNT = 0
    PROFILE = 1
    CALENDAR = 2


@dataclass(frozen=True, slots=True, order=True)
class FeedKey:
    """Names a feed inside its tenant. Comparing two keys gives the order in which they are locked."""

    kind: FeedKind
    id: str

    @property
    def account(self) -> str:
        """The id of the account that the feed belongs to."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class FeedHead:
    """Where a feed stands.

    `revision` numbers the published changes: 1, 2, 3, … without gaps, in commit order. `version` moves with every
    write that an evaluation could see and is the cache key. `epoch` changes when a restore rewinds the feed. Changes
    above `trimmed` are all readable; those up to and including it may be gone.
    """

    key: FeedKey
    revision: int
    version: int
    epoch: int
    trimmed: int = 0


def account_feed(name: AccountName) -> FeedKey:
    return FeedKey(FeedKind.ACCOUNT, name.account)


def calendar_feed(name: CalendarName) -> FeedKey:
    return FeedKey(FeedKind.CALENDAR, f"{name.account}/{name.calendar}")


def profile_feed(name: ProfileName) -> FeedKey:
    return FeedKey(FeedKind.PROFILE, f"{name.account}/{name.profile}")


def calendar_of(key: FeedKey) -> CalendarName:
    """The calendar whose feed this is."""
    return CalendarName(*key.id.split("/"))


def profile_of(key: FeedKey) -> ProfileName:
    """The booking profile whose feed this is."""
    return ProfileName(*key.id.split("/"))


def feed_resource(key: FeedKey) -> str:
    """The resource name of what the feed belongs to."""
    if key.kind is FeedKind.ACCOUNT:
        return str(AccountName(key.id))
    return str(calendar_of(key) if key.kind is FeedKind.CALENDAR else profile_of(key))
