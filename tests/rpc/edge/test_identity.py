"""Who calls: one text for every bad credential, and the scope of each method."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode

from schedsvc.domain.errors import StoreUnavailable, Unauthenticated
from schedsvc.domain.principals import Principal, Scope
from schedsvc.rpc.calls import Call
from schedsvc.rpc.identity import ANYONE, SCOPES
from schedsvc.usecases.credentials import REFUSED
from schedsvc.v1.accounts_pb2 import Account
from tests.rpc.callers import Refusal, refused
from tests.rpc.edge.edge_server import GET_ACCOUNT, STREAM, Running, every_method, running

HEALTH = "/grpc.health.v1.Health/Check"


async def by_scope(key: str) -> Principal:
    """A key is the name of the scope it has."""
    if key not in [*Scope]:
        raise Unauthenticated(REFUSED)
    return Principal("tenant", f"key-{key}", frozenset({Scope(key)}))


async def outcome(server: Running, method: Any, key: str) -> Refusal | None:
    """The refusal of a call with this key, None if it was let in."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    options = {"metadata": (("authorization", f"Bearer {key}"),)}
    if method.server_streaming:
        call = server.channel.unary_stream(path)(b"", **options)
        return None if await call.code() is StatusCode.OK else await refused(call.read())
    if method.client_streaming:
        call = server.channel.stream_unary(path)(iter([b""]), **options)
    else:
        call = server.unary(path)(b"", **options)
    return None if await call.code() is StatusCode.OK else await refused(call)


@pytest.mark.parametrize("scope", Scope)
async def test_a_method_is_open_to_the_scopes_of_the_table_and_to_admin(scope: Scope) -> None:
    async with running(authenticate=by_scope) as server:
        for method in every_method():
            name = f"{method.containing_service.name}/{method.name}"
            refusal = await outcome(server, method, scope)
            if scope is Scope.ADMIN or scope in SCOPES[name]:
                assert refusal is None, name
            else:
                assert refusal is not None, name
                assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
                assert refusal.metadata == {"scope": " or ".join(sorted(SCOPES[name]))}


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "bearer wrong",
        "Basic read",
        "read",
        "Bearer read x",
        "Bearerread",
    ],
)
async def test_every_bad_credential_gets_the_same_answer(authorization: str | None) -> None:
    metadata = () if authorization is None else (("authorization", authorization),)
    async with running(authenticate=by_scope) as server:
        for call in (
            server.unary(GET_ACCOUNT)(b"", metadata=metadata),
            server.channel.unary_stream(STREAM)(b"", metadata=metadata).read(),
        ):
            refusal = await refused(call)
            assert (refusal.code, refusal.reason) == (StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")
            assert refusal.text == REFUSED


@pytest.mark.parametrize("authorization", ["Bearer read", "bearer read", "BEARER  read "])
async def test_the_scheme_is_read_without_regard_to_case(authorization: str) -> None:
    async with running(authenticate=by_scope) as server:
        await server.unary(GET_ACCOUNT)(b"", metadata=(("authorization", authorization),))


async def test_who_may_not_call_is_not_told_whether_the_message_is_good() -> None:
    async with running(authenticate=by_scope) as server:
        nobody = await refused(server.unary(GET_ACCOUNT)(b"\xff"))
        other = await refused(server.unary(GET_ACCOUNT)(b"\xff", metadata=(("authorization", "Bearer sync"),)))
    assert nobody.code is StatusCode.UNAUTHENTICATED
    assert other.code is StatusCode.PERMISSION_DENIED


async def test_the_method_learns_who_calls() -> None:
    seen = []

    async def note(_request: object, call: Call) -> Account:
        seen.append(call.principal)
        return Account()

    async with running(behaviours={"GetAccount": note}, authenticate=by_scope) as server:
        await server.unary(GET_ACCOUNT)(b"", metadata=(("authorization", "Bearer read"),))
        assert server.lines()[-1]["principal"] == "key-read"
    async with running(behaviours={"GetAccount": note}) as server:
        await server.unary(GET_ACCOUNT)(b"")
        assert server.lines()[-1]["tenant"] == "default"
    assert seen == [await by_scope("read"), ANYONE]


async def test_health_needs_no_credential() -> None:
    async with running(authenticate=by_scope) as server:
        assert await server.unary(HEALTH)(b"")


async def test_a_store_that_is_away_is_no_bad_credential() -> None:
    async def away(_key: str) -> Principal:
        raise StoreUnavailable("the database is away")

    async with running(authenticate=away) as server:
        refusal = await refused(server.unary(GET_ACCOUNT)(b"", metadata=(("authorization", "Bearer x"),)))
    assert refusal.code is StatusCode.UNAVAILABLE
