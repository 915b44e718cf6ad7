"""Which instances a series has, when, and what each of them is like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedsvc.domain.events import (
    Attendee,
    AttendeeType,
    Event,
    EventStatus,
    EventType,
    Level,
    Override,
    ResponseStatus,
    ShowAs,
)
from schedsvc.domain.particulars import Conference
from schedsvc.domain.recurrence.budget import Budget
from schedsvc.domain.recurrence.errors import WorkBudgetExceeded
from schedsvc.domain.series import (
    cancelled_instances,
    derived,
    instance,
    instance_at,
    instances,
    items,
    last,
    original_id,
)
from schedsvc.domain.time import utc
from tests.domain.series.made import (
    ALWAYS,
    NEW_YORK,
    at,
    event,
    found,
    instant,
    moved,
    on,
    starts,
    weekly,
    window,
    written,
)

WEEK_2 = window("2026-03-09", "2026-03-16")
WEEK_5 = window("2026-03-30", "2026-04-06")
MOVED = weekly(overrides=(moved(at("2026-03-09T09:00"), at("2026-04-01T15:00"), at("2026-04-01T16:00")),))


def clock(moment: int) -> str:
    return f"{utc(moment):%m-%dT%H:%MZ}"


def test_times_in_the_gap_move_forward_and_are_counted() -> None:
    series = event(at("2026-03-07T02:30"), at("2026-03-07T03:00"), "RRULE:FREQ=DAILY;COUNT=3")
    assert [clock(e.extent[0]) for e in found(series)] == ["03-07T07:30Z", "03-08T07:30Z", "03-09T06:30Z"]
    assert starts(series) == ["2026-03-07T02:30", "2026-03-08T03:30", "2026-03-09T02:30"]


def test_impossible_dates_are_skipped_and_not_counted() -> None:
    series = event(on("2026-01-31"), on("2026-02-01"), "RRULE:FREQ=MONTHLY;COUNT=3")
    assert starts(series) == ["2026-01-31", "2026-03-31", "2026-05-31"]


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    series = event(at("2026-10-31T01:30"), at("2026-10-31T01:45"), "RRULE:FREQ=DAILY;COUNT=2")
    assert [clock(e.extent[0]) for e in found(series)] == ["10-31T05:30Z", "11-01T05:30Z"]


def test_an_hourly_series_has_each_instant_of_a_gap_once() -> None:
    series = event(at("2026-03-08T00:30"), at("2026-03-08T00:40"), "RRULE:FREQ=HOURLY;COUNT=5")
    assert [clock(e.extent[0]) for e in found(series)] == [
        "03-08T05:30Z",
        "03-08T06:30Z",
        "03-08T07:30Z",
        "03-08T08:30Z",
    ]


def test_a_start_in_the_second_pass_of_an_hour_is_told_in_utc() -> None:
    series = event(at("2026-10-31T01:30"), at("2026-10-31T01:45"), "RDATE:20261101T063000Z")
    assert [written(e.start) for e in found(series)] == ["2026-10-31T01:30", "2026-11-01T06:30"]
    assert found(series)[1].start == at("2026-11-01T06:30", "UTC")
    assert found(series)[1].end == at("2026-11-01T06:45", "UTC")


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("America/Los_Angeles", "2026-07-01", ("07-01T07:00Z", "07-02T07:00Z")),
        ("Pacific/Kiritimati", "2026-07-01", ("06-30T10:00Z", "07-01T10:00Z")),
        (NEW_YORK, "2026-03-08", ("03-08T05:00Z", "03-09T04:00Z")),
        (NEW_YORK, "2026-11-01", ("11-01T04:00Z", "11-02T05:00Z")),
        ("Africa/Cairo", "2026-04-24", ("04-23T22:00Z", "04-24T21:00Z")),
    ],
)
def test_a_day_of_an_all_day_series_is_as_long_as_in_the_zone_of_its_calendar(
    zone: str, day: str, expected: tuple[str, str]
) -> None:
    series = event(on("2026-01-01"), on("2026-01-02"), "RRULE:FREQ=DAILY", zone=zone)
    found_day = instance_at(series, on(day), Budget())
    assert found_day is not None
    assert (found_day.start, tuple(map(clock, found_day.extent))) == (on(day), expected)


def test_a_timed_instance_keeps_its_exact_length_and_an_all_day_one_its_days() -> None:
    timed = event(at("2026-03-06T20:00"), at("2026-03-07T20:00"), "RRULE:FREQ=DAILY;COUNT=2")
    assert [written(e.end) for e in found(timed)] == ["2026-03-07T20:00", "2026-03-08T21:00"]
    dated = event(on("2026-03-06"), on("2026-03-09"), "RRULE:FREQ=DAILY;COUNT=2")
    assert [written(e.end) for e in found(dated)] == ["2026-03-09", "2026-03-10"]


def test_an_end_is_told_in_the_zone_of_the_series_end() -> None:
    series = event(at("2026-03-02T09:00"), at("2026-03-02T22:00", "Europe/Berlin"), "RRULE:FREQ=WEEKLY;COUNT=2")
    # New York has changed its clocks on the 9th and Berlin has not: seven hours remain seven hours.
    assert [e.end for e in found(series)] == [
        at("2026-03-02T22:00", "Europe/Berlin"),
        at("2026-03-09T21:00", "Europe/Berlin"),
    ]


def test_an_rdate_that_is_a_period_has_its_own_length() -> None:
    line = "RDATE;VALUE=PERIOD;TZID=America/New_York:20260303T120000/P10D"
    series = weekly("RRULE:FREQ=WEEKLY;COUNT=3", line)
    assert [written(e.end) for e in found(series)] == [
        "2026-03-02T09:30",
        "2026-03-13T12:00",
        "2026-03-09T09:30",
        "2026-03-16T09:30",
    ]
    late = window("2026-03-12", "2026-03-13")
    assert starts(series, late) == ["2026-03-03T12:00"]
    assert [item.start for item in items(series, late, Budget())] == [instant("2026-03-03T17:00")]


def test_an_instance_is_named_by_its_original_start_and_has_the_place_of_its_series() -> None:
    series = weekly("RRULE:FREQ=WEEKLY;COUNT=2")
    second = found(series)[1]
    assert str(second.name) == "accounts/ada/calendars/ada/events/standup~20260309T130000Z"
    assert (second.etag, second.recurrence, second.overrides, second.cancelled) == (series.etag, (), (), ())
    assert second.occurrence is not None
    assert second.occurrence.original == at("2026-03-09T09:00")
    all_day = event(on("2026-03-02"), on("2026-03-03"), "RRULE:FREQ=DAILY;COUNT=1")
    assert found(all_day)[0].name.original == "20260302"


def test_original_ids_are_dates_or_instants() -> None:
    assert original_id(on("2026-03-02")) == "20260302"
    assert original_id(at("2026-03-02T09:00")) == "20260302T140000Z"


def test_a_moved_instance_leaves_its_week() -> None:
    assert starts(MOVED, WEEK_2) == []
    assert list(items(MOVED, WEEK_2, Budget())) == []


def test_a_moved_instance_is_where_it_takes_place_now() -> None:
    assert starts(MOVED, WEEK_5) == ["2026-03-30T09:00", "2026-04-01T15:00"]
    assert len(list(items(MOVED, WEEK_5, Budget()))) == 2
    around = window("2026-03-27", "2026-04-10")
    assert starts(MOVED, around) == ["2026-03-30T09:00", "2026-04-01T15:00", "2026-04-06T09:00"]
    assert starts(MOVED, window("2026-03-02", "2026-03-16")) == ["2026-03-02T09:00"]


def test_a_moved_instance_keeps_its_name() -> None:
    there = found(MOVED, WEEK_5)[1]
    assert there.name.original == "20260309T130000Z"
    assert instance(MOVED, "20260309T130000Z", Budget()) == there
    assert instance(MOVED, "20260401T190000Z", Budget()) is None


def test_two_instances_may_share_a_start_and_stand_in_the_order_of_their_names() -> None:
    both = weekly(overrides=(moved(at("2026-03-16T09:00"), at("2026-03-09T09:00"), at("2026-03-09T09:30")),))
    assert [e.name.original for e in found(both, WEEK_2)] == ["20260309T130000Z", "20260316T130000Z"]


def test_an_instance_may_be_a_whole_day_of_a_timed_series() -> None:
    series = weekly(overrides=(moved(at("2026-03-09T09:00"), on("2026-03-10"), on("2026-03-11")),))
    there = found(series, WEEK_2)[0]
    assert (there.start, there.end) == (on("2026-03-10"), on("2026-03-11"))
    assert tuple(map(clock, there.extent)) == ("03-10T04:00Z", "03-11T04:00Z")


def test_an_override_has_what_it_says_and_else_what_the_series_has() -> None:
    series = weekly(
        description="daily",
        conference=Conference("https://meet.example/1", "", "", ""),
        overrides=(
            Override(
                original=at("2026-03-09T09:00"), subject="Retro", sequence=4, conference=Conference("", "", "", "")
            ),
        ),
    )
    changed = found(series, WEEK_2)[0]
    assert (changed.subject, changed.description, changed.conference, changed.sequence) == ("Retro", "daily", None, 4)
    assert written(changed.start) == "2026-03-09T09:00"


def test_a_new_start_alone_keeps_the_length() -> None:
    series = weekly(overrides=(Override(original=at("2026-03-09T09:00"), start=at("2026-03-10T11:00")),))
    assert written(found(series, WEEK_2)[0].end) == "2026-03-10T11:30"


def test_a_new_end_alone_keeps_the_start() -> None:
    series = weekly(overrides=(Override(original=at("2026-03-09T09:00"), end=at("2026-03-09T11:00")),))
    assert [written(t) for t in (found(series, WEEK_2)[0].start, found(series, WEEK_2)[0].end)] == [
        "2026-03-09T09:00",
        "2026-03-09T11:00",
    ]


def test_an_instance_that_is_called_off_stays_and_takes_no_time() -> None:
    series = weekly(overrides=(Override(original=at("2026-03-09T09:00"), status=EventStatus.CANCELLED),))
    off = found(series, WEEK_2)[0]
    assert (off.status, off.level) == (EventStatus.CANCELLED, Level.NONE)
    assert list(items(series, WEEK_2, Budget())) == []


def test_a_cancelled_instance_is_gone_from_lists_and_can_still_be_asked_for() -> None:
    series = weekly(cancelled=(at("2026-03-09T09:00"),))
    assert starts(series, WEEK_2) == []
    assert list(items(series, WEEK_2, Budget())) == []
    off = instance(series, "20260309T130000Z", Budget())
    assert off is not None
    assert off.status is EventStatus.CANCELLED
    assert list(cancelled_instances(series, WEEK_2)) == [off]
    assert list(cancelled_instances(series, WEEK_5)) == []


def test_what_the_rule_does_not_give_or_an_exdate_takes_away_is_no_instance() -> None:
    series = weekly("RRULE:FREQ=WEEKLY", "EXDATE:20260309T130000Z")
    for original in ("20260309T130000Z", "20260310T130000Z", "20260309", "20260309T130000", "20261399", ""):
        assert instance(series, original, Budget()) is None
    assert instance_at(series, on("2026-03-16"), Budget()) is None


def test_an_instance_is_found_by_its_original_start_in_any_zone() -> None:
    series = weekly()
    assert (
        instance_at(series, at("2026-03-16T14:00", "Europe/Berlin"), Budget())
        == found(series, window("2026-03-16", "2026-03-17"))[0]
    )


def test_an_instance_without_length_is_in_the_window_that_it_starts_in() -> None:
    series = event(at("2026-03-02T09:00"), at("2026-03-02T09:00"), "RRULE:FREQ=WEEKLY")
    at_nine = instant("2026-03-09T13:00")
    assert len(found(series, (at_nine, at_nine + 1))) == 1
    assert found(series, (at_nine - 60, at_nine)) == []
    assert list(items(series, WEEK_2, Budget())) == []


@pytest.mark.parametrize(
    "values",
    [
        {"show_as": ShowAs.FREE},
        {"status": EventStatus.CANCELLED},
        {"event_type": EventType.WORKING_LOCATION},
        {
            "owner": "ada@example.com",
            "attendees": (Attendee("Ada@example.com", "", AttendeeType.REQUIRED, ResponseStatus.DECLINED),),
        },
    ],
)
def test_a_series_that_takes_no_time_has_no_items(values: dict[str, object]) -> None:
    assert list(items(weekly(**values), WEEK_2, Budget())) == []


def test_one_instance_of_a_free_series_may_take_time() -> None:
    series = weekly(show_as=ShowAs.FREE, overrides=(Override(original=at("2026-03-09T09:00"), show_as=ShowAs.BUSY),))
    assert [item.event for item in items(series, ALWAYS, Budget())] == ["standup~20260309T130000Z"]


def test_the_owner_may_decline_one_instance() -> None:
    accepted = Attendee("ada@example.com", "", AttendeeType.REQUIRED, ResponseStatus.ACCEPTED)
    declined = replace(accepted, response=ResponseStatus.DECLINED)
    series = weekly(
        owner="ada@example.com",
        attendees=(accepted,),
        overrides=(Override(original=at("2026-03-09T09:00"), attendees=(declined,)),),
    )
    there = {item.event for item in items(series, window("2026-03-02", "2026-03-20"), Budget())}
    assert there == {"standup~20260302T140000Z", "standup~20260316T130000Z"}


class TestOverridesForAllLaterInstances:
    SERIES = event(
        at("2024-09-01T12:00", "UTC"),
        at("2024-09-01T14:00", "UTC"),
        "RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20250920T235959Z",
        "RDATE:20240914T090000Z",
        overrides=(
            moved(
                at("2024-09-13T12:00", "UTC"),
                at("2024-09-13T09:00", "UTC"),
                at("2024-09-13T16:00", "UTC"),
                following=True,
                subject="Modified",
            ),
            moved(at("2024-09-15T12:00", "UTC"), at("2024-09-15T17:00", "UTC"), at("2024-09-15T19:00", "UTC")),
            moved(
                at("2024-09-21T12:00", "UTC"),
                at("2024-09-22T14:22", "UTC"),
                at("2024-09-22T16:13", "UTC"),
                following=True,
                subject="Edited",
            ),
        ),
    )

    def test_later_instances_keep_their_distance_and_the_new_length(self) -> None:
        there = found(self.SERIES, window("2024-09-10", "2024-09-26"))
        assert [(written(e.start), written(e.end)[-5:], e.subject) for e in there] == [
            ("2024-09-11T12:00", "14:00", "Standup"),
            ("2024-09-13T09:00", "16:00", "Modified"),
            ("2024-09-14T06:00", "13:00", "Modified"),
            ("2024-09-15T17:00", "19:00", "Modified"),
            ("2024-09-17T09:00", "16:00", "Modified"),
            ("2024-09-19T09:00", "16:00", "Modified"),
            ("2024-09-22T14:22", "16:13", "Edited"),
            ("2024-09-24T14:22", "16:13", "Edited"),
        ]

    def test_only_the_instance_that_it_is_about_has_it_as_its_own(self) -> None:
        owners = [e.name.original for e in found(self.SERIES) if e.occurrence and e.occurrence.override]
        assert owners == ["20240913T120000Z", "20240915T120000Z", "20240921T120000Z"]

    def test_an_endless_series_is_not_read_to_its_end(self) -> None:
        endless = derived(replace(self.SERIES, recurrence=("RRULE:FREQ=HOURLY",)))
        first = next(instances(endless, ALWAYS, Budget()))
        assert written(first.start) == "2024-09-01T12:00"

    def test_local_time_is_kept_over_a_change_of_clocks(self) -> None:
        later = moved(at("2026-03-02T09:00"), at("2026-03-03T10:00"), at("2026-03-03T10:30"), following=True)
        assert starts(weekly("RRULE:FREQ=WEEKLY;COUNT=3", overrides=(later,))) == [
            "2026-03-03T10:00",
            "2026-03-10T10:00",
            "2026-03-17T10:00",
        ]

    def test_all_later_instances_may_become_days(self) -> None:
        later = moved(at("2026-03-09T09:00"), on("2026-03-10"), on("2026-03-12"), following=True)
        there = found(weekly("RRULE:FREQ=WEEKLY;COUNT=3", overrides=(later,)))
        assert [(written(e.start), written(e.end)) for e in there[1:]] == [
            ("2026-03-10", "2026-03-12"),
            ("2026-03-17", "2026-03-19"),
        ]


def test_a_window_far_away_is_not_refused_for_its_count() -> None:
    series = event(
        at("2020-01-06T09:00"), at("2020-01-06T09:30"), "RRULE:FREQ=HOURLY;INTERVAL=7;BYMONTHDAY=1,2,3;COUNT=40000"
    )
    budget = Budget()
    assert found(series, window("2120-01-01", "2120-01-04")) != []
    assert list(items(series, window("2120-01-01", "2120-01-04"), budget)) != []
    assert budget.spent < 100


def test_ten_to_the_ninth_instances_cost_what_the_window_costs() -> None:
    series = event(at("2020-01-06T09:00"), at("2020-01-06T09:30"), "RRULE:FREQ=HOURLY;COUNT=1000000000")
    budget = Budget()
    assert len(list(items(series, window("2150-01-01", "2150-01-02"), budget))) == 24
    assert budget.spent < 100


def test_a_window_with_too_many_instances_is_refused_in_the_middle() -> None:
    series = event(at("2020-01-06T09:00"), at("2020-01-06T09:30"), "RRULE:FREQ=HOURLY")
    reading = instances(series, ALWAYS, Budget(1000))
    assert next(reading).extent[0] == instant("2020-01-06T14:00")
    with pytest.raises(WorkBudgetExceeded):
        list(reading)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (weekly(), None),
        (weekly("RRULE:FREQ=WEEKLY;COUNT=3"), "2026-03-16T09:00"),
        (weekly("RRULE:FREQ=WEEKLY;COUNT=3", cancelled=(at("2026-03-16T09:00"),)), "2026-03-09T09:00"),
        (weekly("RRULE:FREQ=WEEKLY;COUNT=1", cancelled=(at("2026-03-02T09:00"),)), None),
        (weekly("RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20290101T140000Z"), "2029-01-01T09:00"),
    ],
)
def test_the_last_instance(series: Event, expected: str | None) -> None:
    there = last(series, Budget())
    assert (written(there.start) if there else None) == expected
