"""The demonstration, step by step. Each step calls the server, shows the call and checks the answer."""

from __future__ import annotations

import asyncio
import shlex
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import grpc
from google.protobuf.message import Message

from schedsvc.cli import report, upload
from schedsvc.cli.connection import Target, connected
from schedsvc.cli.demo import grpcurl, requests
from schedsvc.cli.demo.count import expected_starts
from schedsvc.cli.demo.grid import FREE, TAKEN, week_grid
from schedsvc.cli.demo.plan import FIRST_HOUR, LAST_HOUR, STEP_MINUTES, Plan, make_plan
from schedsvc.cli.demo.process import ServerProcess, server_process
from schedsvc.cli.demo.screen import Screen
from schedsvc.cli.demo.stream import Stream
from schedsvc.cli.failures import Failed, readable_rpc_failures
from schedsvc.cli.icalendar import CalendarFile, read
from schedsvc.client import Failure, Services, failure_of, messages


async def tell(data: bytes, name: str, *, keep: bool) -> None:
    """Works on the calendar in `data`. Raises Failed as soon as something is not as promised.

    SIGTERM cancels it, so that the server never outlives it.
    """
    this = asyncio.current_task()
    if this is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    calendar = read(data)
    plan, screen = make_plan(calendar), Screen()
    with tempfile.TemporaryDirectory(prefix="schedsvc-demo-") as folder:
        screen.step(f"A server on SQLite in a folder of its own, at {plan.clock:%A %Y-%m-%d %H:%M} ({plan.zone})")
        screen.command(f"schedsvc serve --listen 127.0.0.1:0 --clock {plan.clock.isoformat()}")
        async with server_process(Path(folder), plan.clock) as server:
            screen.say(server.ready)
            with readable_rpc_failures(server.address):
                await _with_server(server, Path(folder), calendar, plan, screen, name, keep)


async def _with_server(
    server: ServerProcess, folder: Path, calendar: CalendarFile, plan: Plan, screen: Screen, name: str, keep: bool
) -> None:
    target = Target(target=server.address)
    async with connected(target) as services, connected(target) as rival:
        story = Story(services, rival, server.address, plan, screen)
        await story.take_in(calendar, name, folder)
        profile = await story.offer()
        free = await story.list_free(profile)
        async with story.watched(profile) as stream:
            won = await story.race(profile, free)
            await story.gone(profile, free, won)
            await story.arrives(stream, won)
            if keep:
                await _kept(screen, server, folder)
            await story.ends(server, stream)
    screen.say("", "Everything was as promised.")


async def _kept(screen: Screen, server: ServerProcess, folder: Path) -> None:
    screen.say("", f"The server goes on at {server.address}, its files are in {folder}. Ctrl-C ends it.")
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    ended = asyncio.create_task(server.process.wait())
    await asyncio.wait({ended, asyncio.create_task(asked.wait())}, return_when=asyncio.FIRST_COMPLETED)


class Story:
    """The steps between the start of the server and its end."""

    def __init__(self, services: Services, rival: Services, address: str, plan: Plan, screen: Screen) -> None:
        self._services = services
        self._rival = rival
        self._address = address
        self._plan = plan
        self._screen = screen

    async def take_in(self, calendar: CalendarFile, name: str, folder: Path) -> None:
        """Imports the file, each place as a room."""
        plan, screen = self._plan, self._screen
        screen.step(f"Import of {name}: every LOCATION becomes a room with a calendar")
        to = f"accounts/{plan.rest}/calendars/primary"
        screen.command(f"schedsvc import --target {self._address} --rooms --to {to} {shlex.quote(name)}")
        loads = upload.by_rooms(calendar, to)
        for load in loads:
            (folder / f"{load.calendar.split('/')[1]}.ics").write_bytes(load.data)
        self._show_import(loads)
        if any(load.room is None for load in loads):
            await self._services.calendars.CreateAccount(requests.rest_account(plan))
        done = await upload.upload(self._services, loads, plan.zone, lambda sent: None)
        screen.say("", *report.outcomes(done))
        refusals = list(report.refused(done))
        if refusals:
            screen.say("", "Refused, by line of the file:", *refusals)
        screen.say("")
        taken, refused = report.taken_count(done), report.refused_count(done)
        text = f"{len(calendar.events)} events: {taken} are in, {refused} refused"
        screen.promise(taken > 0 and taken + refused >= len(calendar.events), text)

    def _show_import(self, loads: list[upload.Load]) -> None:
        """The calls for the room that is booked later stand for those of all."""
        shown = next(load for load in loads if load.calendar == requests.room_calendar(self._plan))
        account = upload.room_request(shown.room, self._plan.zone) if shown.room else requests.rest_account(self._plan)
        self._show("CalendarService/CreateAccount", account)
        self._screen.command(grpcurl.upload_line(self._address, shown.calendar, f"{self._plan.account}.ics"))
        if len(loads) > 1:
            self._screen.say(f"and so on, {len(loads)} calendars in all")

    async def offer(self) -> str:
        """Makes a booking profile over the busiest room."""
        request = requests.profile(self._plan)
        self._screen.step(f"A booking profile over the busiest of them: {self._plan.display_name}")
        self._show("BookingService/CreateBookingProfile", request)
        profile = await self._services.bookings.CreateBookingProfile(request)
        self._screen.promise(profile.calendar == requests.real_calendar(self._plan), f"{profile.name} is there")
        return profile.name

    async def list_free(self, profile: str) -> set[datetime]:
        """Lists the free slots of a week and counts them a second time by hand."""
        self._screen.step(f"Free slots in the week of {self._plan.monday}")
        self._show("BookingService/ListSlots", requests.slots(profile, self._plan))
        answer = await self._services.bookings.ListSlots(requests.slots(profile, self._plan))
        local = {datetime.fromisoformat(slot.local_start).replace(tzinfo=None) for slot in answer.slots}
        hours = range(FIRST_HOUR, LAST_HOUR)
        self._screen.say("", *week_grid(self._plan.days, local, hours, STEP_MINUTES))
        self._screen.say("", f"{FREE} a start that can be booked   {TAKEN} taken, or past", "")
        self._show("CalendarService/QueryFreeBusy", requests.busy(self._plan))
        taken = (await self._services.calendars.QueryFreeBusy(requests.busy(self._plan))).results[0].busy.periods
        free = {slot.start.ToDatetime(UTC) for slot in answer.slots}
        expected = expected_starts(self._plan, taken, answer.as_of.ToDatetime(UTC))
        text = f"the {len(free)} free starts are those that {len(taken)} taken periods leave"
        self._screen.promise(free == expected, text)
        if not free:
            raise Failed("no start is free in that week: nothing to book")
        return free

    def watched(self, profile: str) -> Stream:
        """Opens a stream of the profile's changes."""
        self._screen.step("A consumer follows the bookings of the profile")
        request = requests.sync(profile)
        self._show("SyncService/StartSync", request)
        self._show("SyncService/StreamChanges", requests.stream("<change_token of the answer>"))
        return Stream(self._services, request)

    async def race(self, profile: str, free: set[datetime]) -> messages.Booking:
        """Two callers book one slot at the same time, each over a connection of its own."""
        start = self._chosen(free)
        asked = [requests.booking(profile, start, caller) for caller in ("first", "second")]
        self._screen.step(f"Two callers go for one slot, {self._local(start)}, at the same time")
        for request in asked:
            self._show("BookingService/CreateBooking", request)
        answers = await asyncio.gather(
            self._services.bookings.CreateBooking(asked[0]),
            self._rival.bookings.CreateBooking(asked[1]),
            return_exceptions=True,
        )
        won = [answer for answer in answers if isinstance(answer, messages.Booking)]
        lost = [failure_of(answer) for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
        for booking in won:
            self._screen.say("", f"OK: {booking.booker.display_name} has {booking.local_start} to {booking.local_end}")
        for failure in lost:
            self._screen.say("", f"{failure.code.name} / {failure.reason}", *_reasons(failure))
        self._screen.say("")
        refused = [failure.reason for failure in lost] == ["SLOT_UNAVAILABLE"]
        self._screen.promise(len(won) == 1 and refused, "one caller has the slot, the other was told why not")
        return won[0]

    async def gone(self, profile: str, free: set[datetime], won: messages.Booking) -> None:
        """Lists again: the slot is missing, and nothing else."""
        self._screen.step("The slot is gone")
        self._show("BookingService/ListSlots", requests.slots(profile, self._plan))
        answer = await self._services.bookings.ListSlots(requests.slots(profile, self._plan))
        left = {slot.start.ToDatetime(UTC) for slot in answer.slots}
        start = won.start.ToDatetime(UTC)
        still = {other for other in free - {start} if other >= answer.as_of.ToDatetime(UTC)}
        text = f"{self._local(start)} is no longer listed, and the other {len(left)} starts are"
        self._screen.promise(left == still, text)

    async def arrives(self, stream: Stream, won: messages.Booking) -> None:
        """Waits for the booking on the stream."""
        self._screen.step("The booking arrives on the stream")
        batch = await stream.next_batch()
        change = batch.changes.changes[0]
        self._screen.say(f"feed      {batch.changes.feed}")
        self._screen.say(f"revision  {change.revision}, {messages.ChangeKind.Name(change.kind)}")
        self._screen.say(f"booking   {change.booking.name}")
        self._screen.say(f"          {change.booking.subject}, {change.booking.local_start}", "")
        same = len(batch.changes.changes) == 1 and change.booking == won
        self._screen.promise(same, "it is the booking that was made, and nothing else")

    async def ends(self, server: ServerProcess, stream: Stream) -> None:
        """Stops the server by its pid; the stream ends by itself."""
        self._screen.step("The server stops")
        self._screen.command("kill <pid of the server>")
        code = await server.stop()
        reason = await stream.end()
        self._screen.promise(reason == "DRAINING", "the stream was ended by the server, to be resumed elsewhere")
        self._screen.promise(code == 0, "the server finished its work and stopped")

    def _chosen(self, free: set[datetime]) -> datetime:
        """The first free start of the busiest day that lies right before something else, or else of the week."""
        zone = self._plan.clock.tzinfo
        of_day = [start for start in sorted(free) if start.astimezone(zone).date() == self._plan.busiest]
        return next((start for start in of_day if start + requests.DURATION not in free), min(free))

    def _local(self, start: datetime) -> str:
        return f"{start.astimezone(self._plan.clock.tzinfo):%A %Y-%m-%d %H:%M}"

    def _show(self, method: str, request: Message) -> None:
        self._screen.command(grpcurl.line(self._address, method, request))


def _reasons(failure: Failure) -> list[str]:
    return [f"  {reason.reason}: {reason.description}" for reason in failure.violations]
