"""Requests that were carried out: what their callers were told, kept for a day."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from schedsvc.domain.errors import RequestIdReused
from schedsvc.repositories.base import AlreadyAnswered, Once
from schedsvc.repositories.sql.bodies import micros
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import of_tenant, requests

KEPT = timedelta(hours=24)

_KEY = ("caller", "method", "request_id")
_FIND = sa.select(requests.c.fingerprint, requests.c.answer, requests.c.expire_us).where(
    of_tenant(requests), *(requests.c[name] == sa.bindparam(name) for name in _KEY)
)


async def replay(session: Session, once: Once, now: datetime) -> Act:
    """How the answer is to be stored: over an expired one or as a new one.

    Raises AlreadyAnswered, or RequestIdReused if the id belongs to another request.
    """
    row = await session.first(_FIND, caller=once.caller, method=once.method, request_id=once.request_id)
    if row is None:
        return Act.INSERT
    if row.expire_us <= micros(now):
        return Act.UPDATE
    if row.fingerprint != once.fingerprint:
        raise RequestIdReused(f"request_id {once.request_id!r} was used for another request; choose a new one")
    raise AlreadyAnswered(row.answer)


def remember(ledger: Ledger, act: Act, once: Once, answer: bytes) -> None:
    """Stores the answer with the work."""
    row = {
        "caller": once.caller,
        "method": once.method,
        "request_id": once.request_id,
        "fingerprint": once.fingerprint,
        "answer": answer,
        "expire_us": micros(ledger.now + KEPT),
    }
    ledger.rows.put(requests, act, row)
