"""What a server refuses to start on, and what it finds again."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from schedsvc.v1.changes_pb2 import ListChangesRequest
from tests.cli import programs
from tests.processes import worlds
from tests.processes.conftest import Connect, Start

FILE = "schedsvc.db"


async def test_a_database_of_a_newer_version_is_refused_with_a_text_and_left_alone(
    start_on_sqlite: Start, tmp_path: Path
) -> None:
    start_on_sqlite().process.kill()
    with closing(sqlite3.connect(tmp_path / FILE)) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    answer = await asyncio.to_thread(programs.run, "serve", folder=tmp_path)
    assert answer.returncode == 1
    assert "newer" in answer.stderr
    assert "Traceback" not in answer.stderr
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


async def test_tokens_outlive_a_restart_because_their_key_is_kept_for_its_owner_alone(
    start_on_sqlite: Start, connect: Connect, tmp_path: Path
) -> None:
    server = start_on_sqlite()
    client = connect(server)
    await worlds.build(client)
    token = await worlds.change_token(client, worlds.PROFILE, worlds.CALENDAR)
    server.process.kill()
    server.process.wait()
    client = connect(start_on_sqlite())
    page = await client.sync.ListChanges(ListChangesRequest(token=token))
    assert page.complete
    assert (tmp_path / f"{FILE}.token-key").stat().st_mode & 0o077 == 0


def test_a_key_file_that_was_left_empty_is_no_key(tmp_path: Path) -> None:
    """As a full disk leaves it at the first start: with an empty key anybody could sign tokens."""
    key = tmp_path / f"{FILE}.token-key"
    key.touch(mode=0o600)
    try:
        with programs.server(folder=tmp_path):
            started = True
    except AssertionError:
        started = False  # it refused, with a text
    assert not started or key.stat().st_size > 0
