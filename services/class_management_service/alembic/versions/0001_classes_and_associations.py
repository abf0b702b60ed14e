"""Classes, students, enrolment, and who wrote the essays of a batch."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.Text(collation="C")


def upgrade() -> None:
    op.create_table(
        "classes",
        sa.Column("class_id", _ID, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("course_code", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("class_id", name="pk_classes"),
    )
    op.create_index("ix_classes_user_id_class_id", "classes", ["user_id", "class_id"])
    op.create_table(
        "students",
        sa.Column("student_id", _ID, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("legal_full_name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("is_placeholder", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("student_id", name="pk_students"),
        sa.UniqueConstraint("user_id", "email", name="uq_students_user_id_email"),
    )
    op.create_table(
        "enrolments",
        sa.Column("class_id", _ID, nullable=False),
        sa.Column("student_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("class_id", "student_id", name="pk_enrolments"),
        sa.ForeignKeyConstraint(
            ["class_id"], ["classes.class_id"], name="fk_enrolments_class_id_classes", ondelete="cascade"
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.student_id"], name="fk_enrolments_student_id_students", ondelete="cascade"
        ),
    )
    op.create_index("ix_enrolments_student_id", "enrolments", ["student_id"])
    op.create_table(
        "batch_associations",
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("class_id", _ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("essay_ids", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batch_associations"),
    )
    op.create_index("ix_batch_associations_essay_ids", "batch_associations", ["essay_ids"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("batch_associations")
    op.drop_table("enrolments")
    op.drop_table("students")
    op.drop_table("classes")
