"""Sync tokens: only ours, only whole, only for their caller and method, and how long they last (rows 13 to 15)."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing

from grpc import StatusCode

from schedsvc.v1.changes_pb2 import (
    ListChangesRequest,
    ListDeletedRequest,
    ListUpdatedRequest,
    StreamChangesRequest,
)
from tests.repositories.conftest import Database
from tests.rpc.callers import Caller, refused
from tests.rpc.conftest import KEYS, ManualClock, on_both_stores
from tests.rpc.consumers import change_token, next_message, start_sync, streaming, walk
from tests.rpc.requests import DAY, World
from tests.rpc.writing import rename

WINDOW = (0, DAY)


def _flipped(token: str) -> list[str]:
    """The token with each of its bits flipped, one at a time."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    found = []
    for bit in range(len(raw) * 8):
        other = bytearray(raw)
        other[bit // 8] ^= 1 << bit % 8
        found.append(base64.urlsafe_b64encode(bytes(other)).rstrip(b"=").decode())
    return found


async def test_a_token_that_is_not_exactly_one_of_ours_is_refused_with_one_text(
    alpha: Caller, beta: Caller, world: World
) -> None:
    """Each bit flipped, cut, lengthened, another family, another purpose, another tenant."""
    started = await start_sync(alpha, world.calendar)
    windowed = await start_sync(alpha, world.calendar, world.profile, window=(0, DAY))
    page = await alpha.sync.ListChanges(ListChangesRequest(token=windowed.change_token, page_size=1))
    tokens = [started.change_token, windowed.change_token, page.next_page_token]
    assert all(tokens)
    bad = [flipped for token in tokens for flipped in _flipped(token)]
    token = started.change_token
    bad += [token[:-1], token[1:], token + "A", token + "==", token.swapcase(), " " + token, token + "\n", "x", "é" * 9]
    bad += [started.updated_token, started.deleted_token, KEYS.seal(b"{}", "page", "alpha", ""), "A" * 4096]
    texts = set()
    for one in bad:
        refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=one)))
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SYNC_TOKEN_INVALID"), one
        texts.add(refusal.text)
    for call in (
        beta.sync.ListChanges(ListChangesRequest(token=token)),
        alpha.sync.ListUpdated(ListUpdatedRequest(token=token)),
        alpha.sync.ListDeleted(ListDeletedRequest(token=token)),
        alpha.sync.ListUpdated(ListUpdatedRequest(token=started.deleted_token)),
        alpha.sync.ListDeleted(ListDeletedRequest(token=started.updated_token)),
    ):
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (StatusCode.INVALID_ARGUMENT, "SYNC_TOKEN_INVALID")
        texts.add(refusal.text)
    assert len(texts) == 1


async def test_a_stream_refuses_bad_tokens_and_feeds_that_are_named_twice(alpha: Caller, world: World) -> None:
    started = await start_sync(alpha, world.calendar)
    for bad in (_flipped(started.change_token)[77], started.updated_token, "x"):
        call = alpha.sync.StreamChanges(StreamChangesRequest(tokens=[started.change_token, bad]))
        refusal = await refused(call.read())
        assert refusal.reason == "SYNC_TOKEN_INVALID"
    call = alpha.sync.StreamChanges(StreamChangesRequest(tokens=[started.change_token] * 2))
    refusal = await refused(call.read())
    assert (refusal.code, refusal.fields) == (StatusCode.INVALID_ARGUMENT, ["tokens[1]"])


async def test_every_answer_says_how_long_its_token_lasts(alpha: Caller, world: World, clock: ManualClock) -> None:
    started = await start_sync(alpha, world.calendar)
    assert started.token_valid_until.ToDatetime() == clock.time.replace(tzinfo=None, day=6, month=2)
    clock.pass_by(days=1)
    page = await alpha.sync.ListChanges(ListChangesRequest(token=started.change_token))
    assert page.token_valid_until.seconds == started.token_valid_until.seconds + DAY


async def _ends_with_resync(alpha: Caller, world: World, token: str) -> None:
    async with streaming(alpha, [token]) as call:
        message = await next_message(call)
        assert message.resync_required == world.calendar
        refusal = await refused(call.read())
    assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "SYNC_TOKEN_EXPIRED")


async def _execute(database: Database, statement: str) -> None:
    if database.is_postgresql:
        connection = await database.connect()
        await connection.execute(statement)
        await connection.close()
        return
    with closing(sqlite3.connect(database.path)) as file, file:
        file.execute(statement)


@on_both_stores
async def test_a_feed_that_was_restored_asks_for_a_new_sync(alpha: Caller, world: World, database: Database) -> None:
    """Another epoch."""
    token = await change_token(alpha, world.calendar)
    await _execute(database, "UPDATE feeds SET epoch = epoch + 1")
    refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=token)))
    assert (refusal.code, refusal.reason) == (StatusCode.FAILED_PRECONDITION, "SYNC_TOKEN_EXPIRED")
    assert refusal.metadata == {"cause": "EPOCH"}
    await _ends_with_resync(alpha, world, token)


@on_both_stores
async def test_a_token_that_sleeps_past_the_trimmed_log_asks_for_a_new_sync(
    alpha: Caller, world: World, database: Database
) -> None:
    """Never a silent hole."""
    token = await change_token(alpha, world.calendar)
    for number in range(3):
        await rename(alpha, world.event, f"s{number}")
    await _execute(database, "UPDATE feeds SET trimmed = 2 WHERE kind = 2 AND feed_id = 'ada/side'")
    refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=token)))
    assert (refusal.reason, refusal.metadata) == ("SYNC_TOKEN_EXPIRED", {"oldest_available": "2"})
    await _ends_with_resync(alpha, world, token)
    full = await walk(alpha, await change_token(alpha, world.calendar, skip=False))
    assert full.names == [world.event]


async def test_a_token_from_the_future_asks_for_a_new_sync(alpha: Caller, world: World, database: Database) -> None:
    """A database that lost its latest writes."""
    await rename(alpha, world.event, "s")
    token = await change_token(alpha, world.calendar)
    await _execute(database, "UPDATE feeds SET revision = 1 WHERE kind = 2 AND feed_id = 'ada/side'")
    refusal = await refused(alpha.sync.ListChanges(ListChangesRequest(token=token)))
    assert refusal.reason == "SYNC_TOKEN_EXPIRED"
    await _ends_with_resync(alpha, world, token)
