"""Other projects' cases with their expected answers; `shared/data/README.md` says where they come from."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

import pytest

from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.civil import local_of
from schedsvc.domain.recurrence.errors import UnsupportedRecurrence
from schedsvc.domain.recurrence.expand import expand
from schedsvc.domain.recurrence.lines import parse_lines
from schedsvc.domain.recurrence.parse import parse_rule
from schedsvc.domain.recurrence.sets import RecurrenceSet
from schedsvc.domain.recurrence.starts import starts_of
from schedsvc.domain.time import EARLIEST, LATEST, Zoned, local_at
from tests.domain.recurrence.data import Case, cases, local

# libical itself gives no answer to this core case; what the RFC's table makes of it is tested below.
WITHOUT_ANSWER = "libical-core-405"


def is_core(case: Case) -> bool:
    return bool(case["group"] == "core" and case["id"] != WITHOUT_ANSWER)


def is_timed(case: Case) -> bool:
    return is_core(case) and case["value_type"] == "DATE-TIME"


def is_foreign(case: Case) -> bool:
    return bool(case["group"] != "core")


def starts(case: Case, lo: date) -> list[date]:
    dtstart = local(case["dtstart"])
    rule = parse_rule(case["rule"], dtstart=dtstart, lenient=True)
    return list(expand(rule, dtstart, lo, lo.replace(year=2400), Budget()))


@pytest.mark.parametrize("case", cases("rrule_cases.jsonl", is_core))
def test_core_cases_of_libical(case: Case) -> None:
    expected = [local(text) for text in case["expected"]]
    assert starts(case, local(case.get("from") or case["dtstart"])) == expected
    assert starts(case, local(case["dtstart"])) == [
        local(text) for text in case.get("expected_all") or case["expected"]
    ]


def test_30_december_in_week_1_is_where_month_day_and_week_meet() -> None:
    """The one core case without an expected answer: every part of a yearly rule has to hold."""
    dtstart = date(2024, 12, 30)
    rule = parse_rule("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=30;BYWEEKNO=1;UNTIL=20320101", dtstart=dtstart)
    found = list(expand(rule, dtstart, dtstart, date(2040, 1, 1), Budget()))
    assert found == [day for day in (date(year, 12, 30) for year in range(2024, 2032)) if day.isocalendar().week == 1]
    assert [day.year for day in found] == [2024, 2025, 2030, 2031]


@pytest.mark.parametrize("case", cases("rrule_cases.jsonl", is_foreign))
def test_other_calendars_and_skip_are_refused_by_name(case: Case) -> None:
    with pytest.raises(UnsupportedRecurrence) as refused:
        parse_rule(case["rule"], dtstart=local(case["dtstart"]), lenient=True)
    assert refused.value.part in {"RSCALE", "SKIP"}


@pytest.mark.parametrize("case", cases("rrule_cases_tz.jsonl"))
def test_zoned_cases_of_rust_rrule(case: Case) -> None:
    dtstart, zone = local(case["dtstart"]), case["tz"]
    assert isinstance(dtstart, datetime)
    lines = [f"RRULE:{case['rule']}", *(f"EXDATE;TZID={zone}:{text}" for text in case.get("exdate") or ())]
    ready = starts_of(parse_lines(lines, Zoned(dtstart, zone)), zone)
    found = ready.between(EARLIEST, LATEST, Budget())
    most = None if case["complete"] else len(case["expected"])
    assert [local_at(instant, zone).isoformat() for instant, _ in islice(found, most)] == case["expected"]


@pytest.mark.parametrize("case", cases("rrule_counts.jsonl"))
def test_counts_of_libical(case: Case) -> None:
    zone, dtstart = case["tz"] or "UTC", local(case["dtstart"])
    assert isinstance(dtstart, datetime)
    exrules = [f"EXRULE:{rule}" for rule in case.get("exrule", ())]
    lines = [f"RRULE:{case['rule']}", *exrules, *(f"EXDATE:{text}" for text in case["exdate"])]
    if exrules:
        with pytest.raises(UnsupportedRecurrence, match="EXRULE"):
            parse_lines(lines, Zoned(dtstart, zone))
        return
    # Three of them end by local time beside a TZID, which only a lenient reader takes.
    recurrence = parse_lines(lines, Zoned(dtstart, zone), lenient=True)
    assert len(list(starts_of(recurrence, zone).between(EARLIEST, LATEST, Budget()))) == case["expected_count"]


@pytest.mark.parametrize("case", cases("rrule_cases.jsonl", is_timed))
def test_a_core_case_in_utc_has_the_same_starts_as_instants(case: Case) -> None:
    dtstart = local(case["dtstart"])
    assert isinstance(dtstart, datetime)
    rule = parse_rule(case["rule"], dtstart=dtstart, lenient=True)
    found = starts_of(RecurrenceSet(Zoned(dtstart, "UTC"), rule), "UTC").between(EARLIEST, LATEST, Budget())
    expected = [local(text) for text in case.get("expected_all") or case["expected"]]
    assert [local_of(instant) for instant, _ in found] == expected
