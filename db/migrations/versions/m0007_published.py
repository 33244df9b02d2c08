"""Published figures of others (KPU) to compare with, and the index by which the overview tells the photos' arrival."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.migrations.parts import ID, JSON, TIME, refuse_changes

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


INSERT_ONLY = ("published_import", "published_count")


def upgrade() -> None:
    op.create_table(
        "published_import",
        sa.Column("id", ID, nullable=False),
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("as_of", sa.String(length=40), nullable=False),
        sa.Column("stations", sa.Integer(), nullable=False),
        sa.Column("figures", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ids", JSON, nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_published_import_election_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_published_import_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_published_import"),
        sa.UniqueConstraint("election_id", "source", "version", name="uq_published_import_election_id_source_version"),
    )
    op.create_table(
        "published_count",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("tps_id", ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_published_count_not_negative")),
        sa.ForeignKeyConstraint(["import_id"], ["published_import.id"], name="fk_published_count_import_id"),
        sa.ForeignKeyConstraint(["tps_id"], ["region.id"], name="fk_published_count_tps_id"),
        sa.PrimaryKeyConstraint("import_id", "tps_id", "name", name="pk_published_count"),
    )
    op.create_index("ix_photo_arrival", "photo", ["election_id", "received_at"], unique=False)
    refuse_changes(*INSERT_ONLY)
