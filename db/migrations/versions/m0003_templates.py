"""Templates drafted and published while running: drafts, versions, trust, test photos, and the files that belong to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.migrations.parts import ID, JSON, TIME, WORD, refuse_changes

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FORM = sa.String(length=60)
SHA = sa.String(length=64)

INSERT_ONLY = ("template_version", "template_trust")


def upgrade() -> None:
    _tables()
    refuse_changes(*INSERT_ONLY)


def _tables() -> None:
    op.create_table(
        "template_draft",
        sa.Column("id", ID, nullable=False),
        sa.Column("form", FORM, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("sources", JSON, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("progress", JSON, nullable=False),
        sa.Column("body", JSON, nullable=True),
        sa.Column("pages", JSON, nullable=False),
        sa.Column("features", JSON, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_by", ID, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name="fk_template_draft_created_by"),
        sa.ForeignKeyConstraint(["updated_by"], ["app_user.id"], name="fk_template_draft_updated_by"),
        sa.PrimaryKeyConstraint("id", name="pk_template_draft"),
    )
    op.create_index("ix_template_draft_form", "template_draft", ["form"], unique=False)
    op.create_table(
        "template_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("form", FORM, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("digest", SHA, nullable=False),
        sa.Column("features_sha256", SHA, nullable=True),
        sa.Column("pages", JSON, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_template_version_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_template_version"),
        sa.UniqueConstraint("form", "version", name="uq_template_version_form_version"),
    )
    op.create_index("ix_template_version_digest", "template_version", ["digest"], unique=False)
    op.create_table(
        "template_trust",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_template_trust_user_id"),
        sa.ForeignKeyConstraint(["version_id"], ["template_version.id"], name="fk_template_trust_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_template_trust"),
    )
    op.create_index("ix_template_trust_version_id", "template_trust", ["version_id"], unique=False)
    op.create_table(
        "template_trial",
        sa.Column("id", ID, nullable=False),
        sa.Column("form", FORM, nullable=False),
        sa.Column("digest", SHA, nullable=False),
        sa.Column("photo_sha256", SHA, nullable=False),
        sa.Column("photo_name", sa.String(length=255), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("reading", JSON, nullable=True),
        sa.Column("typed", JSON, nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_template_trial_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_template_trial"),
        sa.UniqueConstraint("digest", "photo_sha256", name="uq_template_trial_digest_photo_sha256"),
    )
    op.create_table(
        "template_file",
        sa.Column("sha256", SHA, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_template_file"),
    )
