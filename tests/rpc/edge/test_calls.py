"""What a servicer method is told about its call."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from schedsvc.domain.principals import Principal, Scope
from schedsvc.repositories.base import Once
from schedsvc.rpc.calls import Call
from schedsvc.rpc.wrapper import Deadlines
from schedsvc.usecases.requests import WriteOptions
from schedsvc.v1.accounts_pb2 import Account, CreateAccountRequest
from tests.rpc.edge.edge_server import GET_ACCOUNT, STREAM, running

METHOD = "CalendarService/CreateAccount"


def call_of(account: str | None = None) -> Call:
    call = Call(METHOD, "call-1", cast("Any", None), asyncio.Event())
    call.principal = Principal("default", "key", frozenset(Scope), account)
    return call


def encode(result: str) -> Account:
    return Account(name=result)


def once(request: CreateAccountRequest, account: str | None = None) -> Once:
    options = call_of(account).options(request, encode)
    assert options.once is not None
    return options.once


async def test_a_write_with_a_request_id_happens_once_and_keeps_its_encoded_answer() -> None:
    made = once(CreateAccountRequest(request_id="r", account_id="a"))
    assert (made.method, made.request_id, len(made.fingerprint)) == (METHOD, "r", 32)
    assert Account.FromString(made.encode("accounts/a")).name == "accounts/a"


async def test_a_write_without_a_request_id_happens_each_time() -> None:
    assert call_of().options(CreateAccountRequest(account_id="a"), encode) == WriteOptions()


@pytest.mark.parametrize("request_id", ["", "r"])
async def test_validate_only_is_handed_on(request_id: str) -> None:
    request = CreateAccountRequest(validate_only=True, request_id=request_id)
    assert call_of().options(request, encode).validate_only


async def test_the_fingerprint_is_of_the_body_and_of_the_account_that_acts() -> None:
    request = CreateAccountRequest(request_id="r", account_id="a")
    other = CreateAccountRequest(request_id="r", account_id="b")
    prints = [once(request), once(request), once(other), once(request, "a"), once(request, "ab")]
    first, again, *different = [made.fingerprint for made in prints]
    assert first == again
    assert len({first, *different}) == 4


async def test_account_and_body_cannot_be_mistaken_for_each_other() -> None:
    one = call_of("a").write_options("r", False, b"bc", encode).once
    two = call_of("ab").write_options("r", False, b"c", encode).once
    assert one is not None
    assert two is not None
    assert one.fingerprint != two.fingerprint


@pytest.mark.parametrize(
    ("path", "timeout", "low", "high"),
    [(GET_ACCOUNT, None, 5, 10), (GET_ACCOUNT, 3, 1, 3.1), (GET_ACCOUNT, 60, 5, 10), (STREAM, 3, 1, 3.1)],
)
async def test_the_time_that_remains_is_the_lesser_of_the_clients_and_the_servers(
    path: str, timeout: float | None, low: float, high: float
) -> None:
    remaining: list[float | None] = []

    async def note(_request: object, call: Call) -> Account:
        remaining.append(call.time_remaining())
        return Account()

    async with running(behaviours={"GetAccount": note, "StreamChanges": note}, deadlines=Deadlines(unary=10)) as server:
        if path == STREAM:
            await server.channel.unary_stream(path)(b"", timeout=timeout).code()
        else:
            await server.unary(path)(b"", timeout=timeout)
    (seconds,) = remaining
    assert seconds is not None
    assert low < seconds <= high


async def test_a_stream_without_a_deadline_has_all_the_time() -> None:
    remaining: list[float | None] = []

    async def note(_request: object, call: Call) -> None:
        remaining.append(call.time_remaining())

    async with running(behaviours={"StreamChanges": note}) as server:
        await server.channel.unary_stream(STREAM)(b"").code()
    assert remaining == [None]
