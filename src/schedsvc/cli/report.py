"""What became of an import, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schedsvc.cli.layout import table
from schedsvc.cli.upload import Loaded
from schedsvc.client import messages

_REFUSED = messages.ImportResult.OUTCOME_REFUSED
_SHOWN_UID = 40


def report(done: Sequence[Loaded]) -> Iterator[str]:
    """A table of outcomes, then what was refused, then what was read leniently."""
    yield from outcomes(done)
    refusals = list(refused(done))
    if refusals:
        yield ""
        yield "Refused:"
        yield from refusals
    notes = list(_notes(done))
    if notes:
        yield ""
        yield "Read leniently:"
        yield from notes


def outcomes(done: Sequence[Loaded]) -> Iterator[str]:
    rows: list[tuple[object, ...]] = [(one.load.calendar, *_counts(one.answer)) for one in done]
    if len(rows) > 1:
        totals = (sum(figures) for figures in zip(*(_counts(one.answer) for one in done), strict=True))
        rows.append(("total", *totals))
    return table(("CALENDAR", "CREATED", "UPDATED", "UNCHANGED", "REFUSED"), rows)


def refused(done: Sequence[Loaded]) -> Iterator[str]:
    """A table with the line of the file, the UID and the reason; nothing if all was taken."""
    found = sorted(
        (one.line(result), result.uid[:_SHOWN_UID], "; ".join(result.messages))
        for one in done
        for result in one.answer.results
        if result.outcome == _REFUSED
    )
    if found:
        yield from table(("LINE", "UID", "WHY"), found, "  ")


def taken_count(done: Sequence[Loaded]) -> int:
    """Components that are events now, newly or already."""
    return sum(sum(_counts(one.answer)[:3]) for one in done)


def refused_count(done: Sequence[Loaded]) -> int:
    return sum(one.answer.refused_count for one in done)


def _counts(answer: messages.ImportCalendarResponse) -> tuple[int, int, int, int]:
    return answer.created_count, answer.updated_count, answer.unchanged_count, answer.refused_count


def _notes(done: Sequence[Loaded]) -> Iterator[str]:
    """Each remark once, with how often it was made: some files deserve the same one on every event."""
    lines: dict[str, list[int]] = {}
    for one in done:
        for result in one.answer.results:
            for text in result.messages if result.outcome != _REFUSED else ():
                lines.setdefault(text, []).append(one.line(result))
    rows = [(min(found), len(found), text) for text, found in lines.items()]
    if rows:
        yield from table(("FIRST LINE", "TIMES", "WHAT"), sorted(rows), "  ")
