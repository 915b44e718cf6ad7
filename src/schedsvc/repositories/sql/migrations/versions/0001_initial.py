"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _feeds()
    _directory()
    _profiles()
    _events()
    _bookings()
    _changes()
    _around()
    _plan_by_fresh_statistics()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=nullable)


def _integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns, unique=unique)


def _feeds() -> None:
    op.create_table(
        "feeds",
        _text("tenant_id"),
        _integer("kind"),
        _text("feed_id"),
        _integer("revision"),
        _integer("version"),
        _integer("epoch"),
        _integer("trimmed"),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "feed_id", name="pk_feeds"),
    )


def _directory() -> None:
    op.create_table(
        "accounts",
        _text("tenant_id"),
        _text("account_id"),
        _integer("edition"),
        _integer("create_us"),
        _integer("update_us"),
        _integer("delete_us", nullable=True),
        _text("body"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name="pk_accounts"),
    )
    op.create_table(
        "calendars",
        _text("tenant_id"),
        _text("feed_id"),
        _text("account_id"),
        _integer("secondary"),
        _text("calendar_id"),
        _integer("edition"),
        _integer("create_us"),
        _integer("update_us"),
        _integer("delete_us", nullable=True),
        _text("body"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "secondary", "calendar_id", name="pk_calendars"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name="fk_calendars_accounts",
        ),
    )
    _index("calendars", "tenant_id", "account_id", "secondary", "calendar_id", unique=True)


def _profiles() -> None:
    op.create_table(
        "booking_profiles",
        _text("tenant_id"),
        _text("account_id"),
        _text("profile_id"),
        _text("slug"),
        _integer("edition"),
        _integer("create_us"),
        _integer("update_us"),
        _integer("delete_us", nullable=True),
        _text("body"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "profile_id", name="pk_booking_profiles"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name="fk_booking_profiles_accounts",
        ),
    )
    op.create_index(
        "ix_booking_profiles_slug",
        "booking_profiles",
        ["tenant_id", "account_id", "slug"],
        unique=True,
        sqlite_where=sa.text("delete_us IS NULL"),
        postgresql_where=sa.text("delete_us IS NULL"),
    )
    op.create_table(
        "profile_calendars",
        _text("tenant_id"),
        _text("account_id"),
        _text("profile_id"),
        _text("feed_id"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "profile_id", "feed_id", name="pk_profile_calendars"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id", "profile_id"],
            [
                "booking_profiles.tenant_id",
                "booking_profiles.account_id",
                "booking_profiles.profile_id",
            ],
            name="fk_profile_calendars_booking_profiles",
        ),
    )
    _index("profile_calendars", "tenant_id", "feed_id", "account_id", "profile_id")


def _events() -> None:
    op.create_table(
        "events",
        _text("tenant_id"),
        _text("feed_id"),
        _text("event_id"),
        _text("uid"),
        _integer("span"),
        _integer("start_s"),
        _integer("end_s"),
        _integer("occupied_start_s"),
        _integer("occupied_end_s"),
        _integer("level"),
        _integer("all_day"),
        _text("booking", nullable=True),
        _integer("revision"),
        _integer("idx"),
        _integer("born"),
        _text("search"),
        _text("body"),
        sa.PrimaryKeyConstraint("tenant_id", "feed_id", "event_id", name="pk_events"),
    )
    _index("events", "tenant_id", "feed_id", "span", "start_s", "event_id")
    _index("events", "tenant_id", "feed_id", "revision", "idx")
    _index("events", "tenant_id", "uid", "feed_id")
    op.create_index(
        "ix_events_all_day",
        "events",
        ["tenant_id", "feed_id", "event_id"],
        sqlite_where=sa.text("all_day = 1"),
        postgresql_where=sa.text("all_day = 1"),
    )


def _bookings() -> None:
    op.create_table(
        "bookings",
        _text("tenant_id"),
        _text("feed_id"),
        _text("booking_id"),
        _text("account_id"),
        _integer("state"),
        _integer("start_s"),
        _integer("end_s"),
        _text("booker"),
        _integer("revision"),
        _integer("idx"),
        _integer("born"),
        _text("body"),
        sa.PrimaryKeyConstraint("tenant_id", "feed_id", "booking_id", name="pk_bookings"),
    )
    _index("bookings", "tenant_id", "feed_id", "start_s", "booking_id")
    _index("bookings", "tenant_id", "account_id", "start_s", "feed_id", "booking_id")
    _index("bookings", "tenant_id", "start_s", "feed_id", "booking_id")
    _index("bookings", "tenant_id", "feed_id", "revision", "idx")


def _changes() -> None:
    op.create_table(
        "changes",
        _text("tenant_id"),
        _integer("kind"),
        _text("feed_id"),
        _integer("revision"),
        _integer("idx"),
        _integer("change"),
        _integer("reason", nullable=True),
        _text("resource_id"),
        _text("uid"),
        _integer("start_s", nullable=True),
        _integer("end_s", nullable=True),
        _integer("previous_start_s", nullable=True),
        _integer("previous_end_s", nullable=True),
        _integer("born"),
        _integer("time_us"),
        _text("body", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "feed_id", "revision", "idx", name="pk_changes"),
    )
    _index("changes", "tenant_id", "kind", "feed_id", "resource_id", "revision", "idx")


def _around() -> None:
    op.create_table(
        "requests",
        _text("tenant_id"),
        _text("caller"),
        _text("method"),
        _text("request_id"),
        _bytes("fingerprint"),
        _bytes("answer"),
        _integer("expire_us"),
        sa.PrimaryKeyConstraint("tenant_id", "caller", "method", "request_id", name="pk_requests"),
    )
    _index("requests", "tenant_id", "expire_us")
    op.create_table(
        "outbox",
        _text("tenant_id"),
        _text("outbox_id"),
        _text("topic"),
        _text("aggregate"),
        _text("body"),
        _integer("create_us"),
        _integer("due_us"),
        _integer("attempts"),
        sa.PrimaryKeyConstraint("tenant_id", "outbox_id", name="pk_outbox"),
    )
    _index("outbox", "tenant_id", "due_us", "outbox_id")
    op.create_table(
        "api_keys",
        _text("tenant_id"),
        _text("key_id"),
        _bytes("digest"),
        _text("scopes"),
        _text("account_id", nullable=True),
        _integer("create_us"),
        _integer("expire_us", nullable=True),
        _integer("revoke_us", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name="pk_api_keys"),
    )


def _plan_by_fresh_statistics() -> None:
    """Has PostgreSQL look at growing tables early: plans made for empty ones are slow."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("feeds", "events", "bookings", "changes", "requests"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_analyze_threshold = 200, autovacuum_analyze_scale_factor = 0.02)"
        )
