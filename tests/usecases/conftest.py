"""Use cases over a real store, under a clock that stands still."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from schedsvc.domain.names import AccountName, CalendarName, ProfileName
from schedsvc.domain.principals import Principal, Scope
from schedsvc.domain.tokens import Sealer
from schedsvc.repositories.base import Store
from schedsvc.repositories.sql.engine import SqlSettings
from schedsvc.repositories.sql.migrate import migrate
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases.accounts import Accounts
from schedsvc.usecases.bookings import Bookings
from schedsvc.usecases.calendars import Calendars
from schedsvc.usecases.diaries import Diaries
from schedsvc.usecases.event_lists import EventLists
from schedsvc.usecases.events import Events
from schedsvc.usecases.free_busy import FreeBusy
from schedsvc.usecases.imports import Imports
from schedsvc.usecases.offers import Offers
from schedsvc.usecases.profiles import Profiles
from schedsvc.usecases.requests import WriteOptions
from schedsvc.usecases.slots import Slots
from schedsvc.usecases.sync import Sync, Tokens
from schedsvc.usecases.timelines import Timelines
from tests.usecases.drafts import account_draft, calendar_draft, profile_draft

MONDAY = datetime(2030, 1, 7, 8, 0, tzinfo=UTC)
ADMIN = Principal("alpha", "admin", frozenset({Scope.ADMIN}))
NOW = WriteOptions()

NUMBERS = count()
"""Ids that are made differ over all processes."""

ADA = AccountName("ada")
PRIMARY, SIDE, SPARE = (CalendarName("ada", id_) for id_ in ("ada", "side", "spare"))
INTRO = ProfileName("ada", "intro")


@dataclass(slots=True)
class ManualClock:
    time: datetime = MONDAY

    def now(self) -> datetime:
        return self.time

    def at(self, database_now: datetime) -> datetime:
        return self.time

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass
class Process:
    """The use cases as one process has them, with caches of its own."""

    store: Store
    clock: ManualClock
    numbers: Iterator[int] = field(default_factory=lambda: NUMBERS)
    tokens: Tokens = field(default_factory=lambda: Tokens(Sealer({1: bytes(32)}, 1), timedelta(days=30)))

    def __post_init__(self) -> None:
        offers, timelines = Offers(), Timelines()
        self.accounts = Accounts(self.store, self.new_id)
        self.calendars = Calendars(self.store, self.new_id)
        self.events = Events(self.store, self.new_id)
        self.event_lists = EventLists(self.store)
        self.imports = Imports(self.store, self.new_id)
        self.free_busy = FreeBusy(self.store, Diaries(timelines))
        self.profiles = Profiles(self.store, self.new_id)
        self.slots = Slots(self.store, self.clock, offers, timelines)
        self.bookings = Bookings(self.store, self.new_id, offers, timelines)
        self.sync = Sync(self.store, self.clock, self.tokens, self.new_id)

    def new_id(self) -> str:
        return f"made-{next(self.numbers)}"


class Meddled:
    """A store in which something happens right before each write, as long as there is something left to happen.

    What a use case has read by then is old when it gets its locks.
    """

    def __init__(self, store: SqlStore, *happenings: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._happenings = list(happenings)
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, *args: Any, **kwargs: Any) -> Any:
        self.writes += 1
        if self._happenings:
            await self._happenings.pop(0)()
        return await self._store.write(*args, **kwargs)


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("usecases") / "migrated.db"
    await migrate(f"sqlite+aiosqlite:///{path}")
    return path


Open = Callable[[], Awaitable[SqlStore]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def open_store(migrated: Path, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Open]:
    """A function that opens the test's database once more, as another process would."""
    path = shutil.copy(migrated, tmp_path / "schedsvc.db")
    opened: list[SqlStore] = []

    async def open_store() -> SqlStore:
        store = await SqlStore.create(SqlSettings(url=f"sqlite+aiosqlite:///{path}"), clock)
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: Open) -> SqlStore:
    return await open_store()


@pytest.fixture
async def process(store: SqlStore, clock: ManualClock) -> Process:
    """The account ada, her calendars `side` and `spare`, and her profile `intro`, which checks `side`."""
    made = Process(store, clock)
    await made.accounts.create(ADMIN, NOW, "ada", account_draft())
    for id_ in ("side", "spare"):
        await made.calendars.create(ADMIN, NOW, ADA, id_, calendar_draft())
    await made.profiles.create(ADMIN, NOW, ADA, "intro", profile_draft(conflict_calendars=(SIDE,)))
    return made
