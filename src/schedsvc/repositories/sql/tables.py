"""The tables. `tenant_id` leads every key and every index, and every statement filters by it.

Columns are BIGINT, TEXT or BLOB. Names that end in `_s` hold epoch seconds, in `_us` epoch
microseconds. `body` holds what no statement looks at, as versioned JSON (`bodies.py`). A `feed_id`
is `{account}`, `{account}/{calendar}` or `{account}/{profile}`, told apart by the feed's kind. Text
is compared byte by byte, so that every database sorts and pages alike.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger()
BYTES = sa.LargeBinary()

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key(name: str, kind: sa.types.TypeEngine[Any] = TEXT) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, INTEGER, nullable=False)


def _maybe(name: str, kind: sa.types.TypeEngine[Any] = INTEGER) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


feeds = sa.Table(
    "feeds",
    metadata,
    _key("tenant_id"),
    _key("kind", INTEGER),
    _key("feed_id"),
    _integer("revision"),
    _integer("version"),
    _integer("epoch"),
    _integer("trimmed"),
)

accounts = sa.Table(
    "accounts",
    metadata,
    _key("tenant_id"),
    _key("account_id"),
    _integer("edition"),
    _integer("create_us"),
    _integer("update_us"),
    _maybe("delete_us"),
    _text("body"),
)

# `secondary` is 0 for an account's primary calendar and 1 for the others: it is there to sort by.
calendars = sa.Table(
    "calendars",
    metadata,
    _key("tenant_id"),
    _key("feed_id"),
    _text("account_id"),
    _integer("secondary"),
    _text("calendar_id"),
    _integer("edition"),
    _integer("create_us"),
    _integer("update_us"),
    _maybe("delete_us"),
    _text("body"),
    sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.account_id"]),
    sa.Index(None, "tenant_id", "account_id", "secondary", "calendar_id", unique=True),
)

# Who shares a calendar. `feed_id`, `account_id` and `calendar_id` are the calendar's: one to look for, two to sort by.
grants = sa.Table(
    "grants",
    metadata,
    _key("tenant_id"),
    _key("feed_id"),
    _key("grantee_id"),
    _text("account_id"),
    _text("calendar_id"),
    _integer("role"),
    _integer("edition"),
    _integer("create_us"),
    _integer("update_us"),
    sa.Index(None, "tenant_id", "grantee_id", "account_id", "calendar_id", unique=True),
)

# `span` is the class of the occupied length (`spans.py`). `recurring` is 1 for a series, whose
# instances are not rows, so its `level` is 0. `all_day` is 1 if the calendar's zone decides when the
# event is: dates and floating times, also those of an override. `shown` is its show_as. `search` is
# the folded text that a query looks into, `attendees` the folded addresses and `pairs` the metadata,
# each as a list in a text (`listed.py`), and all three those of the overrides too. No foreign key:
# an event is written under its feed's lock, and feeds are never removed.
events = sa.Table(
    "events",
    metadata,
    _key("tenant_id"),
    _key("feed_id"),
    _key("event_id"),
    _text("uid"),
    _integer("span"),
    _integer("start_s"),
    _integer("end_s"),
    _integer("occupied_start_s"),
    _integer("occupied_end_s"),
    _integer("level"),
    _integer("all_day"),
    _integer("recurring"),
    _integer("shown"),
    _maybe("booking", TEXT),
    _integer("revision"),
    _integer("idx"),
    _integer("born"),
    _integer("update_us"),
    _text("search"),
    _text("attendees"),
    _text("pairs"),
    _text("body"),
    sa.Index(None, "tenant_id", "feed_id", "span", "start_s", "event_id"),
    sa.Index(None, "tenant_id", "feed_id", "revision", "idx"),
    sa.Index(None, "tenant_id", "uid", "feed_id"),
)
sa.Index(
    "ix_events_all_day",
    events.c.tenant_id,
    events.c.feed_id,
    events.c.event_id,
    sqlite_where=events.c.all_day == 1,
    postgresql_where=events.c.all_day == 1,
)
# Series are few and long: by end for what a window needs, since most that are over are never asked for again; by
# start for lists.
for _name, _columns in (
    ("ix_events_series", (events.c.end_s, events.c.start_s)),
    ("ix_events_series_by_start", (events.c.start_s, events.c.event_id)),
):
    sa.Index(
        _name,
        events.c.tenant_id,
        events.c.feed_id,
        *_columns,
        sqlite_where=events.c.recurring == 1,
        postgresql_where=events.c.recurring == 1,
    )

booking_profiles = sa.Table(
    "booking_profiles",
    metadata,
    _key("tenant_id"),
    _key("account_id"),
    _key("profile_id"),
    _text("slug"),
    _integer("edition"),
    _integer("create_us"),
    _integer("update_us"),
    _maybe("delete_us"),
    _text("body"),
    sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.account_id"]),
)
# A deleted profile keeps its id but gives its slug back.
sa.Index(
    "ix_booking_profiles_slug",
    booking_profiles.c.tenant_id,
    booking_profiles.c.account_id,
    booking_profiles.c.slug,
    unique=True,
    sqlite_where=booking_profiles.c.delete_us.is_(None),
    postgresql_where=booking_profiles.c.delete_us.is_(None),
)

# Which calendars a live profile writes to or checks; `feed_id` is the calendar's.
profile_calendars = sa.Table(
    "profile_calendars",
    metadata,
    _key("tenant_id"),
    _key("account_id"),
    _key("profile_id"),
    _key("feed_id"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "account_id", "profile_id"],
        [
            "booking_profiles.tenant_id",
            "booking_profiles.account_id",
            "booking_profiles.profile_id",
        ],
    ),
    sa.Index(None, "tenant_id", "feed_id", "account_id", "profile_id"),
)

# `feed_id` is the profile's; `booker` the folded e-mail address that a filter looks for.
bookings = sa.Table(
    "bookings",
    metadata,
    _key("tenant_id"),
    _key("feed_id"),
    _key("booking_id"),
    _text("account_id"),
    _integer("state"),
    _integer("start_s"),
    _integer("end_s"),
    _text("booker"),
    _integer("revision"),
    _integer("idx"),
    _integer("born"),
    _text("body"),
    sa.Index(None, "tenant_id", "feed_id", "start_s", "booking_id"),
    sa.Index(None, "tenant_id", "account_id", "start_s", "feed_id", "booking_id"),
    sa.Index(None, "tenant_id", "start_s", "feed_id", "booking_id"),
    sa.Index(None, "tenant_id", "feed_id", "revision", "idx"),
)

# The log. `body` is the record as it stood at this revision, NULL for a tombstone; `moved_to` the
# name of the event that a tombstone's record became.
changes = sa.Table(
    "changes",
    metadata,
    _key("tenant_id"),
    _key("kind", INTEGER),
    _key("feed_id"),
    _key("revision", INTEGER),
    _key("idx", INTEGER),
    _integer("change"),
    _maybe("reason"),
    _text("resource_id"),
    _text("uid"),
    _maybe("start_s"),
    _maybe("end_s"),
    _maybe("previous_start_s"),
    _maybe("previous_end_s"),
    _integer("born"),
    _integer("time_us"),
    _maybe("body", TEXT),
    _maybe("cause"),
    _maybe("moved_to", TEXT),
    sa.Index(None, "tenant_id", "kind", "feed_id", "resource_id", "revision", "idx"),
)

requests = sa.Table(
    "requests",
    metadata,
    _key("tenant_id"),
    _key("caller"),
    _key("method"),
    _key("request_id"),
    sa.Column("fingerprint", BYTES, nullable=False),
    sa.Column("answer", BYTES, nullable=False),
    _integer("expire_us"),
    sa.Index(None, "tenant_id", "expire_us"),
)

# What others are to be told, written with what they are told of. `aggregate` is the record it is about.
outbox = sa.Table(
    "outbox",
    metadata,
    _key("tenant_id"),
    _key("outbox_id"),
    _text("topic"),
    _text("aggregate"),
    _text("body"),
    _integer("create_us"),
    _integer("due_us"),
    _integer("attempts"),
    sa.Index(None, "tenant_id", "due_us", "outbox_id"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _key("tenant_id"),
    _key("key_id"),
    sa.Column("digest", BYTES, nullable=False),
    _text("scopes"),
    _maybe("account_id", TEXT),
    _integer("create_us"),
    _maybe("expire_us"),
    _maybe("revoke_us"),
)

TENANT = "tenant_id"


def of_tenant(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """The filter that every statement starts with; the session fills it in."""
    return table.c.tenant_id == sa.bindparam(TENANT, type_=TEXT)
