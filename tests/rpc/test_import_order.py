"""Exceptions that come before their series, too many of them, and those that say less than their series."""

from __future__ import annotations

from itertools import permutations

import pytest

from schedsvc.v1.calendars_pb2 import ACCESS_ROLE_READER
from schedsvc.v1.events_pb2 import Event, GetEventRequest
from tests.rpc.calendar_files import dump, everything, load, new_calendar
from tests.rpc.callers import Caller
from tests.rpc.conftest import Deployment, on_both_stores
from tests.rpc.requests import World
from tests.rpc.test_exports import guest
from tests.rpc.test_import_series import WEEKLY, exception, file, instances, outcomes, part

MASTER = part(*WEEKLY)
MOVED = exception("20300116T090000Z", "SUMMARY:Moved", start="20300117T100000Z")
OFF = exception("20300123T090000Z", "STATUS:CANCELLED")
LATER = exception("20300130T090000Z", "SUMMARY:Later", reach="THISANDFUTURE")


@on_both_stores
async def test_exceptions_and_their_series_come_to_the_same_in_any_order(alpha: Caller, world: World) -> None:
    for order in permutations([MASTER, MOVED, OFF, LATER]):
        if order[0] == MASTER:
            continue
        calendar = await new_calendar(alpha, world.account, "UTC")
        for one in order:
            answer = await load(alpha, calendar, file(one))
            assert (answer.created_count, answer.refused_count) == (1, 0)
            if one == MASTER:
                assert "events of their own until now" in answer.results[0].messages[-1]
        (series,) = await everything(alpha, calendar)
        assert await instances(alpha, series) == [
            ("01-09T09:00", "Weekly"),
            ("01-17T10:00", "Moved"),
            ("01-23T09:00", "off"),
            ("01-30T09:00", "Later"),
            ("02-06T09:00", "Later"),
        ]


async def test_the_newer_one_of_an_exception_alone_and_one_beside_its_series_counts(
    alpha: Caller, world: World
) -> None:
    for sequence, subject in ((0, "Here"), (2, "Alone")):
        calendar = await new_calendar(alpha, world.account, "UTC")
        await load(alpha, calendar, file(exception("20300116T090000Z", "SUMMARY:Alone", sequence=sequence)))
        await load(alpha, calendar, file(MASTER, exception("20300116T090000Z", "SUMMARY:Here", sequence=1)))
        (series,) = await everything(alpha, calendar)
        assert (await instances(alpha, series))[1] == ("01-16T09:00", subject)


async def test_an_exception_alone_of_a_very_long_uid_becomes_one_of_its_series(alpha: Caller, world: World) -> None:
    uid = "x" * 255
    body = (MOVED.replace("UID:s\r\n", f"UID:{uid}\r\n"), MASTER.replace("UID:s\r\n", f"UID:{uid}\r\n"))
    for one in body:
        await load(alpha, world.spare_calendar, file(one))
    (series,) = await everything(alpha, world.spare_calendar)
    assert (await instances(alpha, series))[1] == ("01-17T10:00", "Moved")


async def test_an_event_of_another_uid_is_not_taken_for_an_exception(alpha: Caller, world: World) -> None:
    others = [part(uid=uid) for uid in ("s/x", "s/20300116", "s/20300116T090000Z/x", "s2/20300116T090000Z")]
    await load(alpha, world.spare_calendar, file(*others))
    await load(alpha, world.spare_calendar, file(MASTER))
    uids = {event.uid for event in await everything(alpha, world.spare_calendar)}
    assert {"s", "s/x", "s/20300116T090000Z/x", "s2/20300116T090000Z"} <= uids


def days(count: int) -> list[str]:
    return [f"203{n // 336}{n // 28 % 12 + 1:02}{n % 28 + 1:02}T090000Z" for n in range(count)]


async def test_of_too_many_exceptions_the_first_ones_are_kept_and_the_others_refused(
    alpha: Caller, world: World
) -> None:
    master = part("RRULE:FREQ=DAILY", start="20300101T090000Z")
    first = file(master, *(exception(day, "STATUS:CANCELLED") for day in days(998)))
    assert (await load(alpha, world.spare_calendar, first)).refused_count == 0
    more = file(*(exception(day, "STATUS:CANCELLED") for day in reversed(days(1003)[990:])))
    answer = await load(alpha, world.spare_calendar, more)
    assert (answer.created_count, answer.unchanged_count, answer.refused_count) == (2, 8, 3)
    refused = [result.recurrence_id for result in answer.results[:3]]
    assert sorted(refused) == days(1003)[1000:]
    assert all("no room" in result.messages[0] for result in answer.results[:3])
    again = file(master, *(exception(day, "STATUS:CANCELLED") for day in reversed(days(1003))))
    assert (await load(alpha, world.spare_calendar, again)).refused_count == 3
    (series,) = await everything(alpha, world.spare_calendar)
    assert len(series.cancelled_starts) == 1000


async def test_many_exceptions_without_their_series_are_written_in_several_transactions(
    alpha: Caller, world: World
) -> None:
    data = file(*(exception(day) for day in days(1100)))
    answer = await load(alpha, world.spare_calendar, data)
    assert (answer.created_count, answer.refused_count) == (1100, 0)
    assert (await load(alpha, world.spare_calendar, data)).unchanged_count == 1100


async def test_an_exception_without_class_is_as_private_as_its_series(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    calendar = await new_calendar(alpha, world.account, "UTC")
    open_one = exception("20300123T090000Z", "SUMMARY:Open", "CLASS:PUBLIC")
    await load(alpha, calendar, file(part(*WEEKLY, "CLASS:PRIVATE"), MOVED, open_one))
    (series,) = await everything(alpha, calendar)
    moved = await alpha.calendar.GetEvent(GetEventRequest(name=f"{series.name}~20300116T090000Z"))
    assert moved.visibility == Event.VISIBILITY_PRIVATE
    reader = await guest(deployment, calendar, ACCESS_ROLE_READER)
    data = await dump(reader, calendar)
    assert b"Moved" not in data
    assert b"SUMMARY:Open" in data


@pytest.mark.parametrize("sequence", [2**31 - 1, 2**31 - 1_000_000])
async def test_a_sequence_that_leaves_no_room_is_lowered(sequence: int, alpha: Caller, world: World) -> None:
    data = file(part(sequence=sequence))
    answer = await load(alpha, world.spare_calendar, data)
    assert "was lowered to 2146483647" in answer.results[0].messages[0]
    assert outcomes(await load(alpha, world.spare_calendar, data)) == [3]
