"""Which rules there are, and their text."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from schedsvc.domain.recurrence.errors import InvalidRecurrence, RecurrenceError, UnsupportedRecurrence
from schedsvc.domain.recurrence.parse import LONGEST, parse_rule
from schedsvc.domain.recurrence.rule import ByDay, Freq, Rule
from tests.domain.recurrence.moments import moment

TIMED = moment("2026-01-05T09:00")
DATED = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "RRULE"),
        ("COUNT=3", "FREQ"),
        ("FREQ=", "FREQ"),
        ("FREQ=FORTNIGHTLY", "FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=+1", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=2147483648", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=1_0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=" + "9" * 5000, "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=", "COUNT"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260301T000000Z", "UNTIL"),
        ("FREQ=DAILY;COUNT=2;COUNT=2", "COUNT"),
        ("FREQ=DAILY;UNTIL=20260230T000000Z", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260228T240000Z", "UNTIL"),
        ("FREQ=DAILY;UNTIL=2026-02-28", "UNTIL"),
        ("FREQ=DAILY;UNTIL=00000101T000000Z", "UNTIL"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=0", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=-1", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=5L", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=1,,2", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=1,", "BYMONTH"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE"),
        ("FREQ=DAILY;BYSECOND=61", "BYSECOND"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY"),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY"),
        ("FREQ=YEARLY;BYYEARDAY=0", "BYYEARDAY"),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO"),
        ("FREQ=YEARLY;BYWEEKNO=0", "BYWEEKNO"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=XX", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=1", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=DAILY;BYDAY=-1MO", "BYDAY"),
        ("FREQ=YEARLY;BYDAY=1MO;BYWEEKNO=2", "BYDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=WEEKLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=HOURLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=DAILY;WKST=1", "WKST"),
        ("FREQ=DAILY;WKST=", "WKST"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER"),
        ("FREQ=DAILY;X-OWN=1", "X-OWN"),
        ("FREQ=DAILY;;COUNT=2", "RRULE"),
        ("FREQ=DAILY;COUNT=2;;", "RRULE"),
        ("FREQ=DAILY; COUNT=2", " COUNT"),
        ("FREQ=DAı\u0131LY", "RRULE"),
        ("FREQ=DAILY;COUNT=\u0663", "RRULE"),
        ("FREQ=DAILY;BYMONTH=" + "1," * LONGEST + "1", "RRULE"),
        ("RRULE", "RRULE"),
        ("RDATE:20260101", "RDATE:20260101"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_part_that_is_wrong(text: str, part: str) -> None:
    with pytest.raises(InvalidRecurrence) as refused:
        parse_rule(text, dtstart=TIMED, lenient=True)
    assert refused.value.part == part


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("FREQ=DAILY;RSCALE=GREGORIAN", "RSCALE"),
        ("RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5L", "RSCALE"),
        ("FREQ=MONTHLY;SKIP=OMIT", "SKIP"),
        ("EXRULE:FREQ=DAILY", "EXRULE"),
        ("exrule:FREQ=DAILY", "EXRULE"),
    ],
)
def test_what_means_something_else_elsewhere_is_refused_by_name(text: str, part: str) -> None:
    with pytest.raises(UnsupportedRecurrence) as refused:
        parse_rule(text, dtstart=DATED)
    assert refused.value.part == part


def test_errors_are_value_errors_that_name_the_part() -> None:
    with pytest.raises(ValueError, match="BYMONTH: 13 is not from 1 to 12"):
        parse_rule("FREQ=DAILY;BYMONTH=13", dtstart=DATED)
    assert issubclass(InvalidRecurrence, RecurrenceError)
    with pytest.raises(ValueError, match="BYDAY: 54 is not from 1 to 53 or from -53 to -1"):
        Rule(Freq.MONTHLY, by_day=(ByDay(0, 54),))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=daily;interval=01;wkst=mo", "FREQ=DAILY"),
        ("FREQ=WEEKLY;INTERVAL=1;COUNT=2;BYDAY=MO;", "FREQ=WEEKLY;COUNT=2;BYDAY=MO"),
        ("BYDAY=FR,MO,FR;FREQ=WEEKLY;WKST=SU", "FREQ=WEEKLY;BYDAY=MO,FR;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=-1FR,+1MO,TU,2MO,-2SU", "FREQ=MONTHLY;BYDAY=TU,1MO,2MO,-2SU,-1FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,15,1,-2", "FREQ=MONTHLY;BYMONTHDAY=1,15,-2,-1"),
        ("FREQ=YEARLY;BYWEEKNO=-1,2;BYSETPOS=-1,1;BYMONTH=02,1", "FREQ=YEARLY;BYWEEKNO=2,-1;BYMONTH=1,2;BYSETPOS=1,-1"),
        ("FREQ=YEARLY;BYYEARDAY=-1,200,+7", "FREQ=YEARLY;BYYEARDAY=7,200,-1"),
        (
            "FREQ=DAILY;UNTIL=20260301T090060Z;BYHOUR=9,8;BYMINUTE=30;BYSECOND=60,0",
            "FREQ=DAILY;UNTIL=20260301T090059Z;BYSECOND=0,60;BYMINUTE=30;BYHOUR=8,9",
        ),
        ("FREQ=HOURLY;INTERVAL=3", "FREQ=HOURLY;INTERVAL=3"),
    ],
)
def test_the_text_of_a_rule_is_canonical(text: str, canonical: str) -> None:
    rule = parse_rule(text, dtstart=TIMED)
    assert str(rule) == canonical
    assert parse_rule(canonical, dtstart=TIMED) == rule


def test_rules_that_say_the_same_are_equal_whatever_their_order() -> None:
    assert Rule(Freq.WEEKLY, by_day=(ByDay(4), ByDay(0), ByDay(4))) == Rule(Freq.WEEKLY, by_day=(ByDay(0), ByDay(4)))
    assert hash(Rule(Freq.DAILY, by_hour=(9, 8))) == hash(Rule(Freq.DAILY, by_hour=(8, 9)))


def test_until_is_a_date_for_dates_and_in_utc_for_times() -> None:
    assert parse_rule("FREQ=DAILY;UNTIL=20260301", dtstart=DATED).until == date(2026, 3, 1)
    until = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert parse_rule("FREQ=DAILY;UNTIL=20260301T080000Z", dtstart=TIMED).until == until


@pytest.mark.parametrize(
    ("text", "dtstart"),
    [
        ("FREQ=DAILY;UNTIL=20260301", TIMED),
        ("FREQ=DAILY;UNTIL=20260301T080000", TIMED),
        ("FREQ=DAILY;UNTIL=20260301T080000", DATED),
        ("FREQ=DAILY;UNTIL=20260301T080000Z", DATED),
    ],
)
def test_other_forms_of_until_are_for_lenient_readers(text: str, dtstart: date) -> None:
    with pytest.raises(InvalidRecurrence, match="UNTIL"):
        parse_rule(text, dtstart=dtstart)
    assert str(parse_rule(text, dtstart=dtstart, lenient=True)) == text


def test_until_of_a_rule_is_in_utc_or_local_and_has_no_fractions() -> None:
    for until in map(moment, ("2026-01-01T00:00:00.000001", "2026-01-01T00:00+01:00")):
        with pytest.raises(InvalidRecurrence, match="UNTIL"):
            Rule(Freq.DAILY, until=until)


@pytest.mark.parametrize("freq", ["HOURLY", "MINUTELY", "SECONDLY"])
def test_a_date_has_no_hours_to_step_by(freq: str) -> None:
    with pytest.raises(InvalidRecurrence, match="FREQ"):
        parse_rule(f"FREQ={freq}", dtstart=DATED, lenient=True)


def test_a_rule_that_names_every_number_can_be_read() -> None:
    signed = ",".join(str(sign * number) for sign in (1, -1) for number in range(1, 367))
    days = ",".join(f"{sign}{n}{day}" for sign in "+-" for n in range(1, 54) for day in ("MO", "TU", "WE", "TH", "FR"))
    text = f"FREQ=YEARLY;BYYEARDAY={signed};BYSETPOS={signed};BYDAY={days}"
    assert str(parse_rule(text, dtstart=TIMED)).count(",") == text.count(",")
