"""Who is asking: the tenant, what the credential may do, and on whose behalf."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a credential may do. ADMIN includes the rest."""

    READ = "read"
    WRITE = "write"
    BOOK = "book"
    SYNC = "sync"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """`account` of None administers the tenant; otherwise the caller has that account's rights only.

    `id` names the credential in records and logs; it is no secret.
    """

    tenant: str
    id: str
    scopes: frozenset[Scope]
    account: str | None = None
