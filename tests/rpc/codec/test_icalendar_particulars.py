"""What an event of a file carries along, and periods of a VFREEBUSY."""

from __future__ import annotations

import pytest

from schedsvc.domain.events import EventType, ShowAs
from schedsvc.domain.particulars import (
    Attachment,
    Conference,
    Organizer,
    Reminder,
    ReminderMethod,
    Reminders,
    Visibility,
)
from tests.rpc.codec.files import calendar, draft, event, only, zoned

CLASSES = [
    ((), Visibility.DEFAULT, ()),
    (("CLASS:PUBLIC",), Visibility.PUBLIC, ()),
    (("CLASS:private",), Visibility.PRIVATE, ()),
    (("CLASS:CONFIDENTIAL",), Visibility.CONFIDENTIAL, ()),
    (("CLASS:X-SECRET",), Visibility.PRIVATE, ('CLASS "X-SECRET" was read as PRIVATE',)),
]


@pytest.mark.parametrize(("lines", "visibility", "messages"), CLASSES)
def test_a_class_says_who_may_see_the_event(
    lines: tuple[str, ...], visibility: Visibility, messages: tuple[str, ...]
) -> None:
    component = only(event(*lines))
    assert component.draft is not None
    assert (component.draft.visibility, component.messages) == (visibility, messages)


def test_categories_of_all_lines_are_kept_once() -> None:
    assert draft(event("CATEGORIES:a,b\\, c", "CATEGORIES:b,a, ,d\\;")).categories == ("a", "b, c", "b", "d;")
    many = only(event(f"CATEGORIES:{','.join(map(str, range(21)))}"))
    assert many.messages == ("only the first 20 of 21 CATEGORIES were read",)
    long = only(event(f"CATEGORIES:{'x' * 65}"))
    assert long.draft is not None
    assert (long.draft.categories, long.messages) == (("x" * 64,), ("CATEGORIES was cut to 64 characters",))


def test_a_colour_is_kept_if_it_is_written_in_numbers() -> None:
    assert draft(event("COLOR:#00FF7f")).color == "#00ff7f"
    component = only(event("COLOR:turquoise"))
    assert component.messages == ('COLOR "turquoise" is not kept: it is not written #rrggbb',)


def test_links_are_attachments_if_they_are_https() -> None:
    component = only(
        event(
            "ATTACH;FMTTYPE=application/pdf;FILENAME=Agenda.pdf:https://example.org/a",
            "URL:https://example.org/page",
            "ATTACH:http://example.org/b",
            "ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA",
        )
    )
    assert component.draft is not None
    assert component.draft.attachments == (
        Attachment("https://example.org/a", "Agenda.pdf", "application/pdf"),
        Attachment("https://example.org/page", "", ""),
    )
    assert set(component.messages) == {
        "ATTACH is not kept: it is no https address of up to 2048 characters",
        "URL is kept as an attachment",
    }


CONFERENCES = [
    (
        (
            "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Example:https://example.org/join",
            "CONFERENCE;X-PIN=77:tel:+49%2030%201",
        ),
        Conference("https://example.org/join", "+49 30 1", "77", "Example"),
    ),
    (("X-GOOGLE-CONFERENCE:https://example.org/g",), Conference("https://example.org/g", "", "", "")),
    (("X-MICROSOFT-SKYPETEAMSMEETINGURL:https://example.org/t",), Conference("https://example.org/t", "", "", "")),
    (("CONFERENCE:xmpp:room@example.org",), None),
]


@pytest.mark.parametrize(("lines", "conference"), CONFERENCES)
def test_how_to_join_from_afar_is_kept(lines: tuple[str, ...], conference: Conference | None) -> None:
    assert draft(event(*lines)).conference == conference


def test_a_second_link_to_join_is_told() -> None:
    component = only(event("CONFERENCE:https://example.org/1", "CONFERENCE:https://example.org/2"))
    assert component.messages == ('CONFERENCE "https://example.org/2" is not kept',)


def test_an_organizer_is_kept_if_there_is_an_address() -> None:
    assert draft(event("ORGANIZER;CN=Ada:mailto:ada@example.org")).organizer == Organizer("ada@example.org", "Ada")
    component = only(event("ORGANIZER:urn:uuid:1"))
    assert component.messages == ('ORGANIZER "urn:uuid:1" has no e-mail address and was left out',)


def test_an_answer_that_nobody_knows_is_told() -> None:
    component = only(event("ATTENDEE;PARTSTAT=DELEGATED:mailto:a@example.org"))
    assert component.messages == ('PARTSTAT "DELEGATED" was read as NEEDS-ACTION',)


def alarm(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", *lines, "END:VALARM")


def test_alarms_some_minutes_before_the_start_are_reminders() -> None:
    found = draft(
        event(
            *alarm("ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Soon"),
            *alarm("ACTION:EMAIL", "TRIGGER;RELATED=START:-P1D", "SUMMARY:Soon"),
            *alarm("ACTION:display", "TRIGGER:PT0S"),
        )
    )
    assert found.reminders == Reminders(
        use_default=False,
        overrides=(
            Reminder(ReminderMethod.POPUP, 15),
            Reminder(ReminderMethod.EMAIL, 1440),
            Reminder(ReminderMethod.POPUP, 0),
        ),
    )


OTHER_ALARMS = [
    (("ACTION:AUDIO", "TRIGGER:-PT15M"), 'VALARM with ACTION "AUDIO" is not kept'),
    (("ACTION:DISPLAY", "TRIGGER:PT15M"), 'VALARM with TRIGGER "PT15M" is not kept'),
    (("ACTION:DISPLAY", "TRIGGER;RELATED=END:-PT15M"), 'VALARM with TRIGGER "-PT15M" is not kept'),
    (("ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME:20300501T090000Z"), "VALARM with TRIGGER"),
    (("ACTION:DISPLAY", "TRIGGER:-P29D"), "VALARM with TRIGGER"),
    (("ACTION:DISPLAY",), "VALARM with TRIGGER"),
]


@pytest.mark.parametrize(("lines", "message"), OTHER_ALARMS)
def test_other_alarms_are_told(lines: tuple[str, ...], message: str) -> None:
    component = only(event(*alarm(*lines)))
    assert component.draft is not None
    assert component.draft.reminders is None
    assert component.messages[0].startswith(message)


def test_only_five_reminders_are_read_and_only_whole_minutes() -> None:
    many = only(event(*(line for n in range(6) for line in alarm("ACTION:DISPLAY", f"TRIGGER:-PT{n}M"))))
    assert many.draft is not None
    assert many.draft.reminders is not None
    assert len(many.draft.reminders.overrides) == 5
    assert many.messages == ("only the first 5 of 6 VALARMs were read",)
    cut = only(event(*alarm("ACTION:DISPLAY", "TRIGGER:-PT90S", "REPEAT:2")))
    assert cut.messages == ('TRIGGER "-PT90S" was cut to whole minutes', "REPEAT of a VALARM is not kept")


def test_what_this_program_has_written_is_read_again() -> None:
    found = draft(event("X-SCHEDSVC-EVENT-TYPE:FOCUS_TIME", "X-SCHEDSVC-METADATA;X-KEY=team:blue\\, red"))
    assert (found.event_type, found.metadata) == (EventType.FOCUS_TIME, {"team": "blue, red"})
    assert draft(event("X-SCHEDSVC-EVENT-TYPE:BOOKING")).event_type is EventType.DEFAULT


def free_busy(*lines: str, uid: str = "UID:f") -> bytes:
    return calendar("\n".join(("BEGIN:VFREEBUSY", uid, "DTSTAMP:20300101T000000Z", *lines, "END:VFREEBUSY")))


def test_periods_of_a_free_busy_component_become_events() -> None:
    component = only(
        free_busy(
            "FREEBUSY:20300501T100000Z/PT1H,20300501T120000Z/20300501T130000Z",
            'FREEBUSY;FBTYPE="BUSY-UNAVAILABLE":20300502T100000Z/P1D',
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20300501T100000Z/PT1H",
            "FREEBUSY;FBTYPE=FREE:20300601T100000Z/PT1H",
        )
    )
    assert component.periods is not None
    assert [(p.uid, p.start, p.show_as) for p in component.periods] == [
        ("f/20300501T100000/20300501T110000", zoned("2030-05-01T10:00", "UTC"), ShowAs.BUSY),
        ("f/20300501T120000/20300501T130000", zoned("2030-05-01T12:00", "UTC"), ShowAs.BUSY),
        ("f/20300502T100000/20300503T100000", zoned("2030-05-02T10:00", "UTC"), ShowAs.OUT_OF_OFFICE),
    ]
    assert component.messages == ("periods of FBTYPE FREE were left out",)


def test_periods_of_a_component_without_a_uid_have_the_same_ones_the_next_time() -> None:
    first, second = (only(free_busy("FREEBUSY:20300501T100000Z/PT1H", uid="COMMENT:x")) for _ in range(2))
    assert first.periods == second.periods
    long = only(free_busy("FREEBUSY:20300501T100000Z/PT1H", uid=f"UID:{'u' * 250}"))
    assert long.periods is not None
    assert len(long.periods[0].uid) == 64


BAD_PERIODS = ["20300501T100000Z", "x/y", "20300501/P1D", "20300501T100000Z/PT0S", "20300501T100000Z/20300501T090000Z"]


@pytest.mark.parametrize("period", BAD_PERIODS)
def test_a_period_that_cannot_be_makes_the_component_unusable(period: str) -> None:
    component = only(free_busy(f"FREEBUSY:{period}"))
    assert component.is_refused
    assert component.messages[0].startswith(("FREEBUSY", "DURATION"))
