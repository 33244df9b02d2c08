"""First tables, and the triggers that refuse to change history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.migrations.parts import ID, JSON, TIME, WORD, refuse_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


INSERT_ONLY = ("photo", "interpretation", "review_action", "sheet_commit", "committed_count", "audit_log")


def upgrade() -> None:
    _tables()
    head = sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'insert-only: % of % refused', TG_OP, TG_TABLE_NAME; END $$"
        )
    refuse_changes(*INSERT_ONLY)


def _tables() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", ID, nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_app_user"),
        sa.UniqueConstraint("username", name="uq_app_user_username"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "election",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_election"),
    )
    op.create_table(
        "region",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=13), nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("regency_id", ID, nullable=True),
        sa.Column("kecamatan_id", ID, nullable=True),
        sa.Column("desa_id", ID, nullable=True),
        sa.Column("search", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["desa_id"], ["region.id"], name="fk_region_desa_id"),
        sa.ForeignKeyConstraint(["kecamatan_id"], ["region.id"], name="fk_region_kecamatan_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["region.id"], name="fk_region_parent_id"),
        sa.ForeignKeyConstraint(["regency_id"], ["region.id"], name="fk_region_regency_id"),
        sa.PrimaryKeyConstraint("id", name="pk_region"),
        sa.UniqueConstraint("code", name="uq_region_code"),
    )
    op.create_index("ix_region_desa_level", "region", ["desa_id", "level"], unique=False)
    op.create_index("ix_region_kecamatan_level", "region", ["kecamatan_id", "level"], unique=False)
    op.create_index("ix_region_level", "region", ["level"], unique=False)
    op.create_index("ix_region_parent_id", "region", ["parent_id"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("seq", ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_audit_log_user_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log"),
        sa.UniqueConstraint("hash", name="uq_audit_log_hash"),
        sa.UniqueConstraint("previous", name="uq_audit_log_previous"),
    )
    op.create_table(
        "contestant",
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_contestant_election_id"),
        sa.PrimaryKeyConstraint("election_id", "number", name="pk_contestant"),
    )
    op.create_table(
        "election_page",
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=60), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_election_page_election_id"),
        sa.PrimaryKeyConstraint("election_id", "form", "page", name="pk_election_page"),
    )
    op.create_table(
        "photo",
        sa.Column("id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("uploader_id", ID, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("tps_id", ID, nullable=False),
        sa.Column("stated_page", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_photo_election_id"),
        sa.ForeignKeyConstraint(["tps_id"], ["region.id"], name="fk_photo_tps_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["app_user.id"], name="fk_photo_uploader_id"),
        sa.PrimaryKeyConstraint("id", name="pk_photo"),
        sa.UniqueConstraint("sha256", name="uq_photo_sha256"),
    )
    op.create_index("ix_photo_place", "photo", ["tps_id", "election_id"], unique=False)
    op.create_index("ix_photo_uploader_id", "photo", ["uploader_id"], unique=False)
    op.create_table(
        "user_area",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("region_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name="fk_user_area_region_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_user_area_user_id"),
        sa.PrimaryKeyConstraint("user_id", "region_id", name="pk_user_area"),
    )
    op.create_table(
        "interpretation",
        sa.Column("id", ID, nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("versions_key", sa.String(length=64), nullable=False),
        sa.Column("versions", JSON, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("form", sa.String(length=60), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("disposition", WORD, nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_interpretation_photo_id"),
        sa.PrimaryKeyConstraint("id", name="pk_interpretation"),
        sa.UniqueConstraint("photo_id", "versions_key", name="uq_interpretation_photo_id_versions_key"),
    )
    op.create_table(
        "queue_entry",
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("interpretation_id", ID, nullable=False),
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("tps_id", ID, nullable=False),
        sa.Column("form", sa.String(length=60), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("placed", sa.Boolean(), nullable=False),
        sa.Column("uploader_id", ID, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("lease_user_id", ID, nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_queue_entry_election_id"),
        sa.ForeignKeyConstraint(["interpretation_id"], ["interpretation.id"], name="fk_queue_entry_interpretation_id"),
        sa.ForeignKeyConstraint(["lease_user_id"], ["app_user.id"], name="fk_queue_entry_lease_user_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_queue_entry_photo_id"),
        sa.ForeignKeyConstraint(["tps_id"], ["region.id"], name="fk_queue_entry_tps_id"),
        sa.ForeignKeyConstraint(["uploader_id"], ["app_user.id"], name="fk_queue_entry_uploader_id"),
        sa.PrimaryKeyConstraint("photo_id", name="pk_queue_entry"),
    )
    op.create_index("ix_queue_entry_lease_user_id", "queue_entry", ["lease_user_id"], unique=False)
    op.create_index("ix_queue_entry_since", "queue_entry", ["since", "photo_id"], unique=False)
    op.create_table(
        "review_action",
        sa.Column("id", ID, nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("interpretation_id", ID, nullable=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("tps_id", ID, nullable=False),
        sa.Column("form", sa.String(length=60), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_review_action_election_id"),
        sa.ForeignKeyConstraint(["interpretation_id"], ["interpretation.id"], name="fk_review_action_interpretation_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_review_action_photo_id"),
        sa.ForeignKeyConstraint(["tps_id"], ["region.id"], name="fk_review_action_tps_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_review_action_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review_action"),
    )
    op.create_index("ix_review_action_photo_id", "review_action", ["photo_id"], unique=False)
    op.create_index("ix_review_action_user_id", "review_action", ["user_id"], unique=False)
    op.create_table(
        "sheet_commit",
        sa.Column("id", ID, nullable=False),
        sa.Column("election_id", sa.String(length=40), nullable=False),
        sa.Column("tps_id", ID, nullable=False),
        sa.Column("form", sa.String(length=60), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", ID, nullable=True),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("interpretation_id", ID, nullable=True),
        sa.Column("action_id", ID, nullable=True),
        sa.Column("source", WORD, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("paper_error", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("(source = 'person') = (action_id IS NOT NULL)", name=op.f("ck_sheet_commit_source")),
        sa.CheckConstraint("(version = 1) = (supersedes_id IS NULL)", name=op.f("ck_sheet_commit_first")),
        sa.ForeignKeyConstraint(["action_id"], ["review_action.id"], name="fk_sheet_commit_action_id"),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_sheet_commit_election_id"),
        sa.ForeignKeyConstraint(["interpretation_id"], ["interpretation.id"], name="fk_sheet_commit_interpretation_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_sheet_commit_photo_id"),
        sa.ForeignKeyConstraint(["supersedes_id"], ["sheet_commit.id"], name="fk_sheet_commit_supersedes_id"),
        sa.ForeignKeyConstraint(["tps_id"], ["region.id"], name="fk_sheet_commit_tps_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_sheet_commit_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sheet_commit"),
        sa.UniqueConstraint("action_id", name="uq_sheet_commit_action_id"),
        sa.UniqueConstraint(
            "election_id", "tps_id", "form", "page", "version", name="uq_sheet_commit_election_id_tps_id_form_page_version"
        ),
        sa.UniqueConstraint("supersedes_id", name="uq_sheet_commit_supersedes_id"),
    )
    op.create_index("ix_sheet_commit_photo_id", "sheet_commit", ["photo_id"], unique=False)
    op.create_table(
        "committed_count",
        sa.Column("commit_id", ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.CheckConstraint("value >= 0", name=op.f("ck_committed_count_not_negative")),
        sa.ForeignKeyConstraint(["commit_id"], ["sheet_commit.id"], name="fk_committed_count_commit_id"),
        sa.PrimaryKeyConstraint("commit_id", "name", name="pk_committed_count"),
    )
