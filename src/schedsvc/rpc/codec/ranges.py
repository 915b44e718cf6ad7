"""The time ranges of requests."""

from __future__ import annotations

from typing import Protocol

from schedsvc.domain.ranges import Bound, RangeRequest
from schedsvc.rpc.codec.time import decode_bound
from schedsvc.v1 import bookings_pb2, time_pb2


class RangedRequest(Protocol):
    """A request with `time_min` and `time_max`."""

    time_zone: str

    @property
    def time_min(self) -> time_pb2.TimeBound: ...
    @property
    def time_max(self) -> time_pb2.TimeBound: ...


def decode_window(request: RangedRequest) -> RangeRequest:
    """What has to touch the range: instants are widened to whole seconds."""
    low, high = _bound(request.time_min, up=False), _bound(request.time_max, up=True)
    return RangeRequest(low, high, request.time_zone)


def decode_inside(request: RangedRequest) -> RangeRequest:
    """What has to hold something as a whole: instants are narrowed to whole seconds."""
    low, high = _bound(request.time_min, up=True), _bound(request.time_max, up=False)
    return RangeRequest(low, high, request.time_zone)


def decode_slots(request: bookings_pb2.ListSlotsRequest) -> RangeRequest:
    """In which slots start, which they do on whole seconds only."""
    low, high = _bound(request.time_min, up=True), _bound(request.time_max, up=True)
    return RangeRequest(low, high, request.time_zone)


def decode_starts(request: bookings_pb2.ListBookingsRequest) -> RangeRequest:
    """In which bookings start, which they do on whole seconds only."""
    low, high = _bound(request.start_min, up=True), _bound(request.start_max, up=True)
    return RangeRequest(low, high, request.time_zone, ("start_min", "start_max"))


def _bound(message: time_pb2.TimeBound, *, up: bool) -> Bound | None:
    """None if no kind is set."""
    return decode_bound(message, up=up) if message.WhichOneof("kind") else None
