from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from schedsvc.cli.demo import EXAMPLE
from schedsvc.client import connect, messages
from tests.cli import programs

DESK = "accounts/desk/calendars/primary"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[programs.Server]:
    """With a calendar that the example is in."""
    with programs.server(folder=tmp_path_factory.mktemp("server")) as running:
        async with connect(running.address) as services:
            account = messages.Account(time_zone="Europe/Vienna")
            await services.calendars.CreateAccount(messages.CreateAccountRequest(account=account, account_id="desk"))
        loaded = programs.run("import", str(EXAMPLE), "--to", DESK, folder=EXAMPLE.parent, TARGET=running.address)
        assert loaded.returncode == 0, loaded.stderr
        yield running


def exported(server: programs.Server, folder: Path, *arguments: str) -> CompletedProcess[str]:
    return programs.run("export", *arguments, folder=folder, TARGET=server.address)


def test_a_calendar_goes_into_a_file_that_can_be_imported_again(server: programs.Server, tmp_path: Path) -> None:
    answer = exported(server, tmp_path, DESK, "-o", "desk.ics")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["desk.ics"]
    assert (tmp_path / "desk.ics").read_bytes().count(b"BEGIN:VEVENT\r\n") == 27
    again = programs.run("import", "desk.ics", "--to", DESK, folder=tmp_path, TARGET=server.address)
    (row,) = [line.split() for line in again.stdout.splitlines() if line.startswith(DESK)]
    assert row[1:] == ["0", "0", "27", "0"]


def test_without_a_file_it_goes_to_standard_output(server: programs.Server, tmp_path: Path) -> None:
    answer = exported(server, tmp_path, DESK, "--from", "2027-04-06", "--to", "2027-04-06T09:00")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("BEGIN:VCALENDAR\n")
    assert "SUMMARY:Floor cleaning" in answer.stdout


def test_taken_time_and_work_hours_are_other_formats(server: programs.Server, tmp_path: Path) -> None:
    taken = exported(server, tmp_path, DESK, "--format", "free-busy", "--from", "2027-04-05", "--to", "2027-04-12")
    assert "FREEBUSY;FBTYPE=BUSY:" in taken.stdout
    hours = exported(server, tmp_path, DESK, "--format", "availability")
    assert (hours.returncode, hours.stderr) == (0, "")


def test_a_failed_export_leaves_nothing_and_an_old_file_alone(server: programs.Server, tmp_path: Path) -> None:
    (tmp_path / "old.ics").write_text("old")
    answer = exported(server, tmp_path, "accounts/nobody/calendars/primary", "-o", "old.ics")
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: NOT_FOUND / RESOURCE_NOT_FOUND: ")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_range_that_is_missing_is_told_by_field(server: programs.Server, tmp_path: Path) -> None:
    answer = exported(server, tmp_path, DESK, "--format", "free-busy")
    assert answer.returncode == 1
    assert "  time_min: is required" in answer.stderr
