"""Local times, written short."""

from __future__ import annotations

from datetime import date, datetime, time

LAST = datetime.fromisoformat("9999-12-31T23:59:59")


def moment(text: str) -> datetime:
    """A naive local time from ISO 8601 text; a date means its midnight."""
    return datetime.fromisoformat(text)


def midnight(day: date) -> datetime:
    """The naive local midnight that a day, or the day of a local time, begins with."""
    return datetime.combine(day, time.min)
