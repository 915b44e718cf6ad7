"""The tables of the README are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schedsvc.config import PREFIX, VARIABLES
from schedsvc.domain import limits
from schedsvc.rpc import server

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
MIB = 1024 * 1024

# Every constant of `limits` and what the README calls it.
LIMITS = {
    "LIST_EVENTS_DAYS": ("range of ListEvents", f"{limits.LIST_EVENTS_DAYS} days"),
    "LIST_INSTANCES_DAYS": ("range of ListInstances", f"{limits.LIST_INSTANCES_DAYS:,} days"),
    "EXPANDED_INSTANCES": ("instances in a range that is listed", f"{limits.EXPANDED_INSTANCES:,}"),
    "BATCH_WRITES": ("writes in one BatchWriteEvents", f"{limits.BATCH_WRITES}"),
    "FREE_BUSY_DAYS": ("range of QueryFreeBusy", f"{limits.FREE_BUSY_DAYS} days"),
    "FREE_BUSY_TARGETS": ("calendars in one QueryFreeBusy", f"{limits.FREE_BUSY_TARGETS}"),
    "FREE_BUSY_PERIODS": ("periods in one answer to QueryFreeBusy", f"{limits.FREE_BUSY_PERIODS:,}"),
    "FREE_BUSY_DIGITS": ("digits of all views in one answer to QueryFreeBusy", f"{limits.FREE_BUSY_DIGITS:,}"),
    "SUGGEST_DAYS": ("range of SuggestTimes", f"{limits.SUGGEST_DAYS} days"),
    "SUGGEST_GROUPS": ("groups in one SuggestTimes", f"{limits.SUGGEST_GROUPS}"),
    "SUGGEST_MEMBERS": ("members of all groups in one SuggestTimes", f"{limits.SUGGEST_MEMBERS}"),
    "SUGGEST_INTERVALS": ("extra or only intervals in one SuggestTimes", f"{limits.SUGGEST_INTERVALS}"),
    "LIST_SLOTS_DAYS": ("range of ListSlots", f"{limits.LIST_SLOTS_DAYS} days"),
    "SYNC_WINDOW_DAYS": ("window of StartSync", f"{limits.SYNC_WINDOW_DAYS:,} days"),
    "SYNC_TARGETS": ("feeds in one StartSync", f"{limits.SYNC_TARGETS}"),
    "STREAM_FEEDS": ("feeds in one StreamChanges", f"{limits.STREAM_FEEDS:,}"),
    "EVENT_DAYS": ("length of an event", f"{limits.EVENT_DAYS:,} days"),
    "SERIES_EXCEPTIONS": ("changed and cancelled instances of one series", f"{limits.SERIES_EXCEPTIONS:,}"),
    "SERIES_STARTS_A_YEAR": ("starts of one series in a year", f"{limits.SERIES_STARTS_A_YEAR:,}"),
    "SERIES_DEPTH": ("instances of one series at the same time", f"{limits.SERIES_DEPTH:,}"),
    "CHUNK_ITEMS": (
        "events and instances of a calendar in 32 days, to be asked when it is free",
        f"{limits.CHUNK_ITEMS:,}",
    ),
    "QUESTION_ITEMS": ("events and instances of all calendars of one such question", f"{limits.QUESTION_ITEMS:,}"),
    "SUBJECT_CHARACTERS": ("subject of an event or booking", f"{limits.SUBJECT_CHARACTERS:,} characters"),
    "DESCRIPTION_CHARACTERS": ("description of an event or booking", f"{limits.DESCRIPTION_CHARACTERS:,} characters"),
    "LOCATION_CHARACTERS": ("location of an event or booking", f"{limits.LOCATION_CHARACTERS:,} characters"),
    "IMPORT_BYTES": ("calendar file", f"{limits.IMPORT_BYTES // MIB} MiB"),
    "IMPORT_COMPONENTS": ("components of a calendar file", f"{limits.IMPORT_COMPONENTS:,}"),
    "IMPORT_COMPONENT_BYTES": ("component of a calendar file", f"{limits.IMPORT_COMPONENT_BYTES // MIB} MiB"),
    "IMPORT_RESULTS": ("components told one by one in the answer to an import", f"{limits.IMPORT_RESULTS:,}"),
    "TOKEN_BYTES": ("page or sync token", f"{limits.TOKEN_BYTES // 1024} KiB"),
    "MESSAGE_BYTES": ("page or batch of an answer", f"{limits.MESSAGE_BYTES // MIB} MiB"),
}
OTHERS = [
    ("message received", f"{server.RECEIVED_BYTES // MIB} MiB"),
    ("metadata of a call", f"{server.METADATA_BYTES // 1024} KiB"),
    ("calls at once on one connection", f"{server.STREAMS_A_CONNECTION}"),
]


def rows(section: str) -> list[str]:
    """The rows of the table between the two marks of a section."""
    found = re.search(rf"<!-- {section} -->\n(.*?)\n<!-- end of {section} -->", README, re.DOTALL)
    assert found is not None
    return found[1].splitlines()[2:]


def test_the_settings_are_those_of_the_code() -> None:
    expected = [
        f"| `{PREFIX}{v.name}`{' *' if v.from_file else ''} | {f'`{v.default}`' if v.default else '-'} | {v.help} |"
        for v in VARIABLES
    ]
    assert rows("settings") == expected


def test_the_limits_are_those_of_the_code() -> None:
    constants = [name for name in vars(limits) if name.isupper()]
    expected = [LIMITS[name] for name in constants] + OTHERS
    assert rows("limits") == [f"| {what} | {most} |" for what, most in expected]


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/time.md"]
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert [target for target in targets if not (PROJECT / page).parent.joinpath(target).exists()] == []


def test_every_decision_has_a_number_of_its_own_and_the_same_headings() -> None:
    pages = sorted((PROJECT / "docs" / "adr").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        headings = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
        assert headings == ["## Situation", "## Decision", "## Consequences"], page.name
