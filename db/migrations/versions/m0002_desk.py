"""The reviewer's desk: two people's entries, blind samples of what counts, the machine's switch, policy per election, the queue's order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.migrations.parts import ID, JSON, TIME, WORD, refuse_changes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ELECTION = sa.String(length=40)

INSERT_ONLY = ("entry", "entry_verdict", "sample", "sample_result", "accepting_switch")


def upgrade() -> None:
    _columns()
    _tables()
    refuse_changes(*INSERT_ONLY)


def _columns() -> None:
    policy: list[sa.Column[object]] = [
        sa.Column("entry_policy", WORD, nullable=False, server_default="single"),
        sa.Column("sample_machine", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sample_single", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sample_double", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("stop_bound", sa.Integer(), nullable=False, server_default="10"),
        sa.Column("stop_errors", sa.Integer(), nullable=False, server_default="3"),
        sa.Column("margin", sa.Integer(), nullable=True),
    ]
    for column in policy:
        op.add_column("election", column)
    op.add_column("review_action", sa.Column("took_ms", sa.Integer(), nullable=True))
    op.add_column("review_action", sa.Column("undoes_id", ID, nullable=True))
    op.create_index("ix_review_action_undoes_id", "review_action", ["undoes_id"], unique=True)
    waiting: list[sa.Column[object]] = [
        sa.Column("lease_desk", sa.String(length=40), nullable=True),
        sa.Column("lease_ahead", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("lease_since", TIME, nullable=True),
        sa.Column("stage", WORD, nullable=False, server_default="first"),
        sa.Column("round", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("rank", ID, nullable=False, server_default="0"),
        sa.Column("codes", sa.String(length=400), nullable=False, server_default=""),
        sa.Column("barred", sa.String(length=400), nullable=False, server_default=""),
        sa.Column("sample_id", ID, nullable=True),
    ]
    for column in waiting:
        op.add_column("queue_entry", column)
    # what waits already keeps its order: the oldest first
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE queue_entry SET rank = CAST(EXTRACT(EPOCH FROM since) AS BIGINT) * 1000")
    else:
        op.execute("UPDATE queue_entry SET rank = CAST(strftime('%s', since) AS INTEGER) * 1000")
    op.drop_index("ix_queue_entry_since", "queue_entry")
    op.create_index("ix_queue_entry_rank", "queue_entry", ["rank", "photo_id"], unique=False)
    op.create_index("ix_queue_entry_election_id", "queue_entry", ["election_id", "rank", "photo_id"], unique=False)


def _tables() -> None:
    op.create_table(
        "entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", WORD, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("action_id", ID, nullable=False),
        sa.Column("election_id", ELECTION, nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("paper_error", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["review_action.id"], name="fk_entry_action_id"),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_entry_election_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_entry_photo_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_entry_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.UniqueConstraint("photo_id", "round", "user_id", name="uq_entry_photo_id_round_user_id"),
        sa.UniqueConstraint("photo_id", "round", "number", name="uq_entry_photo_id_round_number"),
    )
    op.create_index("ix_entry_user_id", "entry", ["user_id"], unique=False)
    op.create_index("ix_entry_action_id", "entry", ["action_id"], unique=False)
    _judgement("entry_verdict", "entry_id", "entry.id")
    op.create_table(
        "sample",
        sa.Column("id", ID, nullable=False),
        sa.Column("commit_id", ID, nullable=False),
        sa.Column("step", WORD, nullable=False),
        sa.Column("election_id", ELECTION, nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["commit_id"], ["sheet_commit.id"], name="fk_sample_commit_id"),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_sample_election_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_sample_photo_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sample"),
        sa.UniqueConstraint("commit_id", name="uq_sample_commit_id"),
    )
    op.create_index("ix_sample_election_id", "sample", ["election_id", "at"], unique=False)
    op.create_index("ix_sample_photo_id", "sample", ["photo_id"], unique=False)
    _judgement("sample_result", "sample_id", "sample.id")
    op.create_table(
        "accepting_switch",
        sa.Column("id", ID, nullable=False),
        sa.Column("election_id", ELECTION, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("accepting", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name="fk_accepting_switch_election_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_accepting_switch_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_accepting_switch"),
    )
    op.create_index("ix_accepting_switch_election_id", "accepting_switch", ["election_id"], unique=False)


def _judgement(table: str, key: str, of: str) -> None:
    """One row that says whether the row ``key`` of ``of`` was right."""
    op.create_table(
        table,
        sa.Column(key, ID, nullable=False),
        sa.Column("action_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["review_action.id"], name=f"fk_{table}_action_id"),
        sa.ForeignKeyConstraint([key], [of], name=f"fk_{table}_{key}"),
        sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_action_id", table, ["action_id"], unique=False)
