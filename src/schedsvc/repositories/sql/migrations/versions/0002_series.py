"""Series, what events are filtered by, and causes of changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BATCH = 1000
# The same as `listed.py` and the enums had at this version; a migration does not change when they do.
SEPARATOR = "\x1f"
DECLINED = 4

EVENTS = sa.table(
    "events",
    *(sa.column(name) for name in ("tenant_id", "feed_id", "event_id", "level", "shown", "update_us")),
    *(sa.column(name, TEXT) for name in ("attendees", "pairs", "body")),
)
CALENDARS = sa.table("calendars", *(sa.column(name) for name in ("tenant_id", "feed_id", "account_id", "body")))
ACCOUNTS = sa.table("accounts", *(sa.column(name) for name in ("tenant_id", "account_id", "body")))
KEY = (EVENTS.c.tenant_id, EVENTS.c.feed_id, EVENTS.c.event_id)


def upgrade() -> None:
    op.add_column("changes", sa.Column("cause", sa.BigInteger(), nullable=True))
    op.add_column("changes", sa.Column("moved_to", TEXT, nullable=True))
    op.drop_index("ix_events_all_day", "events")
    _add_columns()
    _fill(op.get_bind())
    _drop_defaults()
    _partial_index("ix_events_all_day", "all_day = 1", "event_id")
    _partial_index("ix_events_series", "recurring = 1", "end_s", "start_s")
    _partial_index("ix_events_series_by_start", "recurring = 1", "start_s", "event_id")


def _partial_index(name: str, where: str, *columns: str) -> None:
    op.create_index(
        name,
        "events",
        ["tenant_id", "feed_id", *columns],
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _columns() -> Iterator[tuple[str, sa.types.TypeEngine[Any], str]]:
    for name in ("recurring", "shown", "update_us"):
        yield name, sa.BigInteger(), "0"
    for name in ("attendees", "pairs"):
        yield name, TEXT, ""


def _add_columns() -> None:
    for name, kind, default in _columns():
        op.add_column("events", sa.Column(name, kind, nullable=False, server_default=default))


def _drop_defaults() -> None:
    """They were there for the rows that existed; what is written from now on is complete."""
    with op.batch_alter_table("events") as batch:
        for name, kind, _ in _columns():
            batch.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def _fill(connection: sa.Connection) -> None:
    """Every event so far is single. Its zone and owner, which bodies had not, are those of its calendar."""
    update = EVENTS.update().where(*(column == sa.bindparam(f"at_{column.name}") for column in KEY))
    update = update.values({name: sa.bindparam(name) for name in _NEW})
    for rows in _batches(connection):
        calendars = _calendars(connection, {(row.tenant_id, row.feed_id) for row in rows})
        connection.execute(update, [_filled(row, *calendars[row.tenant_id, row.feed_id]) for row in rows])


_NEW = ("level", "shown", "update_us", "attendees", "pairs", "body")


def _batches(connection: sa.Connection) -> Iterator[Sequence[sa.Row[Any]]]:
    statement: sa.Select[Any] = sa.select(*KEY, EVENTS.c.level, EVENTS.c.body).order_by(*KEY).limit(BATCH)
    rows = connection.execute(statement).all()
    while rows:
        yield rows
        last = sa.tuple_(*(sa.literal(value, TEXT) for value in rows[-1][:3]))
        rows = connection.execute(statement.where(sa.tuple_(*KEY) > last)).all()


def _calendars(connection: sa.Connection, keys: set[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """The zone of each calendar and the folded address of its owner."""
    found = {}
    for tenant, feed in keys:
        rows = connection.execute(
            sa.select(CALENDARS.c.body, ACCOUNTS.c.body)
            .join_from(
                CALENDARS,
                ACCOUNTS,
                (ACCOUNTS.c.tenant_id == CALENDARS.c.tenant_id) & (ACCOUNTS.c.account_id == CALENDARS.c.account_id),
            )
            .where(CALENDARS.c.tenant_id == tenant, CALENDARS.c.feed_id == feed)
        )
        calendar, account = rows.one()
        found[tenant, feed] = json.loads(calendar)["time_zone"], json.loads(account)["email"].casefold()
    return found


def _filled(row: sa.Row[Any], zone: str, owner: str) -> dict[str, Any]:
    body = json.loads(row.body)
    people = {email.casefold(): response for email, _, _, response in body["attendees"]}
    body |= {"v": 2, "zone": zone, "owner": owner}
    return {
        **{f"at_{column.name}": row[place] for place, column in enumerate(KEY)},
        "level": 0 if owner and people.get(owner) == DECLINED else row.level,
        "shown": body["show_as"],
        "update_us": body["update_us"],
        "attendees": _listed(people),
        "pairs": _listed(f"{len(key)}:{key}{value}" for key, value in body["metadata"].items()),
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
    }


def _listed(values: Any) -> str:
    plain = dict.fromkeys(_plain(value) for value in values)
    return SEPARATOR + SEPARATOR.join(plain) + SEPARATOR if plain else ""


def _plain(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\x00", "\\0").replace(SEPARATOR, "\\s")
