"""Accounts in the table `accounts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from schedsvc.domain.accounts import Account, AccountKind
from schedsvc.domain.feeds import account_feed
from schedsvc.domain.names import AccountName
from schedsvc.repositories.base import Page
from schedsvc.repositories.sql.bodies import (
    at,
    dump,
    dump_hours,
    load,
    load_hours,
    micros,
    texts,
)
from schedsvc.repositories.sql.ledger import Act, Ledger
from schedsvc.repositories.sql.session import Session
from schedsvc.repositories.sql.tables import accounts, of_tenant

_COLUMNS = (
    accounts.c.account_id,
    accounts.c.edition,
    accounts.c.create_us,
    accounts.c.update_us,
    accounts.c.body,
)
_LIVE = sa.select(*_COLUMNS).where(of_tenant(accounts), accounts.c.delete_us.is_(None))
_THIS = accounts.c.account_id == sa.bindparam("account_id")
_GET = _LIVE.where(_THIS)
_TAKEN = sa.select(accounts.c.account_id).where(of_tenant(accounts), _THIS)
_LIST = (
    _LIVE.where(accounts.c.account_id > sa.bindparam("after"))
    .order_by(accounts.c.account_id)
    .limit(sa.bindparam("size", type_=sa.BigInteger()))
)


class SqlAccounts:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, name: AccountName) -> Account | None:
        row = await self._session.first(_GET, account_id=name.account)
        return None if row is None else _account(row)

    async def is_taken(self, name: AccountName) -> bool:
        return await self._session.first(_TAKEN, account_id=name.account) is not None

    async def list(self, page: Page) -> Sequence[Account]:
        (after,) = page.after or ("",)
        rows = await self._session.all(_LIST, after=after, size=page.size)
        return [_account(row) for row in rows]


class SqlAccountWrites(SqlAccounts):
    def __init__(self, session: Session, ledger: Ledger) -> None:
        super().__init__(session)
        self._ledger = ledger

    def create(self, draft: Account) -> Account:
        edition, now = self._ledger.open_feed(account_feed(draft.name)), self._ledger.now
        account = replace(draft, edition=edition, create_time=now, update_time=now)
        self._ledger.rows.put(accounts, Act.INSERT, _row(account))
        return account

    def update(self, account: Account) -> Account:
        edition = self._ledger.touch(account_feed(account.name))
        account = replace(account, edition=edition, update_time=self._ledger.now)
        self._ledger.rows.put(accounts, Act.UPDATE, _row(account))
        return account

    def delete(self, account: Account) -> None:
        self._ledger.touch(account_feed(account.name))
        row = _row(account) | {"delete_us": micros(self._ledger.now)}
        self._ledger.rows.put(accounts, Act.UPDATE, row)


def _row(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.name.account,
        "edition": account.edition,
        "create_us": micros(account.create_time),
        "update_us": micros(account.update_time),
        "delete_us": None,
        "body": dump(
            {
                "kind": int(account.kind),
                "display_name": account.display_name,
                "email": account.email,
                "time_zone": account.time_zone,
                "work_hours": dump_hours(account.work_hours),
                "external_id": account.external_id,
                "attributes": texts(account.attributes),
                "metadata": texts(account.metadata),
            }
        ),
    }


def _account(row: sa.Row[Any]) -> Account:
    body = load(row.body)
    return Account(
        name=AccountName(row.account_id),
        kind=AccountKind(body["kind"]),
        display_name=body["display_name"],
        email=body["email"],
        time_zone=body["time_zone"],
        work_hours=load_hours(body["work_hours"]),
        external_id=body["external_id"],
        attributes=body["attributes"],
        metadata=body["metadata"],
        edition=row.edition,
        create_time=at(row.create_us),
        update_time=at(row.update_us),
    )
