"""Events are written down so that they come back as they were, and so that most take little room."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given

from schedsvc.domain.changes import Place
from schedsvc.domain.events import Event, EventDraft, Occurrence, Override
from schedsvc.repositories.sql.event_bodies import dump_event, load_event
from schedsvc.repositories.sql.event_parts import dump_more
from tests.repositories.random_events import EVENTS
from tests.repositories.records import event

# As the first version of the program wrote it.
VERSION_1 = (
    '{"attendees":[["b@example.org","Bea",2,3]],"booking":null,"create_us":1,"description":"d",'
    '"end":["2030-01-01T10:00:00","UTC"],"event_type":1,"extent":[1893488400,1893492000],"external_ref":["p","i","e"],'
    '"location":"l","metadata":{"m":"x"},"occupied":[1893488400,1893492000],"sequence":3,"show_as":3,'
    '"start":["2030-01-01T09:00:00","UTC"],"status":1,"subject":"s","uid":"u","update_us":2,"v":1}'
)


def loaded(of: Event, text: str) -> Event:
    return load_event(of.name, Place(of.revision, of.index), of.born, text)


@given(EVENTS)
def test_an_event_comes_back_as_it_was_written(made: Event) -> None:
    found = loaded(made, dump_event(made))
    # Equal events may differ in their rules.
    assert (found, found.rules) == (made, made.rules)


def test_what_version_1_wrote_reads_as_an_event_with_the_defaults() -> None:
    found = loaded(event(), VERSION_1)
    assert (found.subject, found.attendees[0].display_name, found.attendees[0].comment) == ("s", "Bea", "")
    defaults = {field.name: field.default for field in fields(Event) if field.name in NEW}
    assert {name: getattr(found, name) for name in NEW} == defaults


def test_what_most_events_have_not_takes_no_room() -> None:
    assert dump_more(event()) == {}
    assert "more" not in json.loads(dump_event(event()))
    full = json.loads(dump_event(replace(event(), color="#123456")))
    assert full["more"] == {"color": "#123456"}


def test_an_override_says_only_what_differs() -> None:
    override = Override(original=event().start, subject="", attendees=())
    written = json.loads(dump_event(replace(event(), overrides=(override,))))["more"]["overrides"]
    assert written == [{"original": ["2030-01-01T09:00:00", "UTC"], "subject": "", "attendees": []}]


def test_an_instance_is_not_written_as_a_record() -> None:
    with pytest.raises(RuntimeError, match="is an instance"):
        dump_event(replace(event(), occurrence=Occurrence(event().start)))


OLD = {field.name for field in fields(EventDraft)} & json.loads(VERSION_1).keys()
NEW = {field.name for field in fields(EventDraft)} - OLD | {"overrides", "cancelled", "split_from", "zone", "owner"}
