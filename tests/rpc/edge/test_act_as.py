"""`x-act-as`: an administrator of the tenant in the place of one of its accounts."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.domain.principals import Principal, Scope
from schedsvc.rpc.calls import Call
from schedsvc.v1.accounts_pb2 import Account
from tests.rpc.callers import refused
from tests.rpc.edge.edge_server import GET_ACCOUNT, STREAM, running

KEYS = {
    "admin": Principal("tenant", "k1", frozenset({Scope.ADMIN})),
    "bound": Principal("tenant", "k2", frozenset({Scope.ADMIN}), account="ada"),
    "reader": Principal("tenant", "k3", frozenset({Scope.READ})),
}


async def authenticate(key: str) -> Principal:
    return KEYS[key]


def metadata(key: str, act_as: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {key}"), ("x-act-as", act_as))


class Noted:
    """Behaviours that note who calls."""

    def __init__(self) -> None:
        self.callers: list[Principal] = []

    async def unary(self, _request: object, call: Call) -> Account:
        self.callers.append(call.principal)
        return Account()

    async def stream(self, _request: object, call: Call) -> None:
        self.callers.append(call.principal)


async def test_the_call_has_the_account_and_the_credential_on_unary_calls_and_streams() -> None:
    noted = Noted()
    behaviours: Any = {"GetAccount": noted.unary, "StreamChanges": noted.stream}
    async with running(behaviours=behaviours, authenticate=authenticate) as server:
        await server.unary(GET_ACCOUNT)(b"", metadata=metadata("admin", "accounts/bob"))
        await server.channel.unary_stream(STREAM)(b"", metadata=metadata("admin", "accounts/bob")).code()
        lines = server.lines()
    assert noted.callers == [Principal("tenant", "k1", frozenset({Scope.ADMIN}), account="bob")] * 2
    assert [(line["principal"], line["act_as"]) for line in lines] == [("k1", "accounts/bob")] * 2


async def test_a_call_in_its_own_name_says_nothing_of_others_in_the_log() -> None:
    async with running(authenticate=authenticate) as server:
        await server.unary(GET_ACCOUNT)(b"", metadata=(("authorization", "Bearer admin"),))
        (line,) = server.lines()
    assert "act_as" not in line


async def test_without_keys_everybody_may_take_the_place_of_an_account() -> None:
    noted = Noted()
    async with running(behaviours={"GetAccount": noted.unary}) as server:
        await server.unary(GET_ACCOUNT)(b"", metadata=(("x-act-as", "accounts/bob"),))
        (line,) = server.lines()
    assert [caller.account for caller in noted.callers] == ["bob"]
    assert line["act_as"] == "accounts/bob"


@pytest.mark.parametrize("key", ["bound", "reader"])
@pytest.mark.parametrize("act_as", ["accounts/bob", "accounts/ada", "nonsense"])
async def test_it_needs_the_scope_admin_of_a_credential_that_is_bound_to_no_account(key: str, act_as: str) -> None:
    async with running(authenticate=authenticate) as server:
        for call in (
            server.unary(GET_ACCOUNT)(b"", metadata=metadata(key, act_as)),
            server.channel.unary_stream(STREAM)(b"", metadata=metadata(key, act_as)).read(),
        ):
            refusal = await refused(call)
            assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
            assert refusal.metadata == {"scope": "admin"}
        assert [line for line in server.lines() if "act_as" in line] == []


@pytest.mark.parametrize("act_as", ["", "bob", "accounts/", "accounts/-", "accounts/Bob", "accounts/bob/calendars/x"])
async def test_what_names_no_account_is_a_bad_field(act_as: str) -> None:
    async with running(authenticate=authenticate) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b"", metadata=metadata("admin", act_as)))
        (line,) = server.lines()
    assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "FIELD_INVALID")
    assert refusal.fields == ["x-act-as"]
    assert "act_as" not in line
