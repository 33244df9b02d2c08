"""Intake: WhatsApp senders, imports, quarantine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.migrations.parts import ID, JSON, TIME, WORD, refuse_changes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


INSERT_ONLY = ("photo_origin", "photo_likeness", "photo_hold")


def upgrade() -> None:
    _whatsapp()
    _imports()
    _photos()
    refuse_changes(*INSERT_ONLY)


def _whatsapp() -> None:
    op.create_table(
        "sender",
        sa.Column("id", ID, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("told_documents", sa.Boolean(), nullable=False),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_sender_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sender"),
        sa.UniqueConstraint("phone", name="uq_sender_phone"),
    )
    op.create_table(
        "message",
        sa.Column("id", ID, nullable=False),
        sa.Column("wamid", sa.String(length=200), nullable=False),
        sa.Column("sender_id", ID, nullable=False),
        sa.Column("sent_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", TIME, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("photo_id", ID, nullable=True),
        sa.Column("told", sa.String(length=20), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_message_photo_id"),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name="fk_message_sender_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("wamid", name="uq_message_wamid"),
    )
    for columns in (("state", "next_try"), ("sender_id",), ("sha256",), ("photo_id",)):
        op.create_index("ix_message_" + "_".join(columns), "message", list(columns), unique=False)
    op.create_table(
        "outgoing",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("sender_id", ID, nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", TIME, nullable=True),
        sa.Column("wamid", sa.String(length=200), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name="fk_outgoing_sender_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing"),
        sa.UniqueConstraint("key", name="uq_outgoing_key"),
    )
    for columns in (("state", "next_try"), ("sender_id",), ("wamid",)):
        op.create_index("ix_outgoing_" + "_".join(columns), "outgoing", list(columns), unique=False)


def _imports() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_import_run_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_run"),
        sa.UniqueConstraint("source_key", "user_id", name="uq_import_run_source_key_user_id"),
    )
    op.create_table(
        "import_item",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("photo_id", ID, nullable=True),
        sa.Column("detail", JSON, nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_import_item_photo_id"),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name="fk_import_item_run_id"),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_import_item"),
    )


def _photos() -> None:
    op.create_table(
        "photo_origin",
        sa.Column("photo_id", ID, autoincrement=False, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("sender_id", ID, nullable=True),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("sent_by", sa.String(length=100), nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_photo_origin_photo_id"),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name="fk_photo_origin_run_id"),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name="fk_photo_origin_sender_id"),
        sa.PrimaryKeyConstraint("photo_id", name="pk_photo_origin"),
    )
    op.create_index("ix_photo_origin_sender_id", "photo_origin", ["sender_id"], unique=False)
    op.create_index("ix_photo_origin_run_id", "photo_origin", ["run_id"], unique=False)
    op.create_table(
        "photo_likeness",
        sa.Column("photo_id", ID, autoincrement=False, nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=60), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("paper", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_photo_likeness_photo_id"),
        sa.PrimaryKeyConstraint("photo_id", name="pk_photo_likeness"),
    )
    op.create_table(
        "photo_hold",
        sa.Column("id", ID, nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_photo_hold_photo_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_photo_hold_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_photo_hold"),
    )
    op.create_index("ix_photo_hold_photo_id", "photo_hold", ["photo_id"], unique=False)
