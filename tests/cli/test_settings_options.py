from __future__ import annotations

from pathlib import Path

import pytest

from schedsvc.cli.settings import read_settings


def test_an_option_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDSVC_WORKERS", "2")
    monkeypatch.setenv("SCHEDSVC_DRAIN_SECONDS", "7")
    settings = read_settings({"workers": "3", "drain_seconds": None, "reflection": False, "insecure": True})
    assert (settings.workers, settings.drain_seconds) == (3, 7.0)
    assert (settings.reflection, settings.insecure) == (False, True)


def test_an_option_also_comes_before_the_file_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCHEDSVC_DATABASE_URL_FILE", str(tmp_path / "missing"))
    assert read_settings({"database_url": "sqlite+aiosqlite:///x.db"}).sqlite_file == Path("x.db")
