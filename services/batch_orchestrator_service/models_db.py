"""The tables: what SQL must see stands in columns, the rest of a batch in one compressed column."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from batch_orchestrator_service.domain.operation import OperationStatus
from huleedu_service_libs.migrations import new_metadata

metadata = new_metadata()

_ID = Text(collation="C")  # ids sort by their bytes, and so by their time

batches = Table(
    "batches",
    metadata,
    Column("batch_id", _ID, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("org_id", Text),
    Column("class_id", Text),
    Column("status", Text, nullable=False),
    Column("active_run", Text),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("course_code", Text),
    Column("essay_count", Integer),
    # A list goes through one of these, status by status, from its cursor on; what else narrows it is in the index too.
    Index("ix_batches_user_id", "user_id", "status", "batch_id", "updated_at"),
    Index("ix_batches_status", "status", "batch_id", "updated_at"),
    Index("ix_batches_updated_at", "updated_at", "status", "batch_id"),
    Index(
        "ix_batches_class_id",
        *("class_id", "status", "batch_id", "updated_at", "user_id"),
        postgresql_where=text("class_id is not null"),
    ),
)

timeline = Table(
    "timeline",
    metadata,
    Column("batch_id", _ID, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

phase_progress = Table(
    "phase_progress",
    metadata,
    Column("batch_id", _ID, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("phase_name", Text, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("succeeded", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("reported_at", DateTime(timezone=True)),
)

operations = Table(
    "operations",
    metadata,
    Column("operation_id", _ID, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("state", JSONB, nullable=False),
    CheckConstraint(f"status in ({', '.join(repr(str(each)) for each in OperationStatus)})", name="known_status"),
    Index("uq_operations_subject", "subject", unique=True, postgresql_where=text("status = 'running'")),
)
