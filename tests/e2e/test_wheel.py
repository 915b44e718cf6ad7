from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.e2e.conftest import PROJECT, command

pytestmark = pytest.mark.timeout(600)


def test_the_wheel_brings_one_package_with_its_types_migrations_and_example(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"schedsvc"}
    assert "schedsvc/py.typed" in names
    assert "schedsvc/v1/bookings_pb2.pyi" in names
    assert any(name.startswith("schedsvc/repositories/sql/migrations/versions/0001") for name in names)
    assert ZipFile(wheel).read("schedsvc/cli/demo/week.ics") == (PROJECT / "examples" / "week.ics").read_bytes()


def test_the_installed_program_does_the_main_job_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    told = command(installed / "schedsvc", "demo", folder=tmp_path)
    assert "27 events: 27 are in, 0 refused" in told
    assert "FAILED_PRECONDITION / SLOT_UNAVAILABLE" in told
    assert told.endswith("Everything was as promised.\n")
    assert list(tmp_path.iterdir()) == []


def test_the_installed_program_takes_any_calendar_file(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "one.ics").write_text("BEGIN:VEVENT\nUID:1\nDTSTART:20300107T100000Z\nDURATION:PT1H\nEND:VEVENT\n")
    told = command(installed / "schedsvc", "demo", "--ics", "one.ics", folder=tmp_path)
    assert "Monday 2030-01-07 08:00 (UTC)" in told
    assert told.endswith("Everything was as promised.\n")


def test_the_program_and_the_package_agree_on_the_version(installed: Path, tmp_path: Path) -> None:
    said = command(installed / "schedsvc", "--version", folder=tmp_path)
    asked = command(
        installed / "python", "-c", "from importlib import metadata as m; print(m.version('schedsvc'))", folder=tmp_path
    )
    assert said == f"schedsvc {asked}"


def test_the_client_can_be_imported_without_the_server(installed: Path, tmp_path: Path) -> None:
    server = "('protovalidate', 'schedsvc.domain', 'schedsvc.rpc', 'sqlalchemy')"
    code = f"import schedsvc.client, sys; print([name for name in sys.modules if name.startswith({server})])"
    assert command(installed / "python", "-c", code, folder=tmp_path) == "[]\n"
