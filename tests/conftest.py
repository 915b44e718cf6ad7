"""What every test shares: a PostgreSQL server, databases on it, and the marks that select tests."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import Migrate, Server, running_server

# A shared machine is slow at times; pytest-timeout catches what hangs.
settings.register_profile("schedsvc", deadline=None)
settings.load_profile("schedsvc")

END_TO_END = Path(__file__).parent / "e2e"

FreshDatabase = Callable[[Migrate], Awaitable[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by what they use, so that no test can forget to."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)
        if item.path.is_relative_to(END_TO_END):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
async def postgres_server() -> AsyncIterator[Server]:
    """One server for the whole run, started by the first test that needs it."""
    async with running_server() as server:
        yield server


@pytest.fixture
async def fresh_database(postgres_server: Server) -> AsyncIterator[FreshDatabase]:
    """A function from a migration to the URL of a migrated database that only this test uses."""
    async with contextlib.AsyncExitStack() as stack:
        yield lambda migrate: stack.enter_async_context(postgres_server.fresh_database(migrate))
