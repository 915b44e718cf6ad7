"""Slots on the wire."""

from __future__ import annotations

from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp

from schedsvc.domain.names import parse_profile
from schedsvc.repositories.base import Page
from schedsvc.rpc.codec.paging import Key
from schedsvc.rpc.codec.ranges import decode_slots
from schedsvc.rpc.codec.time import local_text, timestamp
from schedsvc.usecases.slots import SlotPage, SlotQuery
from schedsvc.v1 import bookings_pb2 as pb


def decode(request: pb.ListSlotsRequest, page: Page, pin: Key) -> SlotQuery:
    """The query; a later page has the last start of the page before as its key, and is pinned to its instant."""
    return SlotQuery(
        profile=parse_profile(request.parent),
        asked=decode_slots(request),
        duration=request.duration.seconds if request.HasField("duration") else None,
        size=page.size,
        as_of=int(pin[0]) if pin else None,
        after=int(page.after[0]) if page.after else None,
    )


def last(page: SlotPage) -> Key | None:
    """The key of the last slot if more follow."""
    return (page.starts[-1],) if page.more else None


def encode(page: SlotPage, next_page_token: str) -> pb.ListSlotsResponse:
    """The page with local times in its zone."""
    return pb.ListSlotsResponse(
        slots=[_slot(start, start + page.duration, page.time_zone) for start in page.starts],
        next_page_token=next_page_token,
        as_of=timestamp(page.as_of),
        valid_until=None if page.valid_until is None else timestamp(page.valid_until),
        time_zone=page.time_zone,
    )


@lru_cache(maxsize=65_536)
def _slot(start: int, end: int, zone_name: str) -> pb.Slot:
    """Made once for all the answers it is in: putting it into one copies it. Nobody may change it."""
    return pb.Slot(
        start=Timestamp(seconds=start),
        end=Timestamp(seconds=end),
        local_start=local_text(start, zone_name),
        local_end=local_text(end, zone_name),
    )
