"""The tables: classes, students and enrolment in columns, a batch's associations compressed in one."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from huleedu_service_libs.migrations import new_metadata

metadata = new_metadata()

_ID = Text(collation="C")  # ids sort by their bytes, and so by their time

classes = Table(
    "classes",
    metadata,
    Column("class_id", _ID, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("org_id", Text),
    Column("name", Text, nullable=False),
    Column("course_code", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("ix_classes_user_id_class_id", "user_id", "class_id"),
)

students = Table(
    "students",
    metadata,
    Column("student_id", _ID, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("legal_full_name", Text),
    Column("email", Text),
    Column("is_placeholder", Boolean, nullable=False, server_default=text("false")),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("user_id", "email"),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("class_id", _ID, ForeignKey("classes.class_id", ondelete="cascade"), primary_key=True),
    Column("student_id", _ID, ForeignKey("students.student_id", ondelete="cascade"), primary_key=True),
    Index("ix_enrolments_student_id", "student_id"),
)

batch_associations = Table(
    "batch_associations",
    metadata,
    Column("batch_id", _ID, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("class_id", _ID, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("essay_ids", ARRAY(Text), nullable=False),
    Column("state", LargeBinary, nullable=False),
    # An essay's batch is asked for by the essay; new essays are rare, so the index is left alone by most changes.
    Index("ix_batch_associations_essay_ids", "essay_ids", postgresql_using="gin"),
)
