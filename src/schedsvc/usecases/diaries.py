"""What somebody may know of calendars who may only know when they are taken: timelines, and the hours of the owners.

Calendars and accounts are kept between requests under the versions of their feeds, which move with every write to them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from schedsvc.domain.accounts import Account
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.errors import DomainError, ResourceNotFound, RoleMissing
from schedsvc.domain.feeds import FeedHead, FeedKey, account_feed, calendar_feed
from schedsvc.domain.hours import WorkHours, default_hours
from schedsvc.domain.intervals import Interval
from schedsvc.domain.names import AccountName, CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.roles import Role
from schedsvc.domain.timeline import Timeline
from schedsvc.repositories.base import Read
from schedsvc.usecases.access import require_role
from schedsvc.usecases.timelines import Timelines

K = TypeVar("K", CalendarName, AccountName)
T = TypeVar("T")
CAPACITY = 10_000


@dataclass(frozen=True, slots=True)
class Diary:
    """A calendar's timeline over at least the window asked for. `hours` are None unless they were asked for."""

    timeline: Timeline
    hours: WorkHours | None = None


class Diaries:
    """The least recently used calendars and accounts are dropped when more than `capacity` of either are kept."""

    def __init__(self, timelines: Timelines, capacity: int = CAPACITY) -> None:
        self._timelines = timelines
        self._calendars = _Kept[Calendar](capacity)
        self._accounts = _Kept[Account](capacity)

    async def read(
        self, tx: Read, principal: Principal, names: Collection[CalendarName], window: Interval, *, hours: bool = False
    ) -> dict[CalendarName, Diary | DomainError]:
        """The diary of each calendar, or why there is none: the role, the calendar, or its bounds."""
        refused = await _refused(tx, principal, names)
        feeds = {name: calendar_feed(name) for name in names if name not in refused}
        owners = {name: account_feed(name) for name in map(_owner, feeds)} if hours else {}
        heads = await tx.heads([*feeds.values(), *owners.values()])
        calendars = await self._calendars.current(tx.tenant, heads, feeds, tx.calendars.get_many)
        accounts = await self._accounts.current(tx.tenant, heads, owners, lambda names: _accounts(tx, names))
        timelines = await self._timelines.load_each(tx, heads, calendars, window)
        found = {
            name: Diary(one, _hours(calendars[name], accounts) if hours else None) if isinstance(one, Timeline) else one
            for name, one in timelines.items()
        }
        return {name: refused.get(name) or found.get(name) or _missing(name) for name in names}


class _Kept(Generic[T]):
    """Records under the epoch and version that their feeds had when they were read."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, FeedKey], tuple[tuple[int, int], T]] = OrderedDict()

    async def current(
        self,
        tenant: str,
        heads: Mapping[FeedKey, FeedHead],
        feeds: Mapping[K, FeedKey],
        read: Callable[[Collection[K]], Awaitable[Mapping[K, T]]],
    ) -> dict[K, T]:
        """The live records by name, as of heads that were read before; those that are not kept are read."""
        found: dict[K, T] = {}
        unknown = []
        for name, feed in feeds.items():
            label, record = self._kept.get((tenant, feed), (None, None))
            if feed in heads and label == _label(heads[feed]) and record is not None:
                found[name] = record
                self._kept.move_to_end((tenant, feed))
            elif feed in heads:
                unknown.append(name)
        for name, record in (await read(unknown)).items() if unknown else ():
            self._keep((tenant, feeds[name]), (_label(heads[feeds[name]]), record))
            found[name] = record
        return found

    def _keep(self, key: tuple[str, FeedKey], labelled: tuple[tuple[int, int], T]) -> None:
        self._kept[key] = labelled
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


def _label(head: FeedHead) -> tuple[int, int]:
    return head.epoch, head.version


async def _refused(tx: Read, principal: Principal, names: Iterable[CalendarName]) -> dict[CalendarName, RoleMissing]:
    refused = {}
    for name in names:
        try:
            await require_role(tx, principal, name, Role.FREE_BUSY_READER)
        except RoleMissing as refusal:
            refused[name] = refusal
    return refused


async def _accounts(tx: Read, names: Iterable[AccountName]) -> dict[AccountName, Account]:
    found = [await tx.accounts.get(name) for name in names]
    return {account.name: account for account in found if account is not None}


def _hours(calendar: Calendar, accounts: Mapping[AccountName, Account]) -> WorkHours:
    """What a booking profile on the calendar works by, unless it has hours of its own."""
    account = accounts.get(_owner(calendar.name))
    own = None if account is None else account.work_hours
    return own or default_hours(calendar.time_zone)


def _owner(name: CalendarName) -> AccountName:
    return AccountName(name.account)


def _missing(name: CalendarName) -> DomainError:
    return ResourceNotFound("schedsvc/Calendar", str(name))
