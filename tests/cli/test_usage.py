from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from schedsvc.cli import main
from schedsvc.config import PREFIX, VARIABLES


def commands(group: click.Group, path: str = "schedsvc") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        yield f"{path} {name}", command


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(PREFIX + variable.name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", [name for name, _ in commands(main)])
def test_every_command_has_help_that_names_its_options(name: str) -> None:
    command = dict(commands(main))[name]
    answer = CliRunner().invoke(main, [*name.split()[1:], "--help"])
    assert answer.exit_code == 0
    assert command.help
    assert command.help.splitlines()[0] in answer.output
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"
            assert parameter.opts[0] in answer.output


def test_every_setting_of_a_server_that_is_no_secret_or_tuning_is_an_option() -> None:
    options = {option.name for option in dict(commands(main))["schedsvc serve"].params}
    tuning = {
        "pool_size",
        "statement_cache_size",
        "change_retention_days",
        "default_deadline_seconds",
        "max_unary",
        "max_streams",
    }
    assert options == {variable.field for variable in VARIABLES} - tuning - {"token_keys"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--colour"],
        ["keys", "create"],
        ["keys", "create", "--scope", "everything"],
        ["keys", "create", "--scope", "read", "--account", "x"],
        ["keys", "create", "--scope", "read", "--expires", "soon"],
        ["keys", "revoke"],
        ["import"],
        ["import", "no-such-file.ics", "--to", "accounts/x/calendars/primary"],
        ["demo", "--ics", "no-such-file.ics"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(arguments: list[str]) -> None:
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 2
    assert "Error: " in answer.output
    assert "Traceback" not in answer.output


def test_bad_settings_end_with_2_and_a_line_for_each() -> None:
    answer = CliRunner(env={"SCHEDSVC_WORKERS": "many", "SCHEDSVC_LISTEN": "here"}).invoke(main, ["serve"])
    assert answer.exit_code == 2
    assert [line.split()[0] for line in answer.output.splitlines()] == ["Error:", "SCHEDSVC_LISTEN", "SCHEDSVC_WORKERS"]


def test_one_bad_setting_is_one_line() -> None:
    answer = CliRunner().invoke(main, ["serve", "--workers", "many"])
    assert answer.exit_code == 2
    assert answer.output == "Error: SCHEDSVC_WORKERS is 'many', and must be a whole number from 1 to 64\n"


def test_an_import_needs_to_know_where_to(tmp_path: Path) -> None:
    file = tmp_path / "a.ics"
    file.write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    answer = CliRunner().invoke(main, ["import", str(file)])
    assert answer.exit_code == 2
    assert "--to" in answer.output


def test_a_server_that_is_not_there_is_one_line_and_code_1(tmp_path: Path) -> None:
    file = tmp_path / "a.ics"
    file.write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    arguments = ["import", str(file), "--to", "accounts/x/calendars/primary", "--target", "127.0.0.1:1"]
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: no answer from a schedsvc server at 127.0.0.1:1: UNAVAILABLE")


def test_a_key_is_not_sent_openly_beyond_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "a.ics"
    file.write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    arguments = ["import", str(file), "--to", "accounts/x/calendars/primary", "--target", "db.example.org:1"]
    answer = CliRunner().invoke(main, [*arguments, "--key", "secret"])
    assert answer.exit_code == 2
    assert "plain text" in answer.output
    assert "secret" not in answer.output
