from __future__ import annotations

import json
import signal
import socket
import sqlite3
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

from schedsvc.client import channel, connect, messages
from tests.cli import programs

LIST = messages.ListAccountsRequest()


async def test_a_server_says_when_it_is_ready_and_drains_on_sigterm(tmp_path: Path) -> None:
    with programs.server(folder=tmp_path) as server:
        assert server.said == f"{server.address} | SQLite | open: no API keys; loopback only"
        async with connect(server.address) as services:
            assert (await services.calendars.ListAccounts(LIST)).accounts == []
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(programs.PATIENCE_SECONDS) == 0


async def test_logs_are_json_lines_on_standard_output(tmp_path: Path) -> None:
    with programs.server(folder=tmp_path) as server:
        async with connect(server.address) as services:
            await services.calendars.ListAccounts(LIST)
        server.process.send_signal(signal.SIGINT)
        server.process.wait(programs.PATIENCE_SECONDS)
    lines = [json.loads(line) for line in (tmp_path / "server.log").read_text().splitlines()]
    assert "CalendarService/ListAccounts" in [line.get("method") for line in lines]


async def test_a_clock_can_be_set(tmp_path: Path) -> None:
    account = messages.CreateAccountRequest(account=messages.Account(), account_id="a")
    with programs.server("--clock", "2031-02-03T04:05:06Z", folder=tmp_path) as server:
        async with connect(server.address) as services:
            made = await services.calendars.CreateAccount(account)
    assert made.create_time.ToJsonString().startswith("2031-02-03T04:")


async def test_with_a_key_in_the_database_every_call_needs_one(tmp_path: Path) -> None:
    made = programs.run("keys", "create", "--scope", "read", folder=tmp_path)
    assert made.returncode == 0
    with programs.server(folder=tmp_path) as server:
        assert server.said.endswith("| API keys")
        async with connect(server.address) as services:
            with pytest.raises(grpc.aio.AioRpcError, match="UNAUTHENTICATED"):
                await services.calendars.ListAccounts(LIST)
        async with connect(server.address, key=made.stdout.strip()) as services:
            assert (await services.calendars.ListAccounts(LIST)).accounts == []


async def test_health_and_metrics_have_listeners_of_their_own(tmp_path: Path) -> None:
    arguments = ("--health-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
    with programs.server(*arguments, folder=tmp_path) as server:
        _, _, _, health, metrics = server.said.split(" | ")
        async with channel(f"127.0.0.1:{health.rpartition(' ')[2]}") as over:
            request = health_pb2.HealthCheckRequest(service="liveness")
            answer = await health_pb2_grpc.HealthStub(over).Check(request)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with socket.create_connection(("127.0.0.1", int(metrics.rpartition(" ")[2]))) as scrape:
            scrape.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert b"200 OK" in scrape.recv(1000)


def test_an_address_in_use_is_one_line_and_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = programs.run("serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: cannot listen: ")
    assert len(answer.stderr.splitlines()) == 1


def test_a_metrics_address_in_use_is_one_line_and_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = programs.run("serve", "--listen", "127.0.0.1:0", "--metrics-listen", address, folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr == "Error: cannot listen: Address already in use\n"


def test_without_keys_only_loopback_is_served(tmp_path: Path) -> None:
    answer = programs.run("serve", "--listen", "0.0.0.0:0", "--insecure", folder=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("Error: SCHEDSVC_LISTEN is 0.0.0.0:0, but there are no API keys")


def test_with_keys_the_clock_cannot_be_set(tmp_path: Path) -> None:
    assert programs.run("keys", "create", "--scope", "read", folder=tmp_path).returncode == 0
    answer = programs.run("serve", "--clock", "2031-02-03T04:05:06Z", folder=tmp_path, LISTEN="127.0.0.1:0")
    assert answer.returncode == 2
    assert answer.stderr.startswith("Error: SCHEDSVC_CLOCK is for demonstrations")


def test_several_workers_are_refused_on_sqlite(tmp_path: Path) -> None:
    answer = programs.run("serve", "--workers", "2", folder=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("Error: SCHEDSVC_WORKERS above 1 needs PostgreSQL")
    assert len(answer.stderr.splitlines()) == 1


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE accounts (id)")
    other.close()
    answer = programs.run("serve", folder=tmp_path, DATABASE_URL="sqlite+aiosqlite:///other.db")
    assert answer.returncode == 1
    assert answer.stderr == "Error: The database holds tables of another program; name another database.\n"


def test_migrate_says_what_it_did(tmp_path: Path) -> None:
    first = programs.run("migrate", folder=tmp_path)
    assert (first.returncode, first.stdout) == (0, "The schema was created.\n")
    second = programs.run("migrate", folder=tmp_path)
    assert (second.returncode, second.stdout) == (0, "The schema is current; nothing was done.\n")


def test_a_database_that_is_away_is_one_line_and_code_1(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    answer = programs.run("migrate", "--database-url", url, folder=tmp_path)
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
