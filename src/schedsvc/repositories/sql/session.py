"""The one door that statements go through: it adds the tenant and keeps driver errors inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schedsvc.repositories.sql import tables
from schedsvc.repositories.sql.errors import driver_errors
from schedsvc.repositories.sql.ledger import Act, Batch

_AT = "at_"
_INSERTS = {table: table.insert() for table in tables.metadata.sorted_tables}
_UPDATES = {
    table: table.update().where(*(c == sa.bindparam(_AT + c.name) for c in table.primary_key))
    for table in tables.metadata.sorted_tables
}


class Session:
    """Statements for one tenant on one connection.

    Every method raises Conflict, Overloaded, StoreUnavailable or StoreFault.
    """

    __slots__ = ("_connection", "tenant")

    def __init__(self, connection: AsyncConnection, tenant: str) -> None:
        self._connection = connection
        self.tenant = tenant

    async def all(self, statement: sa.Executable, **values: Any) -> Sequence[sa.Row[Any]]:
        """Every row of the answer. `values` fill the statement's named parameters."""
        with driver_errors():
            result = await self._connection.execute(statement, self._mine(values))
            return result.all()

    async def first(self, statement: sa.Executable, **values: Any) -> sa.Row[Any] | None:
        """The first row of the answer, if there is one."""
        rows = await self.all(statement, **values)
        return rows[0] if rows else None

    async def write(self, batch: Batch) -> None:
        """Writes all rows of a batch with one statement."""
        with driver_errors():
            rows = [self._bound(batch, row) for row in batch.rows]
            await self._connection.execute(_statement(batch), rows)

    def _mine(self, values: dict[str, Any]) -> dict[str, Any]:
        return {tables.TENANT: self.tenant, **values}

    def _bound(self, batch: Batch, row: dict[str, Any]) -> dict[str, Any]:
        values = self._mine(row)
        if batch.act is Act.INSERT:
            return values
        if batch.act is Act.DELETE:
            return {_AT + name: value for name, value in values.items()}
        keys = batch.table.primary_key.columns.keys()
        return {_AT + name if name in keys else name: value for name, value in values.items()}


def _statement(batch: Batch) -> sa.Insert | sa.Update | sa.Delete:
    if batch.act is Act.INSERT:
        return _INSERTS[batch.table]
    if batch.act is Act.UPDATE:
        return _UPDATES[batch.table]
    names = (tables.TENANT, *batch.rows[0])
    return batch.table.delete().where(*(batch.table.c[n] == sa.bindparam(_AT + n) for n in names))
