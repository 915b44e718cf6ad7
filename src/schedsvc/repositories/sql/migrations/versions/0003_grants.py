"""Calendars shared with other accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "grants",
        *(sa.Column(name, TEXT, nullable=False) for name in ("tenant_id", "feed_id", "grantee_id")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("account_id", "calendar_id")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("role", "edition", "create_us", "update_us")),
        sa.PrimaryKeyConstraint("tenant_id", "feed_id", "grantee_id", name="pk_grants"),
    )
    op.create_index(
        "ix_grants_tenant_id_grantee_id_account_id_calendar_id",
        "grants",
        ["tenant_id", "grantee_id", "account_id", "calendar_id"],
        unique=True,
    )
