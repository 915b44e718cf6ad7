"""Messages in the table `outbox`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.outbox import OutboxMessage
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.bodies import at, load
from schedsvc.repositories.sql.ledger import Ledger
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import of_tenant, outbox
from schedsvc.repositories.sql.windows import beyond

_SORT_KEY = (outbox.c.due_us, outbox.c.outbox_id)
_LIST = sa.select(outbox).where(of_tenant(outbox)).order_by(*_SORT_KEY)


class SqlOutbox:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def list(self, page: Page) -> Sequence[OutboxMessage]:
        statement = _LIST if page.after is None else _LIST.where(beyond(_SORT_KEY, page.after))
        return [_message(row) for row in await self._session.all(statement.limit(page.size))]


class SqlOutboxWrites(SqlOutbox):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def add(self, topic: str, aggregate: str, body: Mapping[str, Any]) -> None:
        self._ledger.tell(topic, aggregate, body)


def _message(row: sa.Row[Any]) -> OutboxMessage:
    return OutboxMessage(
        id=row.outbox_id,
        topic=row.topic,
        aggregate=row.aggregate,
        body=load(row.body)["message"],
        create_time=at(row.create_us),
        due_time=at(row.due_us),
        attempts=row.attempts,
    )
