"""Series and their exceptions in files: who wins, what stays, and what becomes of exceptions without their series."""

from __future__ import annotations

from schedsvc.v1.accounts_pb2 import Account, UpdateAccountRequest
from schedsvc.v1.changes_pb2 import StartSyncRequest
from schedsvc.v1.events_pb2 import (
    Attendee,
    DeleteEventRequest,
    Event,
    GetEventRequest,
    ListInstancesRequest,
    RespondToEventRequest,
)
from schedsvc.v1.interchange_pb2 import ImportCalendarResponse, ImportResult
from tests.rpc.calendar_files import dump, everything, load
from tests.rpc.callers import Caller
from tests.rpc.conftest import on_both_stores
from tests.rpc.consumers import walk
from tests.rpc.requests import World

CREATED, UPDATED, UNCHANGED, REFUSED = (
    ImportResult.OUTCOME_CREATED,
    ImportResult.OUTCOME_UPDATED,
    ImportResult.OUTCOME_UNCHANGED,
    ImportResult.OUTCOME_REFUSED,
)
WEEKLY = ("RRULE:FREQ=WEEKLY;COUNT=5", "SUMMARY:Weekly")


def part(*lines: str, sequence: int = 0, start: str = "20300109T090000Z", uid: str = "s") -> str:
    fixed = (f"UID:{uid}", "DTSTAMP:20300101T000000Z", f"SEQUENCE:{sequence}", f"DTSTART:{start}", "DURATION:PT1H")
    return "\r\n".join(("BEGIN:VEVENT", *fixed, *lines, "END:VEVENT"))


def exception(original: str, *lines: str, sequence: int = 0, start: str = "", reach: str = "") -> str:
    rid = f"RECURRENCE-ID{f';RANGE={reach}' if reach else ''}:{original}"
    return part(rid, *lines, sequence=sequence, start=start or original)


def file(*parts: str) -> bytes:
    return "\r\n".join(
        ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", *parts, "END:VCALENDAR", "")
    ).encode()


def outcomes(answer: ImportCalendarResponse) -> list[int]:
    return [result.outcome for result in sorted(answer.results, key=lambda result: result.line)]


async def instances(caller: Caller, series: Event) -> list[tuple[str, str]]:
    """Start and subject of each, those that are called off too."""
    page = await caller.calendar.ListInstances(ListInstancesRequest(name=series.name, show_cancelled=True))
    return [
        (event.start.resolved.ToJsonString()[5:16], event.subject if event.status != Event.STATUS_CANCELLED else "off")
        for event in page.instances
    ]


async def series_of(caller: Caller, world: World) -> Event:
    (found,) = [event for event in await everything(caller, world.spare_calendar) if event.uid == "s"]
    return found


@on_both_stores
async def test_a_series_comes_with_its_exceptions(alpha: Caller, world: World) -> None:
    data = file(
        exception("20300123T090000Z", "SUMMARY:Moved", start="20300124T150000Z"),
        part(*WEEKLY),
        exception("20300130T090000Z", "STATUS:CANCELLED"),
    )
    answer = await load(alpha, world.spare_calendar, data)
    assert outcomes(answer) == [CREATED] * 3
    series = await series_of(alpha, world)
    by_line = sorted(answer.results, key=lambda result: result.line)
    assert [result.event for result in by_line] == [
        f"{series.name}~20300123T090000Z",
        series.name,
        f"{series.name}~20300130T090000Z",
    ]
    assert await instances(alpha, series) == [
        ("01-09T09:00", "Weekly"),
        ("01-16T09:00", "Weekly"),
        ("01-24T15:00", "Moved"),
        ("01-30T09:00", "off"),
        ("02-06T09:00", "Weekly"),
    ]
    off = await alpha.calendar.GetEvent(GetEventRequest(name=f"{series.name}~20300130T090000Z"))
    assert off.status == Event.STATUS_CANCELLED
    request = StartSyncRequest(targets=[world.spare_calendar], skip_initial=True)
    token = (await alpha.sync.StartSync(request)).change_token
    assert outcomes(await load(alpha, world.spare_calendar, data)) == [UNCHANGED] * 3
    assert (await walk(alpha, token)).changes == []


async def test_versions_are_compared_component_by_component(alpha: Caller, world: World) -> None:
    first = file(part(*WEEKLY, sequence=2), exception("20300116T090000Z", "SUMMARY:two", sequence=2))
    await load(alpha, world.spare_calendar, first)
    older = file(part("RRULE:FREQ=WEEKLY;COUNT=5", "SUMMARY:old", sequence=1))
    assert outcomes(await load(alpha, world.spare_calendar, older)) == [UNCHANGED]
    mixed = file(
        part(*WEEKLY, "LOCATION:here", sequence=2),
        exception("20300116T090000Z", "SUMMARY:one", sequence=1),
        exception("20300123T090000Z", "SUMMARY:new", sequence=0),
    )
    assert outcomes(await load(alpha, world.spare_calendar, mixed)) == [UPDATED, UNCHANGED, CREATED]
    series = await series_of(alpha, world)
    assert [subject for _, subject in await instances(alpha, series)] == ["Weekly", "two", "new", "Weekly", "Weekly"]
    stale = file(
        part("RRULE:FREQ=WEEKLY;COUNT=5", "SUMMARY:old", sequence=1),
        exception("20300123T090000Z", "SUMMARY:newer", sequence=1),
        exception("20300130T090000Z", "SUMMARY:unknown", sequence=1),
    )
    assert outcomes(await load(alpha, world.spare_calendar, stale)) == [UNCHANGED, UPDATED, UNCHANGED]
    assert [subject for _, subject in await instances(alpha, series)] == ["Weekly", "two", "newer", "Weekly", "Weekly"]


async def test_a_file_with_a_master_brings_the_series_and_one_without_adds_to_it(alpha: Caller, world: World) -> None:
    master = part(*WEEKLY)
    await load(alpha, world.spare_calendar, file(master, exception("20300116T090000Z", "SUMMARY:one")))
    added = await load(alpha, world.spare_calendar, file(exception("20300123T090000Z", "SUMMARY:two")))
    assert outcomes(added) == [CREATED]
    series = await series_of(alpha, world)
    assert [subject for _, subject in await instances(alpha, series)] == ["Weekly", "one", "two", "Weekly", "Weekly"]
    whole = await load(alpha, world.spare_calendar, file(master, exception("20300116T090000Z", "SUMMARY:one")))
    assert outcomes(whole) == [UPDATED, UNCHANGED]
    assert [subject for _, subject in await instances(alpha, series)] == ["Weekly", "one", "Weekly", "Weekly", "Weekly"]


async def test_an_exception_can_be_called_off_and_taken_back(alpha: Caller, world: World) -> None:
    await load(alpha, world.spare_calendar, file(part(*WEEKLY)))
    series = await series_of(alpha, world)
    for lines, outcome, subject in (
        (("STATUS:CANCELLED",), CREATED, "off"),
        (("SUMMARY:again",), UPDATED, "again"),
        (("STATUS:CANCELLED",), UPDATED, "off"),
    ):
        answer = await load(alpha, world.spare_calendar, file(exception("20300116T090000Z", *lines)))
        assert outcomes(answer) == [outcome]
        assert (await instances(alpha, series))[1] == ("01-16T09:00", subject)


async def test_an_exception_may_reach_all_later_instances(alpha: Caller, world: World) -> None:
    data = file(
        part(*WEEKLY),
        exception("20300123T090000Z", "SUMMARY:Later", start="20300123T110000Z", reach="THISANDFUTURE"),
        exception("20300206T090000Z", "SUMMARY:Last", start="20300206T110000Z"),
    )
    await load(alpha, world.spare_calendar, data)
    series = await series_of(alpha, world)
    expected = [
        ("01-09T09:00", "Weekly"),
        ("01-16T09:00", "Weekly"),
        ("01-23T11:00", "Later"),
        ("01-30T11:00", "Later"),
        ("02-06T11:00", "Last"),
    ]
    assert await instances(alpha, series) == expected
    moved = file(exception("20300116T090000Z", "SUMMARY:Early", start="20300116T070000Z", reach="THISANDFUTURE"))
    assert outcomes(await load(alpha, world.spare_calendar, moved)) == [CREATED]
    assert await instances(alpha, series) == [expected[0], ("01-16T07:00", "Early"), *expected[2:]]


async def test_an_exception_for_a_start_that_the_rule_does_not_give_is_one_more_instance(
    alpha: Caller, world: World
) -> None:
    data = file(
        part(*WEEKLY, "EXDATE:20300130T090000Z"),
        exception("20300110T090000Z", "SUMMARY:More", start="20300111T090000Z"),
        exception("20300130T090000Z", "SUMMARY:Back"),
    )
    answer = await load(alpha, world.spare_calendar, data)
    said = "the series does not give the start that RECURRENCE-ID names: it was added"
    assert [said in result.messages for result in answer.results] == [False, True, True]
    series = await series_of(alpha, world)
    assert [subject for _, subject in await instances(alpha, series)] == [
        "Weekly",
        "More",
        "Weekly",
        "Weekly",
        "Back",
        "Weekly",
    ]
    assert "RDATE:20300110T090000Z,20300130T090000Z" in series.recurrence
    assert outcomes(await load(alpha, world.spare_calendar, data)) == [UNCHANGED] * 3


async def test_an_event_that_takes_place_once_becomes_a_series_by_its_exceptions(alpha: Caller, world: World) -> None:
    data = file(part("SUMMARY:Once"), exception("20300116T090000Z", "SUMMARY:Twice"))
    assert outcomes(await load(alpha, world.spare_calendar, data)) == [CREATED, CREATED]
    series = await series_of(alpha, world)
    assert [subject for _, subject in await instances(alpha, series)] == ["Once", "Twice"]


async def test_exceptions_without_their_series_are_events_of_their_own_until_it_comes(
    alpha: Caller, world: World
) -> None:
    alone = file(exception("20300116T090000Z", "SUMMARY:one"), exception("20300123T090000Z", "SUMMARY:two"))
    answer = await load(alpha, world.spare_calendar, alone)
    assert outcomes(answer) == [CREATED, CREATED]
    assert all("its series is not in the calendar" in result.messages[0] for result in answer.results)
    uids = {event.uid for event in await everything(alpha, world.spare_calendar)}
    assert uids == {"s/20300116T090000Z", "s/20300123T090000Z"}
    assert outcomes(await load(alpha, world.spare_calendar, alone)) == [UNCHANGED, UNCHANGED]
    whole = file(part(*WEEKLY), exception("20300116T090000Z", "SUMMARY:one"))
    await load(alpha, world.spare_calendar, whole)
    uids = {event.uid for event in await everything(alpha, world.spare_calendar)}
    assert uids == {"s"}
    series = await series_of(alpha, world)
    assert [subject for _, subject in await instances(alpha, series)] == ["Weekly", "one", "two", "Weekly", "Weekly"]


async def test_an_instance_that_was_deleted_here_stays_so_if_the_file_is_older(alpha: Caller, world: World) -> None:
    data = file(part(*WEEKLY), exception("20300116T090000Z", "SUMMARY:one"))
    await load(alpha, world.spare_calendar, data)
    series = await series_of(alpha, world)
    await alpha.calendar.DeleteEvent(DeleteEventRequest(name=f"{series.name}~20300123T090000Z"))
    assert outcomes(await load(alpha, world.spare_calendar, data)) == [UNCHANGED, UNCHANGED]
    assert (await instances(alpha, series))[2] == ("01-23T09:00", "off")


async def test_an_exception_of_another_kind_than_its_series_is_found_by_the_day(alpha: Caller, world: World) -> None:
    dates = "BEGIN:VEVENT\r\nUID:s\r\nDTSTART;VALUE=DATE:20300109\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT"
    answer = await load(alpha, world.spare_calendar, file(dates, exception("20300110T000000Z", "SUMMARY:Timed")))
    messages = [message for result in answer.results for message in result.messages]
    assert "RECURRENCE-ID has a time although the series has none: its date was taken" in messages
    assert answer.results[1].event.endswith("~20300110")
    timed = exception("20300116", "SUMMARY:Dated", start="20300116T100000Z").replace("-ID:", "-ID;VALUE=DATE:")
    second = file(part(*WEEKLY, uid="t"), timed.replace("UID:s", "UID:t"))
    answer = await load(alpha, world.spare_calendar, second)
    assert answer.results[1].event.endswith("~20300116T090000Z")


async def test_a_series_has_room_for_a_thousand_exceptions(alpha: Caller, world: World) -> None:
    """And a batch never cuts it: the exceptions of more are refused, the series is not."""
    starts = [f"203{y}{m:02}{d:02}T090000Z" for y in range(4) for m in range(1, 13) for d in range(1, 29)][:1001]
    many = [exception(start, "SUMMARY:x") for start in starts]
    rule = part("RRULE:FREQ=DAILY;COUNT=2000", start="20300101T090000Z")
    answer = await load(alpha, world.spare_calendar, file(rule, *many[:1000]))
    assert answer.created_count == 1001
    answer = await load(alpha, world.spare_calendar, file(rule.replace("UID:s", "UID:t"), *many[:1]))
    assert answer.refused_count == 0
    answer = await load(alpha, world.spare_calendar, file(many[1000]))
    assert outcomes(answer) == [REFUSED]
    assert answer.results[0].messages[0].startswith("the series has no room for it")


def free_busy(*lines: str) -> bytes:
    return file("\r\n".join(("BEGIN:VFREEBUSY", "UID:f", *lines, "END:VFREEBUSY")))


async def test_periods_of_a_free_busy_component_are_events_that_stay_the_same(alpha: Caller, world: World) -> None:
    first = free_busy("FREEBUSY:20300109T090000Z/PT1H,20300109T120000Z/PT1H")
    (result,) = (await load(alpha, world.spare_calendar, first)).results
    assert (result.outcome, result.uid) == (CREATED, "f")
    made = await everything(alpha, world.spare_calendar)
    assert [(event.subject, event.end.resolved.ToJsonString()) for event in made] == [
        ("Busy", "2030-01-09T10:00:00Z"),
        ("Busy", "2030-01-09T13:00:00Z"),
    ]
    assert result.event == made[0].name
    assert outcomes(await load(alpha, world.spare_calendar, first)) == [UNCHANGED]
    assert await everything(alpha, world.spare_calendar) == made
    perhaps = free_busy("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20300109T090000Z/PT1H")
    assert outcomes(await load(alpha, world.spare_calendar, perhaps)) == [UPDATED]
    assert [event.subject for event in await everything(alpha, world.spare_calendar)] == ["Tentative", "Busy"]
    assert outcomes(await load(alpha, world.spare_calendar, free_busy())) == [UNCHANGED]


async def test_a_batch_never_cuts_a_series(alpha: Caller, world: World) -> None:
    """Whatever stands between its parts: they are written in one revision."""
    others = [part("SUMMARY:x", uid=f"o{number}") for number in range(700)]
    data = file(exception("20300116T090000Z", "SUMMARY:one"), *others, part(*WEEKLY))
    answer = await load(alpha, world.spare_calendar, data)
    assert answer.created_count == 702
    by_line = sorted(answer.results, key=lambda result: result.line)
    assert [result.uid for result in by_line] == ["s", *(f"o{number}" for number in range(700)), "s"]
    series = await series_of(alpha, world)
    assert series.revision == 1
    assert (await instances(alpha, series))[1] == ("01-16T09:00", "one")


async def test_two_components_that_come_to_one_event_do_not_make_two(alpha: Caller, world: World) -> None:
    """An exception without a series has the UID that the other has outright."""
    data = file(exception("20300116T090000Z", "SUMMARY:one"), part("SUMMARY:two", uid="s/20300116T090000Z"))
    answer = await load(alpha, world.spare_calendar, data)
    assert outcomes(answer) == [CREATED, REFUSED]
    twice = free_busy("FREEBUSY:20300109T090000Z/PT1H").replace(b"END:VCALENDAR\r\n", b"") * 2
    assert outcomes(await load(alpha, world.spare_calendar, twice)) == [REFUSED, CREATED]


async def test_answers_keep_their_comments_and_the_owner_stays_the_organizer(alpha: Caller, world: World) -> None:
    account = Account(name=world.account, email="ada@example.org", display_name="Ada")
    await alpha.calendar.UpdateAccount(UpdateAccountRequest(account=account))
    people = ("ORGANIZER:mailto:Ada@example.org", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org")
    data = file(part(*WEEKLY, *people), exception("20300116T090000Z", "SUMMARY:one", *people))
    answer = await load(alpha, world.spare_calendar, data)
    assert [list(result.messages) for result in answer.results] == [[], []]
    series = await series_of(alpha, world)
    await alpha.calendar.RespondToEvent(
        RespondToEventRequest(
            name=series.name, response=Attendee.RESPONSE_ACCEPTED, comment="Gladly", attendee="bob@example.org"
        )
    )
    await load(alpha, world.spare_calendar, data.replace(b"NEEDS-ACTION", b"ACCEPTED"))
    kept = await series_of(alpha, world)
    assert [attendee.comment for attendee in kept.attendees] == ["Gladly"]
    again = await load(alpha, world.spare_calendar, await dump(alpha, world.spare_calendar))
    assert outcomes(again) == [UNCHANGED, UNCHANGED]
