"""Imports of iCalendar files, matched by UID and RECURRENCE-ID with what is there: a second import changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from schedsvc.domain.feeds import calendar_feed
from schedsvc.domain.interchange import Component
from schedsvc.domain.names import AccountName, CalendarName
from schedsvc.domain.principals import Principal
from schedsvc.domain.roles import Role
from schedsvc.repositories.base import Once, Store, Write
from schedsvc.usecases.access import require_role
from schedsvc.usecases.accounts import existing_account
from schedsvc.usecases.calendars import existing_calendar
from schedsvc.usecases.merging import Group, Imported, Merging, Outcome, groups_of, uids_of
from schedsvc.usecases.requests import WriteOptions
from schedsvc.usecases.standing_alone import prefixes_of

BATCH = 500


class Imports:
    """`new_id` makes the ids of new events."""

    def __init__(self, store: Store, new_id: Callable[[], str]) -> None:
        self._store = store
        self._new_id = new_id

    async def zone(self, principal: Principal, options: WriteOptions, parent: CalendarName) -> str:
        """The zone that the file's floating times are read in; raises RoleMissing, ResourceNotFound.

        UTC if the calendar is gone but the import may have been carried out before: `run` tells.
        """
        async with self._store.read(principal.tenant) as tx:
            await require_role(tx, principal, parent, Role.WRITER)
            calendar = await tx.calendars.get(parent)
            if calendar is None and options.once is not None:
                return "UTC"
            return (calendar or await existing_calendar(tx, parent)).time_zone

    async def run(
        self, principal: Principal, options: WriteOptions, parent: CalendarName, components: Sequence[Component]
    ) -> list[Imported]:
        """Writes batches of about 500 components, each in one transaction, and the request id with the last one.

        What has one UID is never in two batches, unless it is many exceptions without their series, by start. An import
        that breaks off in between is mended by sending it again.
        """
        if options.once is not None:
            await self._require_new(principal.tenant, parent, options.once)
        batches = list(_batches(components)) or [[]]
        done: list[Imported] = []
        for batch in batches[:-1]:
            done += await self._write(principal, replace(options, once=None), parent, batch, [])
        return await self._write(principal, options, parent, batches[-1], done)

    async def _require_new(self, tenant: str, parent: CalendarName, once: Once) -> None:
        """Raises AlreadyAnswered before the first of several batches is written again."""

        async def nothing(tx: Write) -> None:
            return None

        asked = replace(once, encode=lambda _: b"")
        await self._store.write(tenant, [calendar_feed(parent)], nothing, once=asked, dry_run=True)

    async def _write(
        self,
        principal: Principal,
        options: WriteOptions,
        parent: CalendarName,
        batch: Sequence[Group],
        done: Sequence[Imported],
    ) -> list[Imported]:
        async def work(tx: Write) -> list[Imported]:
            await require_role(tx, principal, parent, Role.WRITER)
            calendar = await existing_calendar(tx, parent)
            owner = await existing_account(tx, AccountName(parent.account))
            known = await tx.events.by_uids(parent, {uid for group in batch for uid in uids_of(group)})
            alone = await tx.events.by_uid_prefixes(parent, {text for group in batch for text in prefixes_of(group)})
            merging = Merging(tx, calendar, owner, known, alone, self._new_id)
            made: list[Imported] = []
            for group in batch:
                made += await merging.take(group)
                await asyncio.sleep(0)
            return sorted([*done, *made], key=lambda imported: imported.component.line)

        return await self._store.write(
            principal.tenant, [calendar_feed(parent)], work, once=options.once, dry_run=options.validate_only
        )


def _batches(components: Iterable[Component]) -> Iterator[list[Group]]:
    batch: list[Group] = []
    weight = 0
    for group in groups_of(components, BATCH):
        batch.append(group)
        weight += sum(len(component.periods or (component,)) for component in group)
        if weight >= BATCH:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def counts(results: Sequence[Imported]) -> Mapping[Outcome, int]:
    """How many components had each outcome."""
    return {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
