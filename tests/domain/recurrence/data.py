"""The third-party cases, read where they lie: beside the repository, in `shared/data`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.domain.recurrence.moments import moment

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data"

Case = dict[str, Any]


def cases(name: str, chosen: Callable[[Case], bool] = bool) -> list[Any]:
    """The chosen cases of a file as parameters of a test, or one that is skipped and says what is missing."""
    path = FOLDER / name
    if not path.exists():
        missing = pytest.mark.skip(reason=f"third-party data is not there: shared/data/{name} beside the repository")
        return [pytest.param({}, id="no-data", marks=missing)]
    lines = path.read_text(encoding="utf-8").splitlines()
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, lines) if chosen(case)]


def local(text: str) -> date:
    """A date, or a time whose `Z` is left out of account."""
    if "T" not in text:
        return date.fromisoformat(text)
    return moment(text.removesuffix("Z"))
