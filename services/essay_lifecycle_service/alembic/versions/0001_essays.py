"""Batches, their essays and files; phases, their plans and the answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)
_PHASES = ("spellcheck", "nlp", "cj_assessment", "ai_feedback", "student_matching")


def upgrade() -> None:
    _create_intake()
    _create_phases()
    # Already compressed: never again, only moved out when long.
    op.execute("alter table phase_plan alter body set storage external")
    for phase in _PHASES:
        op.execute(f"insert into fan_out(phase) values ('{phase}')")


def _create_intake() -> None:
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("deadline_passed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("registered_at", _TIME),
        sa.Column("ended_at", _TIME),
        sa.Column("essay_ids", postgresql.ARRAY(sa.Uuid())),
        sa.Column("course_code", sa.Text()),
        sa.Column("user_id", sa.Text()),
        sa.Column("class_id", sa.Text()),
        sa.Column("student_prompt_ref", postgresql.JSONB()),
        sa.Column("correlation_id", sa.Text()),
        sa.Column("metadata", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batch"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "essay",
        sa.Column("essay_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("essay_id", name="pk_essay"),
    )
    op.create_table(
        "upload",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("file_upload_id", sa.Text(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("came_at", _TIME, nullable=False),
        sa.Column("placed_at", _TIME),
        sa.Column("essay_id", sa.Uuid()),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("raw_storage_id", sa.Text(), nullable=False),
        sa.Column("text_storage_id", sa.Text()),
        sa.Column("failure", postgresql.JSONB()),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.CheckConstraint("(text_storage_id is null) <> (failure is null)", name="text_or_failure"),
        sa.PrimaryKeyConstraint("batch_id", "file_upload_id", name="pk_upload"),
        sa.UniqueConstraint("essay_id", name="uq_upload_essay_id"),
    )
    op.create_index(
        "ix_upload_waiting", "upload", ["batch_id", "arrival"], postgresql_where=sa.text("placed_at is null")
    )


def _create_phases() -> None:
    op.create_table(
        "fan_out",
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("in_flight", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("waiting", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(f"phase in {_PHASES}", name="known_phase"),
        sa.PrimaryKeyConstraint("phase", name="pk_fan_out"),
        postgresql_with={"fillfactor": 10},
    )
    op.create_table(
        "phase",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("succeeded", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("superseded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "waiting >= 0 and succeeded >= 0 and failed >= 0 and succeeded + failed <= total",
            name="counts_add_up",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_phase"),
        sa.UniqueConstraint("batch_id", "phase", "run_id", "attempt", name="uq_phase_batch_id_phase_run_id_attempt"),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("ix_phase_waiting", "phase", ["phase", "id"], postgresql_where=sa.text("waiting > 0"))
    op.create_table(
        "phase_plan",
        sa.Column("phase_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("phase_id", name="pk_phase_plan"),
    )
    op.create_table(
        "essay_result",
        sa.Column("phase_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("essay_id", sa.Uuid(), nullable=False),
        sa.Column("answered_at", _TIME, nullable=False),
        sa.Column("text_storage_id", sa.Text()),
        sa.Column("metrics", sa.LargeBinary()),
        sa.Column("error_code", sa.Text()),
        sa.PrimaryKeyConstraint("phase_id", "essay_id", name="pk_essay_result"),
    )


def downgrade() -> None:
    for table in ("essay_result", "phase_plan", "phase", "fan_out", "upload", "essay", "batch"):
        op.drop_table(table)
