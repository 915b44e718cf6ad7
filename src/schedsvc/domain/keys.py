"""API keys as they are kept: only a digest of the secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedsvc.domain.principals import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """`digest` is the SHA-256 of the secret part. `account` of None administers the tenant."""

    tenant: str
    id: str
    digest: bytes
    scopes: frozenset[Scope]
    account: str | None
    create_time: datetime
    expire_time: datetime | None
    revoke_time: datetime | None

    def valid_at(self, now: datetime) -> bool:
        """Whether the key may still be used."""
        expired = self.expire_time is not None and self.expire_time <= now
        return self.revoke_time is None and not expired
