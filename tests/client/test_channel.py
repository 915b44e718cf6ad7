from __future__ import annotations

import json

import grpc
import pytest

from schedsvc.client import channel, messages, service_config
from schedsvc.client.channel import SERVICES, is_harmless, is_loopback
from schedsvc.v1 import (
    accounts_pb2,
    booking_profiles_pb2,
    bookings_pb2,
    calendars_pb2,
    changes_pb2,
    errors_pb2,
    events_pb2,
    free_busy_pb2,
    grants_pb2,
    interchange_pb2,
    suggestions_pb2,
    time_pb2,
)

FILES = (
    accounts_pb2,
    booking_profiles_pb2,
    bookings_pb2,
    calendars_pb2,
    changes_pb2,
    errors_pb2,
    events_pb2,
    free_busy_pb2,
    grants_pb2,
    interchange_pb2,
    suggestions_pb2,
    time_pb2,
)


def test_what_changes_nothing_is_tried_again_and_nothing_else() -> None:
    harmless = {method.name for service in SERVICES for method in service.methods if is_harmless(method)}
    assert harmless == {
        *("GetAccount", "ListAccounts", "GetCalendar", "ListCalendars", "GetEvent", "ListEvents", "QueryFreeBusy"),
        *("GetGrant", "ListGrants", "SuggestTimes", "ListInstances", "GetSeries", "ExportCalendar"),
        *("GetBookingProfile", "ListBookingProfiles", "ListSlots", "GetBooking", "ListBookings"),
        *("StartSync", "ListChanges", "ListUpdated", "ListDeleted", "StreamChanges"),
    }


def test_the_service_config_spreads_calls_and_names_whole_methods() -> None:
    config = json.loads(service_config())
    assert config["loadBalancingConfig"] == [{"round_robin": {}}]
    (methods,) = config["methodConfig"]
    assert {"service": "schedsvc.v1.BookingService", "method": "ListSlots"} in methods["name"]
    assert methods["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


def test_every_message_and_enum_of_the_contract_is_in_messages() -> None:
    named = {
        name for file in FILES for name in (*file.DESCRIPTOR.message_types_by_name, *file.DESCRIPTOR.enum_types_by_name)
    }
    assert set(messages.__all__) == named


@pytest.mark.parametrize(
    "target", ["127.0.0.1:1", "localhost:1", "[::1]:1", "ipv4:127.0.0.1:1", "dns:///localhost:1", "unix:/run/s.sock"]
)
def test_this_machine_is_told_by_the_text_of_the_target(target: str) -> None:
    assert is_loopback(target)


@pytest.mark.parametrize(
    "target", ["schedsvc:50051", "10.0.0.1:1", "dns:///schedsvc-headless:50051", "localhost.example:1"]
)
async def test_a_key_does_not_travel_openly_unless_allowed(target: str) -> None:
    assert not is_loopback(target)
    with pytest.raises(ValueError, match="plain text"):
        channel(target, key="k")
    async with channel(target, key="k", insecure=True), channel(target):
        pass
    async with channel(target, key="k", credentials=grpc.ssl_channel_credentials()):
        pass
