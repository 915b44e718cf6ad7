"""Random series with exceptions of every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from schedsvc.domain.events import Event, EventStatus, Override, ShowAs
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import canonical, derived, with_counted_start
from schedsvc.domain.series.prepared import prepared
from schedsvc.domain.time import EARLIEST, LATEST, AllDay, EventTime, Zoned
from tests.domain.series.made import NEW_YORK, event

RULES = (
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,SU",
    "FREQ=WEEKLY;BYDAY=TU,TH;WKST=SU",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=1,15,-1",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
    "FREQ=YEARLY;BYMONTH=3,11;BYDAY=1SU,2SU",
)
TIMED_RULES = (*RULES, "FREQ=HOURLY;INTERVAL=7", "FREQ=DAILY;BYHOUR=2,9;BYMINUTE=30")
_ZONES = (NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "UTC")
_SHORT = timedelta(days=400)


@st.composite
def all_series(draw: st.DrawFn, *, exceptions: bool = True, following: bool = True, ends: bool = False) -> Event:
    """Series that begin in 2025 or 2026; `ends`: they have a COUNT or UNTIL."""
    dated = draw(st.booleans())
    start = draw(_days() if dated else _times())
    made = event(start, draw(_end(start)), *draw(_lines(start, ends=ends)))
    made = with_counted_start(made, made.zone)
    made = derived(replace(made, recurrence=canonical(made.recurrence, made.start)))
    return _with_exceptions(draw, made, following=following) if exceptions else made


def _days() -> st.SearchStrategy[EventTime]:
    return st.dates(date(2025, 1, 1), date(2026, 12, 31)).map(AllDay)


def _times() -> st.SearchStrategy[EventTime]:
    clocks = st.builds(time, st.sampled_from((0, 1, 2, 9, 23)), st.sampled_from((0, 30)))
    locals_ = st.builds(datetime.combine, st.dates(date(2025, 1, 1), date(2026, 12, 31)), clocks)
    return st.builds(Zoned, locals_, st.sampled_from(_ZONES))


def _end(start: EventTime) -> st.SearchStrategy[EventTime]:
    if isinstance(start, AllDay):
        return st.integers(1, 4).map(lambda days: AllDay(start.day + timedelta(days=days)))
    minutes = st.sampled_from((0, 30, 60, 24 * 60, 30 * 60))
    return minutes.map(lambda length: Zoned(start.local + timedelta(minutes=length), start.time_zone))


@st.composite
def _lines(draw: st.DrawFn, start: EventTime, *, ends: bool) -> tuple[str, ...]:
    dated = isinstance(start, AllDay)
    rule = draw(st.sampled_from(RULES if dated else TIMED_RULES))
    kinds = ("COUNT", "UNTIL") if ends else ("", "COUNT", "UNTIL")
    kind = draw(st.sampled_from(kinds))
    if kind == "COUNT":
        rule += f";COUNT={draw(st.integers(1, 40))}"
    if kind == "UNTIL":
        last = _shift(start, timedelta(days=draw(st.integers(0, 400))))
        rule += f";UNTIL={_text(last)}" + ("" if dated else "Z")
    lines = [f"RRULE:{rule}"]
    for name in ("RDATE", "EXDATE"):
        for days in draw(st.lists(st.integers(-20, 300), max_size=3)):
            lines.append(_line(name, _shift(start, timedelta(days=days))))  # noqa: PERF401 - drawn one by one
    if isinstance(start, Zoned) and draw(st.booleans()):
        begin = _text(_shift(start, timedelta(days=draw(st.integers(-20, 200)), hours=1)))
        lines.append(f"RDATE;VALUE=PERIOD;TZID={start.time_zone}:{begin}/P{draw(st.integers(1, 9))}D")
    return tuple(lines)


def _line(name: str, time: EventTime) -> str:
    return f"{name};VALUE=DATE:{_text(time)}" if isinstance(time, AllDay) else f"{name}:{_text(time)}"


def _text(time: EventTime) -> str:
    return f"{time.day:%Y%m%d}" if isinstance(time, AllDay) else f"{time.local:%Y%m%dT%H%M%S}"


def _shift(time: EventTime, by: timedelta) -> EventTime:
    return AllDay(time.day + by) if isinstance(time, AllDay) else Zoned(time.local + by, time.time_zone)


def _with_exceptions(draw: st.DrawFn, series: Event, *, following: bool) -> Event:
    ready = prepared(series, series.zone)
    given = ready.starts.between(EARLIEST, LATEST, Budget())
    keys = [ready.key_of(start) for start, _ in zip(given, range(30), strict=False)]
    if not keys:
        return series
    chosen = sorted(draw(st.sets(st.sampled_from(keys), max_size=5)))
    off = draw(st.sets(st.sampled_from(chosen))) if chosen else set()
    overrides = [draw(_override(ready.original(key), following=False)) for key in chosen if key not in off]
    if following:
        led = sorted(draw(st.sets(st.sampled_from(keys), max_size=2)))
        overrides += [draw(_override(ready.original(key), following=True)) for key in led]
    overrides.sort(key=lambda o: (ready.key(o.original), not o.following))
    return derived(
        replace(series, overrides=tuple(overrides), cancelled=tuple(ready.original(key) for key in sorted(off)))
    )


@st.composite
def _override(draw: st.DrawFn, original: EventTime, *, following: bool) -> Override:
    values: dict[str, Any] = {}
    if draw(st.booleans()):
        values["subject"] = draw(st.sampled_from(("Retro", "Planning")))
    if draw(st.booleans()):
        values["show_as"] = draw(st.sampled_from(ShowAs))
    if draw(st.integers(0, 4)) == 0:
        values["status"] = EventStatus.CANCELLED
    if draw(st.booleans()):
        by = timedelta(days=draw(st.integers(-40, 40)))
        if isinstance(original, Zoned):
            by += timedelta(minutes=30 * draw(st.integers(-8, 8)))
        start = _shift(original, by)
        kind = draw(st.integers(0, 9))
        if kind == 0 and isinstance(start, Zoned):
            start = AllDay(start.local.date())
        elif kind == 0 and isinstance(start, AllDay):
            start = Zoned(datetime.combine(start.day, time(10)), NEW_YORK)
        values |= {"start": start, "end": draw(_end(start))}
    return Override(original=original, following=following, **values)
