"""The ports of storage: what every backend promises, shown by one contract suite over all of them.

**Tenants.** Every transaction belongs to one tenant and cannot see another's records.

**Reading.** `Store.read` gives a connection whose statements each see what is committed when they begin. Whoever
keeps a copy under a version must read the version first and the rows after it, never the other way round.
`Store.snapshot` gives one consistent state to all its statements.

**Writing.** `Store.write(tenant, feeds, work)` locks the rows of the named feeds in the order of their keys, then
awaits `work(tx)`, which decides and writes, then commits and wakes the readers. `work` may be run again after a
conflict, so it does nothing outside `tx`. Inside it, reads see the state that the lock protects, without the writes of
this very work. Writers are plain functions: they queue rows and hand back the record with the place it will have.
A raised exception undoes everything, and consumes no revision.

**Feeds.** Creating, updating and deleting events and bookings appends to the change log in the same transaction:
no writer can forget it. All changes of one work in one feed share one revision and are told apart by their index.
Other writes to what a feed covers (a calendar's zone, a profile's hours) move its version alone.

**Errors.** Backends raise `Contended` (nothing was done, after the retries), `StoreUnavailable`, `Overloaded`, and
the domain errors that `work` raises. No driver error leaves the backend.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeVar

from schedsvc.domain.accounts import Account
from schedsvc.domain.bookings import Booking, BookingState
from schedsvc.domain.calendars import Calendar
from schedsvc.domain.changes import Change, ChangeCause, Place
from schedsvc.domain.events import Event, ShowAs
from schedsvc.domain.feeds import FeedHead, FeedKey
from schedsvc.domain.grants import Grant
from schedsvc.domain.intervals import Interval
from schedsvc.domain.keys import ApiKey
from schedsvc.domain.limits import QUESTION_ITEMS
from schedsvc.domain.names import AccountName, BookingName, CalendarName, EventName, GrantName, ProfileName
from schedsvc.domain.outbox import OutboxMessage
from schedsvc.domain.profiles import BookingProfile
from schedsvc.domain.roles import Role
from schedsvc.domain.timeline import Item

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Keyset paging: at most `size` records whose sort key is greater than `after` (None: from the start)."""

    size: int
    after: tuple[str | int, ...] | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """None and empty mean "any". `window` is overlap as in ListEvents: a zero-length event counts at its start.

    `query` is a case-insensitive part of subject, description or location, `attendee` a whole address, whatever its
    case, `metadata` pairs that must all be there, `updated_min` the earliest last change. `recurring` asks for series
    alone or for single events alone.

    A series is compared as a whole, with its overrides: `window` with its extent, where it may also end just where the
    window begins, texts, attendees and metadata with what it or any override has, and `show_as` not at all. So it may
    pass although none of its instances does, but never fails to pass if one does.
    """

    window: Interval | None = None
    uids: tuple[str, ...] = ()
    query: str = ""
    attendee: str = ""
    show_as: tuple[ShowAs, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    updated_min: datetime | None = None
    recurring: bool | None = None


class EventOrder(Enum):
    """What events are listed by; the sort keys are `(extent start, id)` and `(revision, index)`."""

    START = 1
    UPDATED = 2


@dataclass(frozen=True, slots=True)
class Occupying:
    """What may take time in a window.

    `items` are the single events that do (level above NONE, positive length) and whose occupied range overlaps it;
    `series` all series whose extent does, whatever their instances do: making these is the reader's business.
    """

    items: Sequence[Item]
    series: Sequence[Event]


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """None and empty mean "any". `starts` bounds the start, half-open, in epoch seconds."""

    starts: Interval | None = None
    states: tuple[BookingState, ...] = ()
    booker_email: str = ""


@dataclass(frozen=True, slots=True)
class Once:
    """Makes a write happen once per `request_id` (AIP-155) of a method and a caller.

    `caller` is the account that the credential is bound to, empty for those of the tenant. `fingerprint` is a digest of
    the request's body; `encode` turns the result of the work into the answer that is stored with it and given again.
    """

    method: str
    request_id: str
    fingerprint: bytes
    encode: Callable[[Any], bytes]
    caller: str = ""


class AlreadyAnswered(Exception):
    """The request was carried out before; `answer` is what its caller was told. Not an error: an answer."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("answered before")
        self.answer = answer


class SchemaMismatch(Exception):
    """The database's schema is not the one this program was made for; the text says what to do."""


class AccountReads(Protocol):
    async def get(self, name: AccountName) -> Account | None:
        """The live account, or None."""
        ...

    async def is_taken(self, name: AccountName) -> bool:
        """Whether the id is in use or ever was."""
        ...

    async def list(self, page: Page) -> Sequence[Account]:
        """Live accounts by id; the sort key is `(id,)`."""
        ...


class AccountWrites(AccountReads, Protocol):
    def create(self, draft: Account) -> Account:
        """Also makes the account's feed row."""
        ...

    def update(self, account: Account) -> Account:
        """The account's feed must be locked."""
        ...

    def delete(self, account: Account) -> None:
        """Keeps the id taken. Children are deleted by the caller, in the same work."""
        ...


class CalendarReads(Protocol):
    async def get(self, name: CalendarName) -> Calendar | None:
        """The live calendar, or None."""
        ...

    async def get_many(self, names: Collection[CalendarName]) -> dict[CalendarName, Calendar]:
        """The live ones among `names`."""
        ...

    async def is_taken(self, name: CalendarName) -> bool:
        """Whether the id is in use or ever was."""
        ...

    async def list(self, account: str | None, page: Page) -> Sequence[Calendar]:
        """Live calendars of one account, or of all (None); the sort key is `(account id, 0 if primary else 1, id)`."""
        ...


class CalendarWrites(CalendarReads, Protocol):
    def create(self, draft: Calendar) -> Calendar:
        """Also makes the calendar's feed row. The account's feed must be locked, unless it is created here too."""
        ...

    def update(self, calendar: Calendar) -> Calendar:
        """The calendar's feed must be locked."""
        ...

    def delete(self, calendar: Calendar) -> None:
        """Removes the calendar's events without a tombstone each and ends its feed with one CALENDAR_DELETED marker.

        The calendar's and the account's feeds must be locked. The id stays taken.
        """
        ...


class GrantReads(Protocol):
    async def get(self, name: GrantName) -> Grant | None: ...

    async def get_many(self, grantee: str, calendars: Collection[CalendarName]) -> dict[CalendarName, Grant]:
        """What one account was granted on these calendars."""
        ...

    async def list(self, calendar: CalendarName, page: Page) -> Sequence[Grant]:
        """Of one calendar, by grantee; the sort key is `(grantee,)`."""
        ...

    async def shared(self, grantee: str, role: Role, page: Page) -> Sequence[Grant]:
        """Those to one account that give at least `role`; the sort key is `(account id, calendar id)`."""
        ...


class GrantWrites(GrantReads, Protocol):
    def create(self, draft: Grant) -> Grant:
        """The calendar's feed must be locked, here and below; its version moves."""
        ...

    def update(self, grant: Grant) -> Grant: ...

    def delete(self, grant: Grant) -> None: ...


class EventReads(Protocol):
    async def get(self, name: EventName) -> Event | None: ...

    async def by_uids(self, calendar: CalendarName, uids: Collection[str]) -> Sequence[Event]:
        """All events of the calendar with one of the UIDs, in no order."""
        ...

    async def by_uid_prefixes(self, calendar: CalendarName, prefixes: Collection[str]) -> Sequence[Event]:
        """All events of the calendar whose UID begins with one of the texts, by UID."""
        ...

    async def list(
        self, calendar: CalendarName, wanted: EventFilter, page: Page, order: EventOrder = EventOrder.START
    ) -> Sequence[Event]:
        """Single events and series, in the order asked for; the page's key is one of that order."""
        ...

    async def by_attendee(self, calendar: CalendarName, emails: Collection[str]) -> Sequence[Event]:
        """Every event that one of the addresses, whatever their case, is invited to, or to an instance of.

        Looks at every event of the calendar: for what is done rarely, as after a change of an account's address.
        """
        ...

    async def zoned_by_calendar(self, calendar: CalendarName) -> Sequence[Event]:
        """Every event that the calendar's zone says the time of: on dates or floating, or with such an override."""
        ...

    async def exist(self, calendar: CalendarName) -> bool:
        """Whether the calendar has any event."""
        ...

    async def occupying(self, calendar: CalendarName, window: Interval, limit: int = QUESTION_ITEMS) -> Occupying:
        """What takes time in the window, of one state of the calendar: an event that becomes a series is in it once.

        Not more than `limit` in all.
        """
        ...

    async def live(
        self, calendar: CalendarName, window: Interval | None, after: Place, mark: int, limit: int
    ) -> Sequence[Event]:
        """By place: events that overlap the window and whose last change is after `after`, up to revision `mark`."""
        ...


class EventWrites(EventReads, Protocol):
    def create(self, draft: Event) -> Event:
        """Appends CREATED. `draft.revision`, `index`, `born`, `create_time` and `update_time` are set here."""
        ...

    def update(self, event: Event, before: Event, cause: ChangeCause | None = None) -> Event:
        """Appends UPDATED with both extents, and with the cause if nobody asked for it."""
        ...

    def delete(self, event: Event, *, moved_to: EventName | None = None) -> Place:
        """Appends a tombstone: DELETED, or MOVED to the name under which the same work creates the event anew."""
        ...


class ProfileReads(Protocol):
    async def get(self, name: ProfileName) -> BookingProfile | None:
        """The live profile, or None."""
        ...

    async def is_taken(self, name: ProfileName) -> bool:
        """Whether the id is in use or ever was."""
        ...

    async def by_slug(self, account: str, slug: str) -> BookingProfile | None: ...

    async def using(self, calendar: CalendarName) -> Sequence[ProfileName]:
        """The live profiles that write to the calendar or check it."""
        ...

    async def list(self, account: str | None, page: Page) -> Sequence[BookingProfile]:
        """Live profiles of one account, or of all (None); the sort key is `(account id, id)`."""
        ...


class ProfileWrites(ProfileReads, Protocol):
    def create(self, draft: BookingProfile) -> BookingProfile:
        """Also makes the profile's feed row. The account's feed must be locked."""
        ...

    def update(self, profile: BookingProfile) -> BookingProfile:
        """The profile's and the account's feeds must be locked (slugs are unique in the account)."""
        ...

    def delete(self, profile: BookingProfile) -> None:
        """Keeps the id taken; the profile's bookings stay in its feed."""
        ...


class BookingReads(Protocol):
    async def get(self, name: BookingName) -> Booking | None: ...

    async def list(
        self, profile: ProfileName | None, account: str | None, wanted: BookingFilter, page: Page
    ) -> Sequence[Booking]:
        """By start; the sort key is `(extent start, account/profile id, id)`.

        `profile` of None lists over all profiles of `account`, or of the tenant when that is None too.
        """
        ...

    async def to_come(self, profile: ProfileName, now: int) -> Sequence[Booking]:
        """Confirmed bookings that end after `now`, by start."""
        ...

    async def live(
        self, profile: ProfileName, window: Interval | None, after: Place, mark: int, limit: int
    ) -> Sequence[Booking]:
        """As `EventReads.live`; cancelled bookings are included, since they are kept."""
        ...


class BookingWrites(BookingReads, Protocol):
    def create(self, draft: Booking) -> Booking:
        """Appends CREATED. `draft.revision`, `index`, `born`, `create_time` and `update_time` are set here."""
        ...

    def update(self, booking: Booking, before: Booking, cause: ChangeCause | None = None) -> Booking:
        """Appends UPDATED with both extents, and with the cause if nobody asked for it."""
        ...


class ChangeReads(Protocol):
    async def log(self, feed: FeedKey, after: Place, mark: int, limit: int) -> Sequence[Change]:
        """Every change after `after` and at or before revision `mark`, in order."""
        ...

    async def net(self, feed: FeedKey, since: int, after: Place, mark: int, limit: int) -> Sequence[Change]:
        """What the changes in revisions `(since, mark]` come to: the last one of each record, by place, after `after`.

        `previous` is the record's extent at `since` (None: not there yet), so that the caller can tell what a window
        saw before.
        """
        ...

    async def ever_inside(
        self, feed: FeedKey, since: int, mark: int, resource_ids: Collection[str], window: Interval
    ) -> Collection[str]:
        """Those of the records that overlapped the window at some time between the revisions, both ends included."""
        ...


class OutboxReads(Protocol):
    async def list(self, page: Page) -> Sequence[OutboxMessage]:
        """By time due; the sort key is `(due time in epoch microseconds, id)`."""
        ...


class OutboxWrites(OutboxReads, Protocol):
    def add(self, topic: str, aggregate: str, body: Mapping[str, Any]) -> None:
        """Queues a message of what this work changes, due at once; `body` is as JSON takes it.

        The id is made from the place of the work, so that it is the same however often the work is run. Raises
        RuntimeError at commit if the work changes nothing.
        """
        ...


class KeyReads(Protocol):
    async def get(self, key_id: str) -> ApiKey | None: ...

    async def list(self) -> Sequence[ApiKey]:
        """All keys of the tenant, by id, revoked ones too."""
        ...


class KeyWrites(KeyReads, Protocol):
    def create(self, key: ApiKey) -> None: ...

    def update(self, key: ApiKey) -> None:
        """Replaces the key of that id."""
        ...


class Read(Protocol):
    """One connection's view of one tenant."""

    @property
    def tenant(self) -> str: ...
    @property
    def accounts(self) -> AccountReads: ...
    @property
    def calendars(self) -> CalendarReads: ...
    @property
    def grants(self) -> GrantReads: ...
    @property
    def events(self) -> EventReads: ...
    @property
    def profiles(self) -> ProfileReads: ...
    @property
    def bookings(self) -> BookingReads: ...
    @property
    def changes(self) -> ChangeReads: ...
    @property
    def outbox(self) -> OutboxReads: ...
    @property
    def keys(self) -> KeyReads: ...

    async def heads(self, feeds: Iterable[FeedKey]) -> Mapping[FeedKey, FeedHead]:
        """Where the feeds stand, in one statement; a feed that does not exist is absent."""
        ...


class Write(Read, Protocol):
    """A transaction that holds the locks it asked for."""

    @property
    def now(self) -> datetime:
        """The database's clock, read with the lock (an injected clock replaces it)."""
        ...

    @property
    def locked(self) -> Mapping[FeedKey, FeedHead]:
        """The heads of the locked feeds, as of the lock; a feed that does not exist is absent."""
        ...

    @property
    def accounts(self) -> AccountWrites: ...
    @property
    def calendars(self) -> CalendarWrites: ...
    @property
    def grants(self) -> GrantWrites: ...
    @property
    def events(self) -> EventWrites: ...
    @property
    def profiles(self) -> ProfileWrites: ...
    @property
    def bookings(self) -> BookingWrites: ...
    @property
    def outbox(self) -> OutboxWrites: ...
    @property
    def keys(self) -> KeyWrites: ...

    def touch(self, feed: FeedKey) -> None:
        """Moves the version of a locked feed, so that what was derived from it is derived anew."""
        ...


class Subscription(Protocol):
    """A wake-up call. Open it before reading the log, or a change in between is noticed only by the next poll."""

    async def wait(self, timeout: float) -> None:
        """Returns at the next hint that one of the feeds moved, or after `timeout` seconds; both mean "look again"."""
        ...

    def close(self) -> None: ...


class ChangeSignal(Protocol):
    """Hints that feeds moved. They may be lost, repeated or merged: the log is the truth."""

    def subscribe(self, tenant: str, feeds: Collection[FeedKey]) -> Subscription: ...

    def notify(self, tenant: str, feeds: Collection[FeedKey]) -> None: ...


class Clock(Protocol):
    """What time it is. Backends ask `at` for the time of a transaction whose database clock says `database_now`."""

    def now(self) -> datetime: ...

    def at(self, database_now: datetime) -> datetime: ...


class Store(Protocol):
    """One database."""

    @property
    def signal(self) -> ChangeSignal: ...

    def read(self, tenant: str) -> AbstractAsyncContextManager[Read]: ...

    def snapshot(self, tenant: str) -> AbstractAsyncContextManager[Read]: ...

    async def write(
        self,
        tenant: str,
        feeds: Collection[FeedKey],
        work: Callable[[Write], Awaitable[T]],
        *,
        once: Once | None = None,
        dry_run: bool = False,
    ) -> T:
        """Carries out `work` under the locks and commits; `dry_run` undoes it and answers all the same.

        Once begun it runs to its end even if the caller is cancelled. Raises AlreadyAnswered when `once` was carried
        out before, RequestIdReused when it was, but for another body.
        """
        ...

    async def has_keys(self) -> bool:
        """Whether any tenant has an API key that is not revoked."""
        ...

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has, or had, an account; in order."""
        ...

    async def ping(self) -> None:
        """Raises StoreUnavailable unless the database answers and accepts writes."""
        ...

    async def close(self) -> None: ...
