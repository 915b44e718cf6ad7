from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schedsvc.cli import main
from schedsvc.domain.credentials import parse


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCHEDSVC_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'keys.db'}")


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["keys", *arguments])


def test_a_key_is_shown_once_and_then_never_again() -> None:
    made = keys("create", "--scope", "read", "--scope", "book", "--expires", "90d")
    assert made.exit_code == 0
    text = made.stdout.strip()
    claim = parse(text)
    assert claim is not None
    assert claim.tenant == "default"
    listed = keys("list")
    assert claim.id in listed.output
    assert "book,read" in listed.output
    assert "valid" in listed.output
    assert claim.secret.hex() not in listed.output


def test_a_key_belongs_to_its_tenant() -> None:
    assert keys("create", "--tenant", "north", "--scope", "admin").exit_code == 0
    assert keys("list").output == "tenant default has no keys\n"
    assert "admin" in keys("list", "--tenant", "north").output


def test_a_revoked_key_is_listed_as_such() -> None:
    claim = parse(keys("create", "--scope", "sync").stdout.strip())
    assert claim is not None
    assert keys("revoke", claim.id).output == f"key {claim.id} of tenant default is revoked\n"
    assert keys("list").output.rstrip().endswith("revoked")


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "unknown"),
        ("create", "--scope", "read", "--account", "accounts/nobody"),
        ("create", "--scope", "read", "--tenant", "No Tenant"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_code_1(arguments: tuple[str, ...]) -> None:
    answer = keys(*arguments)
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: ")
    assert len(answer.output.splitlines()) == 1
