from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from schedsvc.client import connect, messages
from schedsvc.repositories.sql.migrate import migrate
from tests.cli import programs
from tests.conftest import FreshDatabase

TOKEN_KEYS = "0:" + base64.b64encode(bytes(32)).decode()


async def nothing(url: str) -> None:
    """Leaves the database without a schema."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def workers_of(pid: int) -> list[int]:
    """The server processes that another one has started; it also has one that watches over shared resources."""
    command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == pid and "spawn_main" in row[2]]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_postgresql_without_a_schema_is_refused_with_what_to_do(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    url = await fresh_database(nothing)
    answer = programs.run("serve", folder=tmp_path, DATABASE_URL=url, TOKEN_KEYS=TOKEN_KEYS)
    assert answer.returncode == 1
    assert answer.stderr == "Error: The database is empty; run `schedsvc migrate`.\n"


async def test_workers_share_a_port_and_drain_together(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": await fresh_database(migrate), "TOKEN_KEYS": TOKEN_KEYS}
    with programs.server("--workers", "2", folder=tmp_path, LISTEN=f"127.0.0.1:{free_port()}", **settings) as server:
        assert server.said.endswith("| PostgreSQL | open: no API keys; loopback only | 2 workers")
        async with connect(server.address) as services:
            await services.calendars.ListAccounts(messages.ListAccountsRequest())
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(programs.PATIENCE_SECONDS) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, 137), (signal.SIGTERM, 1)])
async def test_when_one_worker_ends_all_end_and_the_code_tells(
    number: signal.Signals, code: int, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    settings = {"DATABASE_URL": await fresh_database(migrate), "TOKEN_KEYS": TOKEN_KEYS}
    with programs.server("--workers", "2", folder=tmp_path, LISTEN=f"127.0.0.1:{free_port()}", **settings) as server:
        workers = workers_of(server.process.pid)
        assert len(workers) == 2
        os.kill(workers[1], number)
        assert server.process.wait(programs.PATIENCE_SECONDS) == code
        assert not any(is_running(worker) for worker in workers)
