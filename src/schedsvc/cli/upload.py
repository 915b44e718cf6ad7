"""Sending a calendar file to a server, whole or split by rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import grpc

from schedsvc.cli.failures import Failed, Misused
from schedsvc.cli.icalendar import CalendarFile, Part
from schedsvc.cli.rooms import Room, split
from schedsvc.client import Services, messages

CHUNK_BYTES = 256 * 1024
_TIMEOUT_SECONDS = 300
_NAME_LENGTH = 256

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Load:
    """What goes into one calendar. `part` of None: the file as it is, so that its lines are those of the file."""

    calendar: str
    data: bytes
    room: Room | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load and what became of it."""

    load: Load
    answer: messages.ImportCalendarResponse

    def line(self, result: messages.ImportResult) -> int:
        """The line of the original file on which the component begins."""
        return self.load.part.original(result.line) if self.load.part else result.line


def whole(data: bytes, to: str) -> list[Load]:
    """The whole file into one calendar."""
    return [Load(to, data)]


def by_rooms(calendar: CalendarFile, to: str | None) -> list[Load]:
    """A calendar for each room, and `to` for what names none; raises Misused if that is needed and missing."""
    parts = split(calendar)
    loads = [Load(primary(room), room.part.encoded(), room, room.part) for room in parts.rooms]
    if parts.rest is not None:
        if to is None:
            raise Misused("some components have no LOCATION: say with --to which calendar gets them")
        loads.append(Load(to, parts.rest.encoded(), None, parts.rest))
    return loads


def primary(room: Room) -> str:
    return f"accounts/{room.account}/calendars/primary"


async def upload(services: Services, loads: Sequence[Load], zone: str, progress: Progress) -> list[Loaded]:
    """Sends the loads one after the other, making the accounts of rooms; `progress` is told of bytes sent."""
    done: list[Loaded] = []
    for load in loads:
        if load.room is not None:
            await ensure_room(services, load.room, zone)
        answer = await services.calendars.ImportCalendar(_chunks(load, progress), timeout=_TIMEOUT_SECONDS)
        done.append(Loaded(load, answer))
    return done


async def ensure_room(services: Services, room: Room, zone: str) -> None:
    """Makes the room's account unless it is there; raises Failed if something else has its name."""
    request = room_request(room, zone)
    try:
        await services.calendars.CreateAccount(request)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
            raise
        name = f"accounts/{room.account}"
        account = await services.calendars.GetAccount(messages.GetAccountRequest(name=name))
        if account.kind != messages.Account.KIND_RESOURCE:
            raise Failed(f"{name} exists and is no room; rename the LOCATION {room.location!r}") from error


def room_request(room: Room, zone: str) -> messages.CreateAccountRequest:
    """Asks for the account of a room."""
    shown = room.location.encode("utf-8", "replace").decode()[:_NAME_LENGTH]
    account = messages.Account(kind=messages.Account.KIND_RESOURCE, display_name=shown, time_zone=zone)
    return messages.CreateAccountRequest(account=account, account_id=room.account)


async def _chunks(load: Load, progress: Progress) -> AsyncIterator[messages.ImportCalendarRequest]:
    for at in range(0, max(1, len(load.data)), CHUNK_BYTES):
        piece = load.data[at : at + CHUNK_BYTES]
        yield messages.ImportCalendarRequest(parent="" if at else load.calendar, data=piece)
        progress(len(piece))
