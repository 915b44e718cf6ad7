"""The three services behind one channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc

from schedsvc.client.channel import channel
from schedsvc.v1.booking_service_pb2_grpc import BookingServiceStub
from schedsvc.v1.calendar_service_pb2_grpc import CalendarServiceStub
from schedsvc.v1.sync_service_pb2_grpc import SyncServiceStub

if TYPE_CHECKING:
    from schedsvc.v1.booking_service_pb2_grpc import BookingServiceAsyncStub
    from schedsvc.v1.calendar_service_pb2_grpc import CalendarServiceAsyncStub
    from schedsvc.v1.sync_service_pb2_grpc import SyncServiceAsyncStub


class Services:
    """Typed stubs: `await services.bookings.ListSlots(request, timeout=5)`."""

    def __init__(self, over: grpc.aio.Channel) -> None:
        self.bookings: BookingServiceAsyncStub = BookingServiceStub(over)
        self.calendars: CalendarServiceAsyncStub = CalendarServiceStub(over)
        self.sync: SyncServiceAsyncStub = SyncServiceStub(over)


@asynccontextmanager
async def connect(
    target: str,
    *,
    key: str | None = None,
    credentials: grpc.ChannelCredentials | None = None,
    insecure: bool = False,
) -> AsyncIterator[Services]:
    """The services of `target` until the block ends; see `channel`. Connects with the first call."""
    async with channel(target, key=key, credentials=credentials, insecure=insecure) as over:
        yield Services(over)
