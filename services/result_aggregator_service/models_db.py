"""The tables, as SQLAlchemy knows them for migrations; queries are in `implementations/`."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid

from huleedu_service_libs.migrations import new_metadata

metadata = new_metadata()

batch = Table(
    "batch",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("user_id", Text),
    Column("status", Text, nullable=False),
    Column("registered_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    # Every fact rewrites the row: room on its page keeps the index out of it.
    postgresql_with={"fillfactor": 60},
)
Index("ix_batch_of_user", batch.c.user_id, batch.c.registered_at)

essay = Table(
    "essay",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("essay_id", Uuid, primary_key=True),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
    Column("file_upload_id", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("text_storage_id", Text, nullable=False),
)

essay_student = Table(
    "essay_student",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("essay_id", Uuid, primary_key=True),
    Column("student_id", Text),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("method", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

unused_file = Table(
    "unused_file",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("file_key", Text, primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

essay_result = Table(
    "essay_result",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("essay_id", Uuid, primary_key=True),
    Column("phase", SmallInteger, primary_key=True),
    Column("attempt", SmallInteger, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("error_code", Text),
    Column("summary", LargeBinary),
    Column("detail", LargeBinary),
)
