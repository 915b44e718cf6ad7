"""API keys: who a key speaks for, and making, listing and revoking them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schedsvc.domain.credentials import ID_BYTES, SECRET_BYTES, Credential, is_tenant, parse
from schedsvc.domain.errors import InvalidInput, ResourceNotFound, Unauthenticated, Violation
from schedsvc.domain.feeds import account_feed
from schedsvc.domain.keys import ApiKey
from schedsvc.domain.names import AccountName
from schedsvc.domain.principals import Principal, Scope
from schedsvc.repositories.base import Clock, Store, Write

REFUSED = "a valid API key is needed: metadata `authorization: Bearer <key>`"
"""One text for every way to fail, so that it tells nothing."""
REMEMBERED_SECONDS = 5.0
"""How much longer a revoked or expired key may be honoured by a process that has just seen it."""
REMEMBERED_KEYS = 1024

NO_DIGEST = bytes(32)
"""Stands in for the digest of an unknown key, so that the comparison takes place all the same."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """`text` is shown once and stored nowhere."""

    key: ApiKey
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal
    until: float


class Credentials:
    """`elapsed` counts seconds and never goes back; `random_bytes` gives that many unpredictable bytes."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        elapsed: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._clock = clock
        self._elapsed = elapsed
        self._random_bytes = random_bytes
        self._remembered: dict[str, _Remembered] = {}
        self._asking: dict[str, asyncio.Task[Principal]] = {}

    async def authenticate(self, text: str) -> Principal:
        """Whom the key speaks for. Raises Unauthenticated, with one text whatever is wrong with it."""
        known = self._remembered.get(text)
        if known is not None and known.until > self._elapsed():
            return known.principal
        claim = parse(text)
        if claim is None:
            raise Unauthenticated(REFUSED)
        return await self._ask_once(text, claim)

    async def create(
        self,
        tenant: str,
        scopes: Collection[Scope],
        *,
        account: AccountName | None = None,
        expire_time: datetime | None = None,
    ) -> IssuedKey:
        """Makes a key. Raises InvalidInput, and ResourceNotFound for an unknown account."""
        _check(tenant, scopes, expire_time, self._clock.now())
        key_id = self._random_bytes(ID_BYTES).hex()
        credential = Credential(tenant, key_id, self._random_bytes(SECRET_BYTES))

        async def work(tx: Write) -> ApiKey:
            if account is not None and await tx.accounts.get(account) is None:
                raise ResourceNotFound("account", str(account))
            key = ApiKey(
                tenant=tenant,
                id=key_id,
                digest=credential.digest(),
                scopes=frozenset(scopes),
                account=None if account is None else account.account,
                create_time=tx.now,
                expire_time=expire_time,
                revoke_time=None,
            )
            tx.keys.create(key)
            return key

        feeds = () if account is None else (account_feed(account),)
        return IssuedKey(await self._store.write(tenant, feeds, work), credential.text())

    async def list(self, tenant: str) -> Sequence[ApiKey]:
        """Every key of the tenant, by id, revoked ones too."""
        async with self._store.read(tenant) as tx:
            return await tx.keys.list()

    async def revoke(self, tenant: str, key_id: str) -> ApiKey:
        """Ends a key; one that is revoked already stays as it is. Raises ResourceNotFound.

        A process that used the key in the last `REMEMBERED_SECONDS` may honour it for the rest of that time.
        """

        async def work(tx: Write) -> ApiKey:
            key = await tx.keys.get(key_id)
            if key is None:
                raise ResourceNotFound("API key", key_id)
            if key.revoke_time is not None:
                return key
            revoked = replace(key, revoke_time=tx.now)
            tx.keys.update(revoked)
            return revoked

        return await self._store.write(tenant, (), work)

    async def _ask_once(self, text: str, claim: Credential) -> Principal:
        """However many calls bring the same key at once, the database is asked once.

        The question belongs to none of them, so that a caller who leaves disturbs no other.
        """
        task = self._asking.get(text)
        if task is None:
            task = asyncio.create_task(self._ask(text, claim))
            self._asking[text] = task
            task.add_done_callback(lambda done: self._answered(text, done))
        return await asyncio.shield(task)

    def _answered(self, text: str, done: asyncio.Task[Principal]) -> None:
        del self._asking[text]
        if not done.cancelled():
            done.exception()  # seen, even when every caller has left

    async def _ask(self, text: str, claim: Credential) -> Principal:
        async with self._store.read(claim.tenant) as tx:
            key = await tx.keys.get(claim.id)
        if not claim.matches(NO_DIGEST if key is None else key.digest):
            raise Unauthenticated(REFUSED)
        if key is None or not key.valid_at(self._clock.now()):
            raise Unauthenticated(REFUSED)
        principal = Principal(key.tenant, key.id, key.scopes, key.account)
        self._remember(text, principal)
        return principal

    def _remember(self, text: str, principal: Principal) -> None:
        self._remembered.pop(text, None)
        self._remembered[text] = _Remembered(principal, self._elapsed() + REMEMBERED_SECONDS)
        if len(self._remembered) > REMEMBERED_KEYS:
            oldest = next(iter(self._remembered))
            del self._remembered[oldest]


def _check(tenant: str, scopes: Collection[Scope], expire_time: datetime | None, now: datetime) -> None:
    wrong = []
    if not is_tenant(tenant):
        wrong.append(Violation("tenant", "must be 1 to 32 of a-z, 0-9 and -"))
    if not scopes:
        wrong.append(Violation("scopes", "must name at least one scope"))
    if expire_time is not None and expire_time <= now:
        wrong.append(Violation("expire_time", "must lie in the future"))
    if wrong:
        raise InvalidInput(wrong)
