"""Elections as data: areas, parties, contestants by number, expected pages by area; photos whose place is still open."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.migrations.parts import ID, JSON, TIME

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ELECTION = sa.String(length=40)


def upgrade() -> None:
    bind = op.get_bind()
    pages = bind.execute(sa.text("SELECT election_id, form, page FROM election_page")).all()
    people = bind.execute(sa.text("SELECT election_id, number, label FROM contestant")).all()
    op.drop_table("election_page")
    op.drop_table("contestant")
    op.create_table(
        "election_area",
        sa.Column("election_id", ELECTION, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("covers", JSON, nullable=False),
        _of_election("election_area"),
        sa.PrimaryKeyConstraint("election_id", "code", name="pk_election_area"),
    )
    page = op.create_table(
        "election_page",
        sa.Column("election_id", ELECTION, nullable=False),
        sa.Column("area", sa.String(length=20), nullable=False),
        sa.Column("form", sa.String(length=60), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("party", sa.Integer(), nullable=True),
        _of_election("election_page"),
        sa.PrimaryKeyConstraint("election_id", "area", "form", "page", name="pk_election_page"),
    )
    op.create_table(
        "party",
        sa.Column("election_id", ELECTION, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        _of_election("party"),
        sa.PrimaryKeyConstraint("election_id", "number", name="pk_party"),
    )
    contestant = op.create_table(
        "contestant",
        sa.Column("election_id", ELECTION, nullable=False),
        sa.Column("area", sa.String(length=20), nullable=False),
        sa.Column("party", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        _of_election("contestant"),
        sa.PrimaryKeyConstraint("election_id", "area", "party", "number", name="pk_contestant"),
    )
    if pages:
        op.bulk_insert(page, [{"election_id": e, "area": "", "form": f, "page": p, "party": None} for e, f, p in pages])
    if rows := [row for election, name, label in people if (row := _by_number(election, name, label))]:
        op.bulk_insert(contestant, rows)
    _unplaced()


def _of_election(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["election_id"], ["election.id"], name=f"fk_{table}_election_id")


def _by_number(election: str, name: str, label: str) -> dict[str, Any] | None:
    """Before this version only pairs had names: suara_paslon_1, suara_paslon_2, ..."""
    found = re.fullmatch(r"suara_paslon_(\d+)", name)
    return {"election_id": election, "area": "", "party": 0, "number": int(found[1]), "name": label} if found else None


def _unplaced() -> None:
    op.create_table(
        "unplaced_photo",
        sa.Column("id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("uploader_id", ID, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("election_id", ELECTION, nullable=True),
        sa.Column("tps_id", ID, nullable=True),
        sa.Column("body", JSON, nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("photo_id", ID, nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_unplaced_photo_election_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_unplaced_photo_photo_id"),
        sa.ForeignKeyConstraint(["tps_id"], ["region.id"], name="fk_unplaced_photo_tps_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["app_user.id"], name="fk_unplaced_photo_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_unplaced_photo"),
        sa.UniqueConstraint("sha256", name="uq_unplaced_photo_sha256"),
    )
    op.create_index("ix_unplaced_photo_closed", "unplaced_photo", ["closed"], unique=False)
