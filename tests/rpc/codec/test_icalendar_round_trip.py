"""Series with exceptions of every kind: attached to their series, written, read, and attached again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedsvc.domain import series
from schedsvc.domain.attaching import joined
from schedsvc.domain.events import Event, EventDraft, EventStatus, EventType, ShowAs
from schedsvc.domain.interchange import Component
from schedsvc.domain.names import CalendarName, EventName
from schedsvc.domain.particulars import Conference, Organizer, Reminder, ReminderMethod, Reminders, Visibility
from schedsvc.domain.records import fields_of
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series.reading import Reading, reading_of
from schedsvc.domain.time import AllDay, EventTime, Zoned, resolve_event, seconds
from schedsvc.rpc.codec.icalendar import parse
from schedsvc.rpc.codec.icalendar.writing.events import vevents
from tests.rpc.codec.files import BERLIN

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OWNER = Organizer("owner@example.org", "Owner")
FIRST, LAST = (seconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (2029, 2031))
SHOWN = (
    "subject",
    "description",
    "location",
    "show_as",
    "status",
    "visibility",
    "conference",
    "categories",
    "color",
    "metadata",
)
CONTENT = st.fixed_dictionaries(
    {
        "subject": st.sampled_from(["", "a", "b; c"]),
        "location": st.sampled_from(["", "here"]),
        "show_as": st.sampled_from(ShowAs),
        "status": st.sampled_from([EventStatus.CONFIRMED, EventStatus.TENTATIVE]),
        "visibility": st.sampled_from(Visibility),
        "conference": st.sampled_from([None, Conference("https://example.org/1", "+1 2", "3", "x")]),
        "categories": st.sampled_from([(), ("a", "b,c")]),
        "color": st.sampled_from(["", "#00ff00"]),
        "metadata": st.sampled_from([{}, {"a": "b"}]),
        "reminders": st.sampled_from([None, Reminders(False, (Reminder(ReminderMethod.POPUP, 5),))]),
    }
)


def draft(start: EventTime, end: EventTime, **content: object) -> EventDraft:
    plain = EventDraft(
        uid="x",
        start=start,
        end=end,
        subject="",
        description="",
        location="",
        show_as=ShowAs.BUSY,
        status=EventStatus.CONFIRMED,
        event_type=EventType.DEFAULT,
        attendees=(),
        metadata={},
        external_ref=None,
    )
    return replace(plain, **content)  # type: ignore[arg-type]


def event(of: EventDraft, sequence: int) -> Event:
    return Event(
        **fields_of(of, EventDraft),
        name=EventName(CalendarName("a", "b"), "x"),
        extent=(0, 0),
        occupied=(0, 0),
        booking=None,
        sequence=sequence,
        revision=0,
        index=0,
        born=0,
        create_time=NOW,
        update_time=NOW,
        zone=BERLIN,
    )


def attached(components: Sequence[Component], before: Event | None = None) -> Event:
    """The series that the components come to."""
    (master,) = [component for component in components if component.original is None]
    assert master.draft is not None, master.messages
    exceptions = [component for component in components if component.original is not None]
    found = joined(event(master.draft, master.sequence), exceptions, before, Budget())
    assert not [one.refusal for one in found.attached if one.refusal]
    return series.derived(found.event)


def component(of: EventDraft, original: EventTime | None = None, *, following: bool = False) -> Component:
    return Component(
        uid="x",
        recurrence_id="",
        line=1,
        draft=of,
        sequence=2,
        stamp=None,
        messages=(),
        original=original,
        following=following,
    )


def moved(day: int, minutes: int, length: int, *, dated: bool) -> tuple[EventTime, EventTime]:
    if dated:
        return AllDay(date(2030, 3, day)), AllDay(date(2030, 3, day) + timedelta(days=length))
    start = datetime.fromisoformat(f"2030-03-{day:02}T09:00") + timedelta(minutes=minutes)
    return Zoned(start, BERLIN), Zoned(start + timedelta(hours=length), BERLIN)


@st.composite
def files(draw: st.DrawFn) -> list[Component]:
    """A daily series around the change of the clocks, whose exceptions may also change its kind or name other days."""
    dated = draw(st.booleans())
    start, end = moved(24, 0, 1, dated=dated)
    rule = draw(st.sampled_from(["FREQ=DAILY;COUNT=8", "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2;COUNT=4"]))
    master = draft(start, end, recurrence=(f"RRULE:{rule}",), **draw(CONTENT))
    days = draw(st.lists(st.integers(20, 31), unique=True, max_size=5))
    exceptions = []
    for day in days:
        original, _ = moved(day, 0, 1, dated=dated)
        kind = draw(st.booleans()) if draw(st.integers(0, 5)) == 0 else dated
        times = moved(draw(st.integers(20, 31)), draw(st.integers(-600, 600)), draw(st.integers(1, 3)), dated=kind)
        content = draw(CONTENT) | ({"status": EventStatus.CANCELLED} if draw(st.integers(0, 4)) == 0 else {})
        following = draw(st.integers(0, 4)) == 0 and kind is dated
        exceptions.append(component(draft(*times, **content), original, following=following))
    return [component(master), *exceptions]


def instances(of: Event) -> list[Event]:
    return list(series.instances(of, (FIRST, LAST), Budget()))


@given(files())
@settings(max_examples=150, deadline=None)
def test_an_instance_is_what_its_exception_says(components: list[Component]) -> None:
    made = attached(components)
    for one in components[1:]:
        assert one.draft is not None
        assert one.original is not None
        found = series.instance_at(made, one.original, Budget())
        assert found is not None
        if one.draft.status is EventStatus.CANCELLED and not one.following:
            assert found.status is EventStatus.CANCELLED
            continue
        said = [name for name in SHOWN if name != "visibility" or one.draft.visibility is not Visibility.DEFAULT]
        assert [getattr(found, name) for name in said] == [getattr(one.draft, name) for name in said]
        assert (found.reminders or Reminders(True, ())) == (one.draft.reminders or Reminders(True, ())), found
        times = (found.start, found.end), (one.draft.start, one.draft.end)
        assert len({tuple(resolve_event(time, BERLIN) for time in pair) for pair in times}) == 1


@given(files())
@settings(max_examples=150, deadline=None)
def test_attaching_again_changes_nothing(components: list[Component]) -> None:
    made = attached(components)
    assert attached(components, made) == made
    again = joined(made, [one for one in components if one.original is not None], made, Budget())
    assert series.derived(again.event) == made


@given(files())
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_as_the_same_series(components: list[Component]) -> None:
    made = attached(components)
    data = b"".join(vevents(made, OWNER).lines)
    read = parse(data, BERLIN)
    assert [one.messages for one in read if one.messages] == []
    again = attached(read)
    assert instances(again) == instances(made)
    assert again.cancelled == made.cancelled
    assert attached(read, made).overrides == made.overrides


def led(count: int) -> Event:
    """A daily series with so many overrides that hold for all later instances."""
    master = draft(*moved(1, 0, 1, dated=False), recurrence=("RRULE:FREQ=DAILY",))
    days = [moved(1 + number, 0, 1, dated=False)[0] for number in range(count)]
    parts = [component(draft(*moved(1 + n, n, 1, dated=False)), day, following=True) for n, day in enumerate(days)]
    return attached([component(master), *parts])


def test_no_more_exceptions_are_written_once_the_call_is_over() -> None:
    asked = iter([False, False, True])
    lines = vevents(led(20), OWNER, lambda: next(asked)).lines
    assert b"".join(lines).count(b"BEGIN:VEVENT") == 1 + 2


def test_the_leading_overrides_of_a_series_are_looked_up_once_whatever_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = led(20)
    asked: list[Event] = []

    def counted(of: Event) -> Reading:
        asked.append(of)
        return reading_of(of)

    monkeypatch.setattr(sys.modules["schedsvc.domain.series.instances"], "reading_of", counted)
    assert b"".join(vevents(made, OWNER).lines).count(b"RANGE=THISANDFUTURE") > 10
    assert len(asked) == 1
