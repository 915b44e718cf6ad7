"""No event takes more bytes than it was said to, so that no page of them is too large for a message."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.events import Event, Override
from schedsvc.domain.particulars import Organizer
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.series import instances
from schedsvc.domain.weights import weigh_event
from schedsvc.rpc.codec import events
from tests.domain.series.random_series import all_series
from tests.repositories.random_events import EVENTS, IDS, INSTANCE_NAMES, OVERRIDES, TEXT
from tests.rpc.codec.records import EVENT, SERIES

LONG = st.one_of(TEXT, st.sampled_from(["x" * 999, "é" * 999, "🎉" * 999]))
TIMES_OF = {"start", "end", "original", "following"}


@st.composite
def furnished(draw: st.DrawFn) -> Event:
    """A valid series with anything in its texts, and in those of its overrides, including names as long as they get."""
    series, other = draw(all_series()), draw(EVENTS)
    name = replace(series.name, event=draw(IDS) + 54 * "e")
    told: dict[str, Any] = {"subject": draw(LONG), "description": draw(LONG), "uid": other.uid, "split_from": name}
    people = replace(series, name=name, **told, **{field: getattr(other, field) for field in PLAIN})
    return replace(people, overrides=tuple(draw(differing(override)) for override in series.overrides))


@st.composite
def differing(draw: st.DrawFn, override: Override) -> Override:
    other, previous = draw(OVERRIDES), draw(st.none() | INSTANCE_NAMES)
    values: dict[str, Any] = {f.name: getattr(other, f.name) for f in fields(Override) if f.name not in TIMES_OF}
    return replace(override, **values | {"location": draw(st.none() | LONG), "previous": previous})


PLAIN = (
    "attendees",
    "metadata",
    "external_ref",
    "organizer",
    "reminders",
    "conference",
    "attachments",
    "categories",
    "location",
    "color",
)


@given(furnished())
def test_a_series_weighs_at_least_what_it_and_its_exceptions_take(series: Event) -> None:
    assert events.encode(series).ByteSize() <= weigh_event(series)


@given(furnished())
def test_an_instance_weighs_at_least_what_it_takes(series: Event) -> None:
    for number, instance in enumerate(instances(series, (series.extent[0], series.extent[0] + 10**7), Budget())):
        assert events.encode(instance).ByteSize() <= weigh_event(instance)
        if number > 5:
            break


def test_what_an_override_inherits_is_weighed_once_for_each_of_them_and_what_it_replaces_is_not() -> None:
    long = replace(SERIES, description="x" * 8000)
    short = replace(long, overrides=tuple(replace(override, description="") for override in long.overrides))
    count = len(long.overrides)
    assert count == 2
    assert weigh_event(long) - weigh_event(short) == count * 8000


def test_rules_with_many_dates_weigh_what_their_structured_form_takes() -> None:
    dates = ",".join(f"2030{month:02}{day:02}T110000" for month in range(1, 13) for day in range(1, 29))
    lines = ("RRULE:FREQ=DAILY", f"EXDATE;TZID=America/Argentina/ComodRivadavia:{dates}")
    series = replace(SERIES, recurrence=lines, overrides=(), cancelled=())
    assert 10_000 < events.encode(series).ByteSize() <= weigh_event(series)


def test_a_plain_event_weighs_about_what_it_takes() -> None:
    plain = replace(EVENT, organizer=Organizer("o@example.org", ""))
    assert weigh_event(plain) < events.encode(plain).ByteSize() + 3000
