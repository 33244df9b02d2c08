"""Operations: who reads which photo, signs of life of workers, backups; and the kept totals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.migrations import totals_tables
from db.migrations.parts import ID, TIME

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    totals_tables.add()
    _operations()


def _operations() -> None:
    op.create_table(
        "reading_claim",
        sa.Column("key", ID, autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=False),
        sa.Column("since", TIME, nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_reading_claim"),
    )
    op.create_table(
        "worker_sign",
        sa.Column("worker", sa.String(length=120), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("worker", name="pk_worker_sign"),
    )
    op.create_index("ix_worker_sign_seen_at", "worker_sign", ["seen_at"], unique=False)
    op.create_table(
        "backup_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("rows", ID, nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("new_files", sa.Integer(), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backup_run"),
    )
