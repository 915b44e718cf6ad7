"""The databases that are measured on: new ones, migrated, and gone afterwards."""

from __future__ import annotations

import itertools
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import asyncpg

from schedsvc.repositories.sql.migrate import migrate

# Off, a server answers before it has written anything, and how fast it does so says nothing.
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class NotDurableError(Exception):
    """The server may lose what it has committed."""


class Databases(Protocol):
    """A place for databases of one kind."""

    @property
    def name(self) -> str: ...

    async def create(self) -> str:
        """The URL of a new one."""
        ...

    async def run(self, url: str, statement: str) -> list[dict[str, Any]]:
        """Carries out a statement; the rows that it finds."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteFiles:
    """Files in a folder."""

    folder: Path
    name: str = "SQLite"
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def create(self) -> str:
        url = f"sqlite+aiosqlite:///{self.folder}/{next(self._numbers)}.db"
        await migrate(url)
        return url

    async def run(self, url: str, statement: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(url.partition(":///")[2])) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement)]


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """Databases on a running server, which `url` leads to."""

    url: str
    version: str
    name: str = "PostgreSQL"
    _made: list[str] = field(default_factory=list)

    async def create(self) -> str:
        name = f"schedsvc_bench_{secrets.token_hex(6)}"
        await self.run(self.url, f"CREATE DATABASE {name}")
        self._made.append(name)
        url = urlsplit(self.url)._replace(path=f"/{name}").geturl()
        await migrate(url)
        return url

    async def run(self, url: str, statement: str) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return [dict(record) for record in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def drop_all(self) -> None:
        while self._made:
            await self.run(self.url, f"DROP DATABASE {self._made.pop()} WITH (FORCE)")


@asynccontextmanager
async def postgres_at(url: str) -> AsyncIterator[PostgresServer]:
    """The server at a URL; its databases are dropped afterwards. Raises NotDurableError."""
    server = PostgresServer(url, "")
    settings = {name: (await server.run(url, f"SHOW {name}"))[0][name] for name in ("server_version", *DURABLE)}
    off = [name for name in DURABLE if settings[name] == "off"]
    if off:
        raise NotDurableError(f"PostgreSQL runs with {', '.join(off)} off")
    server = PostgresServer(url, f"PostgreSQL {settings['server_version'].split()[0]}")
    try:
        yield server
    finally:
        await server.drop_all()
