"""Bytes that are no message, and more bytes than are taken."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode, aio

from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest, GetAccountRequest
from schedsvc.v1.interchange_pb2 import ImportCalendarRequest
from tests.rpc.callers import METHODS, Caller, refused
from tests.rpc.conftest import Deployment
from tests.rpc.requests import BUILDERS, World

MIB = 1024 * 1024
GET = "CalendarService/GetAccount"
# Field 1 is `name`: a string in every request used here.
NAME, NAME_AS_NUMBER = b"\x0a", b"\x08"


@pytest.mark.parametrize("raw", [b"\xff", b"\x0a\xff", b"\x0b" * 400, NAME + b"\x05acc", b"\x00\x00"])
async def test_bytes_that_are_no_message_are_refused_on_every_rpc(raw: bytes, alpha: Caller) -> None:
    for name in METHODS:
        refusal = await refused(alpha.send_bytes(name, [raw]))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "MESSAGE_MALFORMED"), name


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"accounts/\xc0\x80", b"accounts/\xed\xa0\x80", b"accounts/\xf5\x80\x80\x80"]
)
async def test_text_that_is_no_utf8_is_refused(text: bytes, alpha: Caller) -> None:
    refusal = await refused(alpha.send_bytes(GET, [NAME + bytes([len(text)]) + text]))
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "MESSAGE_MALFORMED")


async def test_fields_that_nobody_knows_are_ignored_and_so_are_known_ones_of_another_type(
    alpha: Caller, world: World
) -> None:
    """What a newer or older client sends beside the rest."""
    known = GetAccountRequest(name=world.account).SerializeToString()
    newer = known + b"\xfa\x3f\x03abc"  # field 1023, three bytes
    answer = await alpha.send_bytes(GET, [newer])
    assert answer.message.name == world.account
    refusal = await refused(alpha.send_bytes(GET, [NAME_AS_NUMBER + b"\x07"]))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["name"])


async def test_no_bytes_at_all_are_an_empty_message(alpha: Caller, world: World) -> None:
    refusal = await refused(alpha.send_bytes(GET, [b""]))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["name"])
    assert (await alpha.send(GET, BUILDERS[GET](world))).message.name == world.account


async def test_a_message_over_4_mib_is_refused_and_the_connection_stays(alpha: Caller, world: World) -> None:
    large = CreateAccountRequest(account=Account(display_name="x" * (4 * MIB)))
    for _ in range(3):
        refusal = await refused(alpha.calendar.CreateAccount(large))
        assert refusal.code is StatusCode.RESOURCE_EXHAUSTED
        assert (await alpha.send(GET, BUILDERS[GET](world))).message.name == world.account


async def test_a_message_just_under_4_mib_is_read_and_refused_by_its_field(alpha: Caller) -> None:
    large = CreateAccountRequest(account=Account(display_name="x" * (4 * MIB - 100)))
    refusal = await refused(alpha.calendar.CreateAccount(large))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["account.display_name"])


async def test_metadata_over_8_kib_is_refused_and_the_connection_stays(
    deployment: Deployment, alpha: Caller, world: World
) -> None:
    get: Any = deployment.channel.unary_unary("/schedsvc.v1.CalendarService/GetAccount")
    raw = BUILDERS[GET](world).SerializeToString()
    for _ in range(3):
        with pytest.raises(aio.AioRpcError) as failure:
            await get(raw, metadata=(*alpha.metadata, ("x-more", "y" * 9000)))
        assert failure.value.code() is StatusCode.RESOURCE_EXHAUSTED
        assert (await alpha.send(GET, BUILDERS[GET](world))).message.name == world.account
    assert await get(raw, metadata=(*alpha.metadata, ("x-more", "y" * 6000)))


async def test_an_upload_over_20_mib_is_refused_and_one_message_of_it_over_1_mib_too(
    alpha: Caller, world: World
) -> None:
    piece = ImportCalendarRequest(data=b"x" * MIB)
    first = ImportCalendarRequest(parent=world.calendar, data=b"")
    refusal = await refused(alpha.send("CalendarService/ImportCalendar", [first, *[piece] * 21]))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["data"])
    large = ImportCalendarRequest(parent=world.calendar, data=b"x" * (MIB + 1))
    refusal = await refused(alpha.send("CalendarService/ImportCalendar", large))
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["data"])


async def test_refused_calls_of_every_kind_leave_room_for_others_on_the_connection(alpha: Caller, world: World) -> None:
    """A connection carries 100 calls at once; what is refused must not stay among them."""
    for name in ("CalendarService/ImportCalendar", "SyncService/StreamChanges", GET):
        for _ in range(120):
            assert (await refused(alpha.send_bytes(name, [b"\xff"]))).code is StatusCode.INVALID_ARGUMENT
    assert (await alpha.send(GET, BUILDERS[GET](world))).message.name == world.account
