from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from schedsvc.domain.credentials import Credential
from schedsvc.domain.errors import InvalidInput, ResourceNotFound, StoreUnavailable, Unauthenticated
from schedsvc.domain.names import AccountName
from schedsvc.domain.principals import Principal, Scope
from schedsvc.repositories.base import Read
from schedsvc.repositories.sql.engine import SqlSettings
from schedsvc.repositories.sql.migrate import migrate
from schedsvc.repositories.sql.store import SqlStore
from schedsvc.usecases.credentials import REMEMBERED_KEYS, REMEMBERED_SECONDS, Credentials

NOW = datetime(2030, 1, 7, 8, 0, tzinfo=UTC)
TENANT = "default"


@dataclass
class Clock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def at(self, _database_now: datetime) -> datetime:
        return self.time


@dataclass
class Counting:
    """A store that counts the reads and can be made to wait or fail."""

    store: SqlStore
    reads: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    is_away: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    @asynccontextmanager
    async def read(self, tenant: str) -> AsyncIterator[Read]:
        self.reads += 1
        await self.gate.wait()
        if self.is_away:
            raise StoreUnavailable("away")
        async with self.store.read(tenant) as tx:
            yield tx


@dataclass
class Setting:
    credentials: Credentials
    store: Counting
    clock: Clock
    elapsed: list[float]

    def pass_by(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)
        self.elapsed[0] += seconds


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'keys.db'}"
    await migrate(url)
    clock = Clock()
    store = Counting(await SqlStore.create(SqlSettings(url=url), clock))
    elapsed, draws = [0.0], count(1)
    credentials = Credentials(
        store,
        clock,
        elapsed=lambda: elapsed[0],
        random_bytes=lambda size: next(draws).to_bytes(size),
    )
    yield Setting(credentials, store, clock, elapsed)
    await store.close()


async def refused(setting: Setting, text: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await setting.credentials.authenticate(text)
    return caught.value.message


async def test_a_key_speaks_for_its_tenant_with_its_scopes(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ, Scope.BOOK])
    principal = await setting.credentials.authenticate(issued.text)
    assert principal == Principal(TENANT, issued.key.id, frozenset({Scope.READ, Scope.BOOK}))


async def test_of_the_secret_only_the_digest_is_stored(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    (stored,) = await setting.credentials.list(TENANT)
    secret = bytes.fromhex(issued.text.rpartition("_")[2][:64])
    assert stored == issued.key
    assert stored.digest == hashlib.sha256(secret).digest()
    assert secret.hex() not in repr(issued)


async def test_every_wrong_key_is_refused_with_the_same_text(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    key = issued.key
    texts = {
        await refused(setting, ""),
        await refused(setting, "schedsvc_default_1_2"),
        await refused(setting, issued.text[:-1] + ("0" if issued.text[-1] != "0" else "1")),
        await refused(setting, Credential(TENANT, key.id, bytes(32)).text()),
        await refused(setting, Credential(TENANT, "unknown", bytes(32)).text()),
        await refused(setting, Credential("other", key.id, bytes.fromhex(issued.text[-72:-8])).text()),
    }
    assert len(texts) == 1


async def test_a_mistyped_key_is_refused_without_asking_the_database(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    await refused(setting, issued.text.replace("default", "defualt"))
    assert setting.store.reads == 0


async def test_a_key_is_looked_up_once_in_a_while(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    for _ in range(3):
        await setting.credentials.authenticate(issued.text)
    assert setting.store.reads == 1
    setting.pass_by(REMEMBERED_SECONDS)
    await setting.credentials.authenticate(issued.text)
    assert setting.store.reads == 2


async def test_a_revoked_key_ends_after_seconds_and_for_a_new_process_at_once(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    unused = await setting.credentials.create(TENANT, [Scope.READ])
    await setting.credentials.authenticate(issued.text)
    await setting.credentials.revoke(TENANT, issued.key.id)
    await setting.credentials.revoke(TENANT, unused.key.id)
    await refused(setting, unused.text)
    await setting.credentials.authenticate(issued.text)
    setting.pass_by(REMEMBERED_SECONDS)
    await refused(setting, issued.text)


async def test_a_key_ends_at_its_expire_time(setting: Setting) -> None:
    soon = NOW + timedelta(minutes=1)
    issued = await setting.credentials.create(TENANT, [Scope.READ], expire_time=soon)
    setting.clock.time = soon - timedelta(microseconds=1)
    await setting.credentials.authenticate(issued.text)
    setting.pass_by(REMEMBERED_SECONDS)
    await refused(setting, issued.text)


async def test_a_crowd_with_one_key_asks_the_database_once_even_if_the_first_leaves(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    setting.store.gate.clear()
    crowd = [asyncio.create_task(setting.credentials.authenticate(issued.text)) for _ in range(50)]
    await asyncio.sleep(0)
    crowd[0].cancel()
    await asyncio.sleep(0)
    setting.store.gate.set()
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert set(results[1:]) == {Principal(TENANT, issued.key.id, frozenset({Scope.READ}))}
    assert setting.store.reads == 1


async def test_a_database_that_is_away_is_no_wrong_key_and_is_asked_again(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    setting.store.is_away = True
    with pytest.raises(StoreUnavailable):
        await setting.credentials.authenticate(issued.text)
    setting.store.is_away = False
    await setting.credentials.authenticate(issued.text)


async def test_the_key_remembered_first_makes_room_for_one_too_many(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schedsvc.usecases.credentials.REMEMBERED_KEYS", 2)
    keys = [await setting.credentials.create(TENANT, [Scope.READ]) for _ in range(3)]
    for key in (*keys, *keys[1:]):
        await setting.credentials.authenticate(key.text)
    assert setting.store.reads == 3
    await setting.credentials.authenticate(keys[0].text)
    assert setting.store.reads == 4


async def test_wrong_keys_are_not_remembered(setting: Setting) -> None:
    first = await setting.credentials.create(TENANT, [Scope.READ])
    await setting.credentials.authenticate(first.text)
    for number in range(REMEMBERED_KEYS):
        await refused(setting, Credential(TENANT, "x", number.to_bytes(32)).text())
    reads = setting.store.reads
    await setting.credentials.authenticate(first.text)
    assert setting.store.reads == reads


async def test_a_key_for_one_account_carries_it_and_wants_it_to_exist(setting: Setting) -> None:
    with pytest.raises(ResourceNotFound):
        await setting.credentials.create(TENANT, [Scope.READ], account=AccountName("nobody"))
    assert await setting.credentials.list(TENANT) == []


async def test_everything_wrong_with_a_new_key_is_told_at_once(setting: Setting) -> None:
    with pytest.raises(InvalidInput) as caught:
        await setting.credentials.create("No Tenant", [], expire_time=NOW)
    assert [violation.field for violation in caught.value.violations] == ["tenant", "scopes", "expire_time"]


async def test_revoking_twice_keeps_the_first_time_and_an_unknown_key_is_not_found(setting: Setting) -> None:
    issued = await setting.credentials.create(TENANT, [Scope.READ])
    first = await setting.credentials.revoke(TENANT, issued.key.id)
    setting.pass_by(1)
    assert await setting.credentials.revoke(TENANT, issued.key.id) == first
    assert first.revoke_time == NOW
    with pytest.raises(ResourceNotFound):
        await setting.credentials.revoke("other", issued.key.id)
