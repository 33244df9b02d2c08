"""Tables of kept totals (db.summaries), seats of an electoral district, who is above a threshold; called from migration 0010."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def add() -> None:
    """Kept totals start empty and not in use (election.summed): the first commit of an election, or ``c1 totals rebuild``, fills them."""
    op.add_column("election", sa.Column("summed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("election_area", sa.Column("seats", sa.Integer(), nullable=True))
    op.add_column("election_area", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("party", sa.Column("above_threshold", sa.Boolean(), nullable=True))
    op.create_table(
        "page_total",
        *_place("page_total"),
        sa.Column("form", sa.String(length=60), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=False),
        sa.Column("paper_errors", sa.Integer(), nullable=False),
        sa.Column("numbers", JSON, nullable=False),
        sa.PrimaryKeyConstraint("election_id", "region_id", "area", "form", "page", name="pk_page_total"),
    )
    op.create_table(
        "place_total",
        *_place("place_total"),
        sa.Column("tps_all", sa.Integer(), nullable=False),
        sa.Column("tps_any", sa.Integer(), nullable=False),
        sa.Column("tps_complete", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("election_id", "region_id", "area", name="pk_place_total"),
    )
    op.create_index("ix_region_level_code", "region", ["level", "code"], unique=False)
    op.create_index("ix_sheet_commit_election_id_at", "sheet_commit", ["election_id", "at"], unique=False)


def _place(table: str) -> list[sa.Column[object] | sa.ForeignKeyConstraint]:
    return [
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("region_id", ID, nullable=False),
        sa.Column("area", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name=f"fk_{table}_election_id"),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=f"fk_{table}_region_id"),
    ]
