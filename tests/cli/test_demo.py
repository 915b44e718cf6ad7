from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedsvc.client import connect, messages
from tests.cli import programs

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def demo(*arguments: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The demonstration on its way, with a folder of its own for temporary files."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "schedsvc", "demo", *arguments],
        cwd=folder,
        env=programs.environment() | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            yield process
    finally:
        process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """The first line with the text. Fails if the program ends before."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"ended without {text!r}")


def is_served(folder: Path) -> bool:
    """Whether a server works in the folder."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True)
    return any(str(folder) in line for line in listed.stdout.splitlines() if " serve " in line)


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def test_the_demonstration_keeps_its_promises_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = programs.run("demo", folder=tmp_path, DATABASE_URL="not even a URL")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Everything was as promised.\n")
    assert "\x1b" not in done.stdout
    assert done.stdout.count("grpcurl -plaintext") == 10
    assert left_in(tmp_path) == []


def test_a_file_with_nothing_to_show_is_one_line_and_code_1(tmp_path: Path) -> None:
    (tmp_path / "empty.ics").write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    done = programs.run("demo", "--ics", "empty.ics", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the file has no single event")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_kept_server_can_be_called_until_a_signal_ends_it(number: signal.Signals, tmp_path: Path) -> None:
    with demo("--keep", folder=tmp_path) as process:
        found = re.search(r"goes on at (\S+),", read_until(process, "goes on at"))
        assert found is not None
        async with connect(found[1]) as services:
            request = messages.ListBookingsRequest(parent="accounts/-/bookingProfiles/-")
            assert len((await services.bookings.ListBookings(request)).bookings) == 1
        process.send_signal(number)
        read_until(process, "Everything was as promised.")
        assert process.wait(programs.PATIENCE_SECONDS) == 0
    assert not is_served(tmp_path)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_does_not_outlive_a_demonstration_that_is_broken_off(number: signal.Signals, tmp_path: Path) -> None:
    with demo(folder=tmp_path) as process:
        read_until(process, "2. Import")
        process.send_signal(number)
        assert process.wait(programs.PATIENCE_SECONDS) == 1
    assert not is_served(tmp_path)
    assert left_in(tmp_path) == []
