"""Anomalies: what looks wrong across sheets, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.migrations.parts import ID, JSON, TIME, WORD, refuse_changes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


INSERT_ONLY = ("anomaly", "anomaly_state")


def upgrade() -> None:
    _tables()
    refuse_changes(*INSERT_ONLY)


def _tables() -> None:
    op.create_table(
        "anomaly",
        sa.Column("id", ID, nullable=False),
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("tps_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=100), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_anomaly_election_id"),
        sa.ForeignKeyConstraint(["tps_id"], ["region.id"], name="fk_anomaly_tps_id"),
        sa.PrimaryKeyConstraint("id", name="pk_anomaly"),
        sa.UniqueConstraint("tps_id", "election_id", "kind", "what", name="uq_anomaly_tps_id_election_id_kind_what"),
    )
    op.create_table(
        "anomaly_state",
        sa.Column("id", ID, nullable=False),
        sa.Column("anomaly_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", ID, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("event", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("context", JSON, nullable=False),
        sa.Column("places", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("(number = 1) = (supersedes_id IS NULL)", name="first"),
        sa.ForeignKeyConstraint(["anomaly_id"], ["anomaly.id"], name="fk_anomaly_state_anomaly_id"),
        sa.ForeignKeyConstraint(["supersedes_id"], ["anomaly_state.id"], name="fk_anomaly_state_supersedes_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_anomaly_state_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_anomaly_state"),
        sa.UniqueConstraint("anomaly_id", "number", name="uq_anomaly_state_anomaly_id_number"),
        sa.UniqueConstraint("supersedes_id", name="uq_anomaly_state_supersedes_id"),
    )
    op.create_table(
        "anomaly_mark",
        sa.Column("area", sa.String(length=13), nullable=False),
        sa.Column("seq", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("area", name="pk_anomaly_mark"),
    )
