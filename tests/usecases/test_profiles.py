"""Booking profiles: which calendars they may use and must keep, and their slugs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from schedsvc.domain.errors import CalendarInUse, ProfileInUse, RoleMissing, SlotUnavailable
from schedsvc.domain.names import CalendarName
from schedsvc.domain.principals import Principal, Scope
from schedsvc.domain.profiles import BookingProfile, ProfileDraft
from tests.usecases.conftest import ADA, ADMIN, INTRO, NOW, PRIMARY, SIDE, SPARE, Process
from tests.usecases.drafts import HOUR, account_draft, booking_draft, profile_draft

OTHER = CalendarName("ben", "ben")
HERSELF = Principal(ADMIN.tenant, "her-key", frozenset({Scope.WRITE}), "ada")


def _changed(**changes: Any) -> Callable[[BookingProfile], ProfileDraft]:
    names = [field.name for field in fields(ProfileDraft)]
    return lambda profile: replace(ProfileDraft(**{name: getattr(profile, name) for name in names}), **changes)


async def test_a_slot_is_not_sold_again_by_changing_the_calendar_of_its_profile(process: Process) -> None:
    await process.bookings.create(ADMIN, NOW, INTRO, "b", booking_draft(10 * HOUR))
    with pytest.raises(ProfileInUse, match="keep it among the conflict_calendars"):
        await process.profiles.update(ADMIN, NOW, INTRO, "", _changed(calendar=SPARE))
    await process.profiles.update(ADMIN, NOW, INTRO, "", _changed(calendar=SPARE, conflict_calendars=(PRIMARY,)))
    with pytest.raises(SlotUnavailable):
        await process.bookings.create(ADMIN, NOW, INTRO, "c", booking_draft(10 * HOUR))


async def test_a_calendar_with_bookings_to_come_is_not_deleted(process: Process) -> None:
    await process.profiles.update(ADMIN, NOW, INTRO, "", _changed(calendar=SIDE, conflict_calendars=()))
    await process.bookings.create(ADMIN, NOW, INTRO, "b", booking_draft(10 * HOUR))
    with pytest.raises(ProfileInUse):
        await process.profiles.update(ADMIN, NOW, INTRO, "", _changed(calendar=PRIMARY))
    with pytest.raises(CalendarInUse):
        await process.calendars.delete(ADMIN, NOW, SIDE)


async def test_an_account_may_keep_a_calendar_that_it_could_not_add(process: Process) -> None:
    await process.accounts.create(ADMIN, NOW, "ben", account_draft())
    with pytest.raises(RoleMissing):
        await process.profiles.update(HERSELF, NOW, INTRO, "", _changed(conflict_calendars=(OTHER,)))
    await process.profiles.update(ADMIN, NOW, INTRO, "", _changed(conflict_calendars=(OTHER,)))
    changed = await process.profiles.update(HERSELF, NOW, INTRO, "", _changed(display_name="Hello"))
    assert changed.profile.conflict_calendars == (OTHER,)


async def test_the_slug_of_a_profile_that_names_none_is_one_that_may_be_sent_back(process: Process) -> None:
    made = await process.profiles.create(ADMIN, NOW, ADA, "my_visit", profile_draft())
    assert made.profile.slug == "my-visit"
