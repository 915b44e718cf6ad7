"""API keys in the table `api_keys`; only digests are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.keys import ApiKey
from schedsvc.domain.principals import Scope
from schedsvc.repositories.sql.bodies import at, maybe_at, maybe_micros, micros
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import api_keys, of_tenant

_ANY = sa.select(api_keys).where(of_tenant(api_keys))
_GET = _ANY.where(api_keys.c.key_id == sa.bindparam("key_id"))
_LIST = _ANY.order_by(api_keys.c.key_id)

IN_FORCE = sa.select(api_keys.c.key_id).where(api_keys.c.revoke_us.is_(None)).limit(1)
"""Whether anybody has a key, whatever the tenant."""


class SqlKeys:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, key_id: str) -> ApiKey | None:
        row = await self._session.first(_GET, key_id=key_id)
        return None if row is None else _api_key(row)

    async def list(self) -> Sequence[ApiKey]:
        return [_api_key(row) for row in await self._session.all(_LIST)]


class SqlKeyWrites(SqlKeys):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def create(self, key: ApiKey) -> None:
        self._ledger.rows.put(api_keys, Act.INSERT, self._row(key))

    def update(self, key: ApiKey) -> None:
        self._ledger.rows.put(api_keys, Act.UPDATE, self._row(key))

    def _row(self, key: ApiKey) -> dict[str, Any]:
        if key.tenant != self._session.tenant:
            raise ValueError(f"key {key.id!r} belongs to another tenant")
        return {
            "key_id": key.id,
            "digest": key.digest,
            "scopes": " ".join(sorted(key.scopes)),
            "account_id": key.account,
            "create_us": micros(key.create_time),
            "expire_us": maybe_micros(key.expire_time),
            "revoke_us": maybe_micros(key.revoke_time),
        }


def _api_key(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(
        tenant=row.tenant_id,
        id=row.key_id,
        digest=bytes(row.digest),
        scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
        account=row.account_id,
        create_time=at(row.create_us),
        expire_time=maybe_at(row.expire_us),
        revoke_time=maybe_at(row.revoke_us),
    )
