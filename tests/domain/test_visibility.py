"""What a role shows of an event: all of it, or when it is and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.calendars import ExternalRef
from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventStatus,
    EventType,
    Occurrence,
    Override,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.names import BookingName, CalendarName, EventName, ProfileName
from schedsvc.domain.particulars import (
    Attachment,
    Conference,
    Organizer,
    Reminder,
    ReminderMethod,
    Reminders,
    Visibility,
)
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.roles import Role
from schedsvc.domain.series import derived, instances
from schedsvc.domain.series.differences import NO_CONFERENCE
from schedsvc.domain.time import AllDay, EventTime
from schedsvc.domain.visibility import as_seen, is_hidden

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECRET = "secret"
SERIES = EventName(CalendarName("ada", "ada"), "series")
SHOWN = {
    *("name", "uid", "start", "end", "extent", "occupied", "zone", "rules", "floating"),
    *("show_as", "status", "visibility", "recurrence", "from_pattern", "cancelled", "split_from"),
    *("sequence", "revision", "index", "born", "create_time", "update_time"),
}
"""What is left of a private event. A new field of events is not among them until somebody says so."""
HIDDEN = [Visibility.PRIVATE, Visibility.CONFIDENTIAL]


def day(number: int) -> EventTime:
    return AllDay(date(2030, 1, number))


def full(visibility: Visibility = Visibility.DEFAULT) -> Event:
    """A series whose every field says something."""
    return Event(
        name=SERIES,
        uid="uid@example.org",
        start=day(1),
        end=day(2),
        extent=(0, 86_400),
        occupied=(0, 90_000),
        subject=SECRET,
        description=SECRET,
        location=SECRET,
        show_as=ShowAs.OUT_OF_OFFICE,
        status=EventStatus.TENTATIVE,
        event_type=EventType.FOCUS_TIME,
        attendees=(Attendee(SECRET, SECRET, AttendeeType.REQUIRED, ResponseStatus.ACCEPTED, SECRET),),
        metadata={SECRET: SECRET},
        external_ref=ExternalRef(SECRET, SECRET, SECRET),
        visibility=visibility,
        organizer=Organizer(SECRET, SECRET),
        reminders=Reminders(False, (Reminder(ReminderMethod.POPUP, 5),)),
        conference=Conference(SECRET, SECRET, SECRET, SECRET),
        attachments=(Attachment(SECRET, SECRET, SECRET),),
        categories=(SECRET,),
        color="#010203",
        floating=True,
        recurrence=("RRULE:FREQ=DAILY",),
        from_pattern=True,
        booking=BookingName(ProfileName("ada", SECRET), SECRET),
        sequence=3,
        revision=4,
        index=5,
        born=2,
        create_time=NOW,
        update_time=NOW,
        zone="Europe/Berlin",
        owner=SECRET,
        cancelled=(day(3),),
        split_from=EventName(CalendarName("ada", "ada"), "earlier"),
    )


def override(number: int, *, visibility: Visibility | None = None, following: bool = False) -> Override:
    """A difference that says everything there is to say."""
    return Override(
        original=day(number),
        following=following,
        previous=EventName(CalendarName("ada", "ada"), "before"),
        sequence=1,
        start=day(number + 10),
        end=day(number + 11),
        subject=SECRET,
        description=SECRET,
        location=SECRET,
        show_as=ShowAs.FREE,
        status=EventStatus.CONFIRMED,
        attendees=(Attendee(SECRET, SECRET, AttendeeType.REQUIRED, ResponseStatus.ACCEPTED),),
        metadata={SECRET: SECRET},
        visibility=visibility,
        reminders=Reminders(True, ()),
        conference=Conference(SECRET, SECRET, SECRET, SECRET),
        attachments=(Attachment(SECRET, SECRET, SECRET),),
        categories=(SECRET,),
        color="#010203",
    )


def masked(one: Override) -> Override:
    """What is left of it, each text empty rather than inherited."""
    return replace(
        one,
        subject="",
        description="",
        location="",
        color="",
        attendees=(),
        metadata={},
        reminders=None,
        conference=NO_CONFERENCE,
        attachments=(),
        categories=(),
    )


@pytest.mark.parametrize("role", [Role.WRITER, Role.OWNER])
@pytest.mark.parametrize("visibility", Visibility)
def test_who_may_write_sees_everything(role: Role, visibility: Visibility) -> None:
    event = replace(full(visibility), overrides=(override(4, visibility=visibility),))
    assert as_seen(event, role) is event


@pytest.mark.parametrize("visibility", set(Visibility) - set(HIDDEN))
def test_a_reader_sees_all_of_an_event_that_is_not_private(visibility: Visibility) -> None:
    event = full(visibility)
    assert as_seen(event, Role.READER) is event
    assert not is_hidden(event, Role.READER)


@pytest.mark.parametrize("visibility", HIDDEN)
def test_a_reader_sees_of_a_private_event_when_it_is_and_nothing_else(visibility: Visibility) -> None:
    event = full(visibility)
    seen = as_seen(event, Role.READER)
    left = {field.name for field in fields(Event) if getattr(seen, field.name) == getattr(event, field.name)}
    assert left == {*SHOWN, "overrides", "occurrence"}
    assert SECRET not in repr(seen)
    assert is_hidden(event, Role.READER)


def test_who_may_see_busy_time_alone_sees_every_event_as_a_private_one() -> None:
    event = full(Visibility.PUBLIC)
    assert as_seen(event, Role.FREE_BUSY_READER) == replace(
        as_seen(replace(event, visibility=Visibility.PRIVATE), Role.READER), visibility=Visibility.PUBLIC
    )


def test_an_override_counts_by_its_own_visibility_or_the_one_it_inherits() -> None:
    private = override(5, visibility=Visibility.PRIVATE)
    plain, public = override(4), override(6, visibility=Visibility.PUBLIC)
    open_series = as_seen(replace(full(), overrides=(plain, private, public)), Role.READER)
    assert open_series.overrides == (plain, masked(private), public)
    assert open_series.subject == SECRET
    hidden_series = as_seen(replace(full(Visibility.PRIVATE), overrides=(plain, private, public)), Role.READER)
    assert hidden_series.overrides == (masked(plain), masked(private), public)
    assert hidden_series.subject == ""


def test_a_private_override_says_nothing_rather_than_what_the_series_says() -> None:
    bare = Override(original=day(4), visibility=Visibility.PRIVATE)
    (seen,) = as_seen(replace(full(), overrides=(bare,)), Role.READER).overrides
    assert seen == masked(bare)
    assert seen.subject == ""


def test_an_override_for_all_that_follow_passes_its_visibility_on() -> None:
    onward = override(4, visibility=Visibility.PRIVATE, following=True)
    one, later = override(5, visibility=Visibility.PUBLIC), override(6)
    seen = as_seen(replace(full(), overrides=(onward, one, later)), Role.READER)
    assert seen.overrides == (masked(onward), one, masked(later))


def test_the_next_override_for_all_that_follow_takes_its_place_whole() -> None:
    first, second = override(4, visibility=Visibility.PRIVATE, following=True), override(6, following=True)
    later = override(7)
    seen = as_seen(replace(full(), overrides=(first, second, later)), Role.READER)
    assert seen.overrides == (masked(first), second, later)


def test_seeing_what_is_seen_changes_nothing() -> None:
    overrides = (override(4), override(5, visibility=Visibility.PRIVATE), override(6, visibility=Visibility.PUBLIC))
    for visibility in Visibility:
        for role in Role:
            once = as_seen(replace(full(visibility), overrides=overrides), role)
            assert as_seen(once, role) == once


def instance(visibility: Visibility, own: Override | None) -> Event:
    """An instance as it is made from a series."""
    whole = full(visibility if own is None or own.visibility is None else own.visibility)
    return replace(
        whole, name=SERIES.instance("20300104"), recurrence=(), cancelled=(), occurrence=Occurrence(day(4), own)
    )


def test_an_instance_of_a_private_series_shows_when_it_is_and_its_override_too() -> None:
    seen = as_seen(instance(Visibility.PRIVATE, override(4)), Role.READER)
    assert SECRET not in repr(seen)
    assert seen.occurrence == Occurrence(day(4), masked(override(4)))
    assert as_seen(instance(Visibility.PRIVATE, None), Role.READER).subject == ""


def test_a_public_instance_shows_what_it_says_itself_and_nothing_that_the_series_may_hide() -> None:
    own = Override(original=day(4), visibility=Visibility.PUBLIC, subject="Open house")
    seen = as_seen(instance(Visibility.PRIVATE, own), Role.READER)
    assert (seen.subject, seen.description, seen.attendees, seen.external_ref) == ("Open house", "", (), None)
    assert SECRET not in repr(seen)


def test_an_instance_that_inherits_an_open_visibility_is_shown_as_it_is() -> None:
    shown = instance(Visibility.DEFAULT, Override(original=day(4), subject="Moved"))
    assert as_seen(shown, Role.READER) is shown


@st.composite
def difference(draw: st.DrawFn) -> Override:
    """Of one instance or all that follow, with a text of its own or not, visible or not."""
    number = draw(st.integers(1, 9))
    return Override(
        original=day(number),
        following=draw(st.booleans()),
        visibility=draw(st.sampled_from([None, Visibility.PUBLIC, Visibility.PRIVATE])),
        subject=draw(st.sampled_from([None, f"own {number}"])),
        description=draw(st.sampled_from([None, f"own {number}"])),
    )


@given(
    st.sampled_from([Visibility.DEFAULT, Visibility.PRIVATE]),
    st.lists(difference(), max_size=5, unique_by=lambda one: (repr(one.original), one.following)),
)
def test_the_instances_of_a_masked_series_are_where_the_real_ones_are_and_no_hidden_text_is_on_them(
    visibility: Visibility, differences: list[Override]
) -> None:
    ordered = sorted(differences, key=lambda one: (repr(one.original), not one.following))
    series = derived(replace(full(visibility), floating=False, cancelled=(), owner="", overrides=tuple(ordered)))
    window = (series.extent[0], series.extent[0] + 12 * 86_400)
    real = list(instances(series, window, Budget()))
    seen = list(instances(as_seen(series, Role.READER), window, Budget()))
    assert [(one.name, one.extent, one.show_as) for one in seen] == [
        (one.name, one.extent, one.show_as) for one in real
    ]
    for truth, shown in zip(real, seen, strict=True):
        texts = {shown.subject, shown.description}
        if is_hidden(truth, Role.READER):
            assert texts == {""}
        else:
            assert texts <= {truth.subject, truth.description, ""}
            assert SECRET not in texts or visibility is Visibility.DEFAULT
        assert as_seen(shown, Role.READER).subject in ("", shown.subject)
