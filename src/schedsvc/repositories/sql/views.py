"""One tenant's view of the database, for reading and inside a write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from schedsvc.domain.feeds import FeedHead, FeedKey
from schedsvc.repositories.sql.accounts import SqlAccounts, SqlAccountWrites
from schedsvc.repositories.sql.bookings import SqlBookings, SqlBookingWrites
from schedsvc.repositories.sql.calendars import SqlCalendars, SqlCalendarWrites
from schedsvc.repositories.sql.changes import SqlChanges
from schedsvc.repositories.sql.events import SqlEvents, SqlEventWrites
from schedsvc.repositories.sql.feeds import heads as heads_of
from schedsvc.repositories.sql.grants import SqlGrants, SqlGrantWrites
from schedsvc.repositories.sql.keys import SqlKeys, SqlKeyWrites
from schedsvc.repositories.sql.ledger import Ledger
from schedsvc.repositories.sql.outbox import SqlOutbox, SqlOutboxWrites
from schedsvc.repositories.sql.profiles import SqlProfiles, SqlProfileWrites
from schedsvc.repositories.sql.session import Session


class SqlRead:
    """The port `Read`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.tenant = session.tenant
        self.accounts = SqlAccounts(session)
        self.calendars = SqlCalendars(session)
        self.grants = SqlGrants(session)
        self.events = SqlEvents(session)
        self.profiles = SqlProfiles(session)
        self.bookings = SqlBookings(session)
        self.changes = SqlChanges(session)
        self.outbox = SqlOutbox(session)
        self.keys = SqlKeys(session)

    async def heads(self, feeds: Iterable[FeedKey]) -> Mapping[FeedKey, FeedHead]:
        return await heads_of(self._session, set(feeds))


class SqlWrite:
    """The port `Write`. What is written goes to the ledger; the committer writes it down."""

    def __init__(self, session: Session, ledger: Ledger, locked: Mapping[FeedKey, FeedHead]) -> None:
        self._session = session
        self._ledger = ledger
        self.tenant = session.tenant
        self.now: datetime = ledger.now
        self.locked = locked
        self.accounts = SqlAccountWrites(session, ledger)
        self.calendars = SqlCalendarWrites(session, ledger)
        self.grants = SqlGrantWrites(session, ledger)
        self.events = SqlEventWrites(session, ledger)
        self.profiles = SqlProfileWrites(session, ledger)
        self.bookings = SqlBookingWrites(session, ledger)
        self.changes = SqlChanges(session)
        self.outbox = SqlOutboxWrites(session, ledger)
        self.keys = SqlKeyWrites(session, ledger)

    async def heads(self, feeds: Iterable[FeedKey]) -> Mapping[FeedKey, FeedHead]:
        return await heads_of(self._session, set(feeds))

    def touch(self, feed: FeedKey) -> None:
        self._ledger.touch(feed)
