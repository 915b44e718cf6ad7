"""Series and exceptions as files write them."""

from __future__ import annotations

from datetime import date

import pytest

from schedsvc.domain.time import AllDay
from tests.rpc.codec.files import BERLIN, calendar, draft, event, only, refusal, zoned


def starting(start: str, *lines: str) -> bytes:
    fixed = ("UID:x", "DTSTAMP:20300101T000000Z", f"DTSTART{start}")
    return calendar("\n".join(("BEGIN:VEVENT", *fixed, *lines, "END:VEVENT")))


IN_BERLIN = ";TZID=Europe/Berlin:20300501T100000"
MENDED = [
    (IN_BERLIN, ["RRULE:FREQ=DAILY;UNTIL=20300510T100000"], "RRULE:FREQ=DAILY;UNTIL=20300510T080000Z", "UNTIL names"),
    (IN_BERLIN, ["RRULE:FREQ=DAILY;UNTIL=20300510"], "RRULE:FREQ=DAILY;UNTIL=20300510T215959Z", "UNTIL is a date"),
    (";VALUE=DATE:20300501", ["RRULE:FREQ=DAILY;UNTIL=20300509T220000Z"], "RRULE:FREQ=DAILY;UNTIL=20300510", "UNTIL"),
    (";VALUE=DATE:20300501", ["RRULE:FREQ=DAILY;UNTIL=20300510T120000"], "RRULE:FREQ=DAILY;UNTIL=20300510", "UNTIL"),
    (
        IN_BERLIN,
        ["RRULE:FREQ=DAILY;COUNT=4", "EXDATE;VALUE=DATE:20300503"],
        "EXDATE;TZID=Europe/Berlin:20300503T100000",
        "EXDATE is a date",
    ),
    (
        ";VALUE=DATE:20300501",
        ["RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20300503T000000"],
        "EXDATE;VALUE=DATE:20300503",
        "EXDATE has a time",
    ),
    (
        ";VALUE=DATE:20300501",
        ["RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20300502T220000Z"],
        "EXDATE;VALUE=DATE:20300503",
        "EXDATE has a time",
    ),
]


@pytest.mark.parametrize(("start", "lines", "canonical", "told"), MENDED)
def test_what_is_not_as_the_rfc_wants_it_is_read_as_it_was_meant_and_told(
    start: str, lines: list[str], canonical: str, told: str
) -> None:
    component = only(starting(start, *lines))
    assert component.draft is not None, component.messages
    assert canonical in component.draft.recurrence
    assert [message for message in component.messages if message.startswith(told)]


def test_a_series_that_is_as_the_rfc_wants_it_is_read_without_a_word() -> None:
    component = only(
        starting(
            IN_BERLIN,
            "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=WE",
            "RDATE;TZID=Europe/Berlin:20300502T100000",
            "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20300503T100000/PT3H,20300504T100000/20300504T120000",
            "EXDATE:20300508T080000Z",
            "EXDATE;TZID=Europe/Berlin:20300515T100000",
        )
    )
    assert component.messages == ()
    assert component.draft is not None
    assert component.draft.recurrence == (
        "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=WE",
        "RDATE;TZID=Europe/Berlin:20300502T100000",
        "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20300503T100000/PT3H,20300504T100000/PT2H",
        "EXDATE:20300508T080000Z",
        "EXDATE;TZID=Europe/Berlin:20300515T100000",
    )


def test_a_start_off_its_rule_is_the_first_instance_and_counts() -> None:
    component = only(starting(IN_BERLIN, "RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=FR"))
    assert component.draft is not None
    assert component.draft.recurrence == (
        "RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=FR",
        "RDATE;TZID=Europe/Berlin:20300501T100000",
    )
    assert component.messages == ("DTSTART is not what RRULE gives: it was kept as the first instance",)


def test_without_a_start_the_first_rdate_is_taken() -> None:
    data = calendar("BEGIN:VEVENT\nUID:x\nRDATE;VALUE=PERIOD:20300503T100000Z/PT3H,20300502T100000Z/PT1H\nEND:VEVENT")
    found = draft(data)
    assert (found.start, found.end) == (zoned("2030-05-02T10:00", "UTC"), zoned("2030-05-02T11:00", "UTC"))
    assert found.recurrence == ("RDATE;VALUE=PERIOD:20300503T100000Z/PT3H",)
    single = draft(calendar("BEGIN:VEVENT\nUID:x\nRDATE;VALUE=DATE:20300503\nEND:VEVENT"))
    assert (single.start, single.recurrence) == (AllDay(date(2030, 5, 3)), ())


REFUSED = [
    (["EXRULE:FREQ=DAILY"], "UNSUPPORTED_RRULE: EXRULE"),
    (["RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"], "UNSUPPORTED_RRULE: EXRULE"),
    (["RRULE:FREQ=YEARLY;RSCALE=CHINESE"], "UNSUPPORTED_RRULE: RSCALE"),
    (["RRULE:FREQ=YEARLY;SKIP=FORWARD"], "UNSUPPORTED_RRULE: SKIP"),
    (["RRULE:FREQ=SECONDLY"], "UNSUPPORTED_RRULE: FREQ"),
    (["RRULE:FREQ=MINUTELY;COUNT=3"], "UNSUPPORTED_RRULE: FREQ"),
    (["RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], "EMPTY_RECURRENCE"),
    (["RRULE:FREQ=DAILY;UNTIL=20300101T000000Z"], "EMPTY_RECURRENCE"),
    (["RRULE:FREQ=DAILY;COUNT=3;UNTIL=20310101T000000Z"], "UNTIL: must not stand beside COUNT"),
    (["RRULE:FREQ=DAILY;COUNT=0"], "COUNT: "),
    (["RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"], "it has more than one RRULE"),
    (["RDATE;VALUE=DATE:20300502"], "RDATE: must be dates if the start is one, else times"),
    (["RDATE:20300502T100000Z/PT1H"], 'RDATE "20300502T100000Z/PT1H" is no date or time'),
    (["RDATE;VALUE=PERIOD:20300502T100000Z"], 'RDATE "20300502T100000Z" is no period'),
    (["RDATE;VALUE=PERIOD:20300502T100000Z/20300502T090000Z"], "RDATE: a period must end after its start"),
    (["EXDATE:soon", "RRULE:FREQ=DAILY"], 'EXDATE "soon" is no date or time'),
    (["RDATE:" + ",".join(["20300502T100000Z"] * 501)], "it has more than 500 RDATEs and EXDATEs"),
]


@pytest.mark.parametrize(("lines", "reason"), REFUSED)
def test_what_cannot_be_kept_is_refused_by_name(lines: list[str], reason: str) -> None:
    assert refusal(event(*lines)).startswith(reason)


def test_an_rrule_that_is_there_twice_counts_once() -> None:
    assert draft(event("RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY")).recurrence == ("RRULE:FREQ=DAILY",)


def test_exdates_without_a_series_are_left_out_and_told() -> None:
    component = only(event("EXDATE:20300501T100000Z"))
    assert component.draft is not None
    assert component.draft.recurrence == ()
    assert component.messages == ("EXDATE was left out: the event takes place once",)


def test_an_exception_names_the_start_that_it_is_about() -> None:
    component = only(event("RECURRENCE-ID;TZID=Europe/Berlin:20300502T100000"))
    assert component.recurrence_id == "20300502T100000"
    assert (component.original, component.following) == (zoned("2030-05-02T10:00", BERLIN), False)
    later = only(event("RECURRENCE-ID;RANGE=THISANDFUTURE:20300502T100000Z"))
    assert (later.original, later.following) == (zoned("2030-05-02T10:00", "UTC"), True)


def test_an_exception_without_a_start_takes_place_when_it_should_have() -> None:
    component = only(calendar("BEGIN:VEVENT\nUID:x\nRECURRENCE-ID:20300502T100000Z\nDURATION:PT1H\nEND:VEVENT"))
    assert component.draft is not None
    assert (component.draft.start, component.draft.end) == (
        zoned("2030-05-02T10:00", "UTC"),
        zoned("2030-05-02T11:00", "UTC"),
    )
    assert "it has no DTSTART: read as RECURRENCE-ID" in component.messages


def test_an_exception_does_not_recur_and_reaches_no_earlier_ones() -> None:
    component = only(event("RECURRENCE-ID:20300502T100000Z", "RRULE:FREQ=DAILY"))
    assert component.draft is not None
    assert component.draft.recurrence == ()
    assert component.messages == ("RRULE of an exception was left out",)
    said = refusal(event("RECURRENCE-ID;RANGE=THISANDPRIOR:20300502T100000Z"))
    assert said == 'RANGE "THISANDPRIOR" of RECURRENCE-ID is not supported'


def test_times_that_name_no_zone_are_marked() -> None:
    assert draft(starting(":20300501T100000", "RRULE:FREQ=DAILY;COUNT=2")).floating
    assert not draft(starting(":20300501T100000Z")).floating
    assert not draft(starting(IN_BERLIN)).floating
    assert not draft(starting(";VALUE=DATE:20300501")).floating


def test_commas_at_the_end_of_lists_and_blanks_in_rules_are_left_out() -> None:
    component = only(
        event(
            "RRULE: FREQ = DAILY ; COUNT = 5", "RDATE:20300601T100000Z,", "EXDATE:20300502T100000Z,,20300503T100000Z,"
        )
    )
    assert component.draft is not None
    assert component.draft.recurrence == (
        "RRULE:FREQ=DAILY;COUNT=5",
        "RDATE:20300601T100000Z",
        "EXDATE:20300502T100000Z,20300503T100000Z",
    )
    assert set(component.messages) == {
        "the blanks in RRULE were left out",
        "an empty value of RDATE was left out",
        "an empty value of EXDATE was left out",
    }
