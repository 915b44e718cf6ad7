from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from schedsvc.cli.demo import EXAMPLE
from schedsvc.client import connect, messages
from tests.cli import programs

ROOMS = ["kitchen", "main-hall", "music-room", "workshop"]
DESK = "accounts/desk/calendars/primary"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[programs.Server]:
    with programs.server(folder=tmp_path_factory.mktemp("server")) as running:
        yield running


def imported(server: programs.Server, file: Path, *arguments: str) -> CompletedProcess[str]:
    return programs.run("import", str(file), *arguments, folder=file.parent, TARGET=server.address)


async def make_account(server: programs.Server, name: str) -> None:
    async with connect(server.address) as services:
        request = messages.CreateAccountRequest(account=messages.Account(), account_id=name)
        await services.calendars.CreateAccount(request)


def row(answer: CompletedProcess[str], first: str) -> list[str]:
    """The other words of the only line that begins with this one."""
    (found,) = [line.split() for line in answer.stdout.splitlines() if line.split()[:1] == [first]]
    return found[1:]


async def test_a_file_goes_into_a_calendar_and_a_second_time_nothing_happens(server: programs.Server) -> None:
    await make_account(server, "desk")
    first = imported(server, EXAMPLE, "--to", DESK)
    assert first.returncode == 0
    assert row(first, DESK) == ["27", "0", "0", "0"]
    again = imported(server, EXAMPLE, "--to", DESK)
    assert row(again, DESK) == ["0", "0", "27", "0"]


async def test_rooms_become_accounts_with_their_events(server: programs.Server) -> None:
    await make_account(server, "annex")
    async with connect(server.address) as services:
        arguments = ("--rooms", "--to", "accounts/annex/calendars/primary")
        first = imported(server, EXAMPLE, *arguments)
        assert first.returncode == 0, first.stderr
        accounts = (await services.calendars.ListAccounts(messages.ListAccountsRequest())).accounts
        rooms = {a.name: a for a in accounts if a.kind == messages.Account.KIND_RESOURCE}
        assert list(rooms) == [f"accounts/{room}" for room in ROOMS]
        hall = rooms["accounts/main-hall"]
        assert (hall.display_name, hall.time_zone) == ("Main Hall", "Europe/Vienna")
        events = messages.ListEventsRequest(parent="accounts/workshop/calendars/primary")
        found = (await services.calendars.ListEvents(events)).events
        assert [event.location for event in found] == ["Workshop"] * 5
    again = imported(server, EXAMPLE, *arguments)
    assert row(again, "total") == ["0", "0", "27", "0"]


def test_what_names_no_room_needs_a_calendar(server: programs.Server) -> None:
    answer = imported(server, EXAMPLE, "--rooms")
    assert answer.returncode == 2
    assert "--to" in answer.stderr


async def test_a_person_is_no_room(server: programs.Server, tmp_path: Path) -> None:
    await make_account(server, "reception")
    file = tmp_path / "person.ics"
    file.write_text("BEGIN:VEVENT\nUID:1\nDTSTART:20270405T090000Z\nLOCATION:Reception\nEND:VEVENT\n")
    answer = imported(server, file, "--rooms")
    assert answer.returncode == 1
    assert answer.stderr == "Error: accounts/reception exists and is no room; rename the LOCATION 'Reception'\n"


def test_a_calendar_that_is_not_there_is_one_line_and_code_1(server: programs.Server) -> None:
    answer = imported(server, EXAMPLE, "--to", "accounts/nobody/calendars/primary")
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: NOT_FOUND / RESOURCE_NOT_FOUND: ")
    assert len(answer.stderr.splitlines()) == 1


def test_a_bad_name_is_told_field_by_field(server: programs.Server) -> None:
    answer = imported(server, EXAMPLE, "--to", "somewhere")
    assert answer.returncode == 1
    assert "  parent: " in answer.stderr


async def test_remarks_on_what_was_read_leniently_are_told_once(server: programs.Server, tmp_path: Path) -> None:
    await make_account(server, "foyer")
    event = "BEGIN:VEVENT\nUID:{}\nDTSTART;TZID=W. Europe Standard Time:20270405T090000\nEND:VEVENT\n"
    file = tmp_path / "windows.ics"
    file.write_text(event.format(1) + event.format(2))
    answer = imported(server, file, "--to", "accounts/foyer/calendars/primary")
    assert answer.returncode == 0, answer.stderr
    assert "Read leniently:" in answer.stdout
    assert [line.split()[:2] for line in answer.stdout.splitlines() if "W. Europe" in line] == [["1", "2"]]


async def test_a_file_of_which_nothing_is_taken_fails(server: programs.Server, tmp_path: Path) -> None:
    await make_account(server, "attic")
    file = tmp_path / "bad.ics"
    file.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n")
    answer = imported(server, file, "--to", "accounts/attic/calendars/primary")
    assert answer.returncode == 1
    assert answer.stdout.splitlines()[-1].split()[:2] == ["2", "1"]
    assert answer.stderr == "Error: nothing was imported\n"
