"""The tables: batches and the files that fill them; phases, the essays they were sent and the answers."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from common_core.enums import PhaseName
from huleedu_service_libs.migrations import new_metadata

metadata = new_metadata()

_TIME = DateTime(timezone=True)
_ZERO = text("0")

# A row is there from the first thing heard of a batch: whoever wants to change its files locks it.
batch = Table(
    "batch",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("taken", Integer, nullable=False, server_default=_ZERO),
    Column("deadline_passed", Boolean, nullable=False, server_default=text("false")),
    Column("registered_at", _TIME),
    Column("ended_at", _TIME),
    Column("essay_ids", ARRAY(Uuid)),
    Column("course_code", Text),
    Column("user_id", Text),
    Column("class_id", Text),
    Column("student_prompt_ref", JSONB),
    Column("correlation_id", Text),
    Column("metadata", JSONB),
    Column("matching_asked_at", _TIME),
    Column("students_confirmed_at", _TIME),
)

essay = Table(
    "essay",
    metadata,
    Column("essay_id", Uuid, primary_key=True),
    Column("batch_id", Uuid, nullable=False),
)

# Unique by upload: two pupils may hand in equal texts, and equal texts have one storage id.
upload = Table(
    "upload",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("file_upload_id", Text, primary_key=True),
    Column("arrival", BigInteger, Identity(always=True), nullable=False),
    Column("came_at", _TIME, nullable=False),
    Column("placed_at", _TIME),
    Column("essay_id", Uuid),
    Column("file_name", Text, nullable=False),
    Column("raw_storage_id", Text, nullable=False),
    Column("text_storage_id", Text),
    Column("failure", JSONB),
    Column("correlation_id", Text, nullable=False),
    Column("document_author", Text),
    UniqueConstraint("essay_id"),
    CheckConstraint("(text_storage_id is null) <> (failure is null)", name="text_or_failure"),
)
Index("ix_upload_waiting", upload.c.batch_id, upload.c.arrival, postgresql_where=upload.c.placed_at.is_(None))

# Who wrote which essay of a class's batch, as was decided last; no student: nobody of the class.
essay_student = Table(
    "essay_student",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("essay_id", Uuid, primary_key=True),
    Column("student_id", Text),
    Column("method", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("said_at", _TIME, nullable=False),
)

# How much of a phase is out over all batches; whoever changes that, or any phase of this name, locks the row.
fan_out = Table(
    "fan_out",
    metadata,
    Column("phase", Text, primary_key=True),
    Column("in_flight", BigInteger, nullable=False, server_default=_ZERO),
    Column("waiting", BigInteger, nullable=False, server_default=_ZERO),
    CheckConstraint(f"phase in ({', '.join(repr(str(name)) for name in PhaseName)})", name="known_phase"),
)

# How much of that is each teacher's, and when he last had a turn; changed under the lock of the row above.
owner_share = Table(
    "owner_share",
    metadata,
    Column("phase", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("in_flight", BigInteger, nullable=False, server_default=_ZERO),
    Column("served", BigInteger, nullable=False, server_default=_ZERO),
)

# What changes is not indexed, unless essays wait: an update stays on its page.
phase = Table(
    "phase",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", Uuid, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("opened_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("attempt", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("succeeded", Integer, nullable=False, server_default=_ZERO),
    Column("failed", Integer, nullable=False, server_default=_ZERO),
    Column("superseded", Boolean, nullable=False, server_default=text("false")),
    Column("held", Boolean, nullable=False, server_default=text("false")),
    Column("phase", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("place", BigInteger, nullable=False, server_default=_ZERO),
    UniqueConstraint("batch_id", "phase", "run_id", "attempt"),
    CheckConstraint(
        "waiting >= 0 and succeeded >= 0 and failed >= 0 and succeeded + failed <= total", name="counts_add_up"
    ),
)
# Each teacher's line.
Index(
    "ix_phase_waiting",
    *(phase.c.phase, phase.c.owner, phase.c.place, phase.c.id),
    postgresql_where=text("waiting > 0 and not held"),
)

# Whether a batch is to wait, by the greatest version of what BOS has said; commands may come later than that.
hold = Table(
    "hold",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("waits", Boolean, nullable=False),
)

# Runs that no command is taken up for any more.
cancelled_run = Table(
    "cancelled_run",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("run_id", Uuid, primary_key=True),
)

# The plan as compressed JSON; written once.
phase_plan = Table(
    "phase_plan",
    metadata,
    Column("phase_id", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

# Insert-only: the key makes an answer count once. An answer without an error code is a success.
essay_result = Table(
    "essay_result",
    metadata,
    Column("phase_id", BigInteger, primary_key=True, autoincrement=False),
    Column("essay_id", Uuid, primary_key=True),
    Column("answered_at", _TIME, nullable=False),
    Column("text_storage_id", Text),
    Column("metrics", LargeBinary),
    Column("error_code", Text),
)

# Answers that came after their phase had been closed without them: kept apart, counted nowhere else.
discarded_answer = Table(
    "discarded_answer",
    metadata,
    Column("phase_id", BigInteger, primary_key=True, autoincrement=False),
    Column("essay_id", Uuid, primary_key=True),
    Column("answered_at", _TIME, nullable=False),
)
