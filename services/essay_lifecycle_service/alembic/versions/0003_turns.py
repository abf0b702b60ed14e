"""Whose essays they are, and whose turn it is to send some."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WAITING = sa.text("waiting > 0 and not held")
# What is open was asked for when nobody noted by whom: all of it is one teacher's.
_SHARES = """insert into owner_share(phase, owner, in_flight)
  select f.phase, '', coalesce(sum(p.total - p.waiting - p.succeeded - p.failed), 0)
  from fan_out f left join phase p on p.phase = f.phase and p.ended_at is null group by f.phase"""


def upgrade() -> None:
    op.add_column("phase", sa.Column("owner", sa.Text(), server_default="", nullable=False))
    op.add_column("phase", sa.Column("place", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.execute("update phase set place = id where ended_at is null")
    op.drop_index("ix_phase_waiting", "phase")
    op.create_index("ix_phase_waiting", "phase", ["phase", "owner", "place", "id"], postgresql_where=_WAITING)
    op.create_table(
        "owner_share",
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("in_flight", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("served", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("phase", "owner", name="pk_owner_share"),
        postgresql_with={"fillfactor": 50},
    )
    op.execute(_SHARES)


def downgrade() -> None:
    op.drop_table("owner_share")
    op.drop_index("ix_phase_waiting", "phase")
    op.create_index("ix_phase_waiting", "phase", ["phase", "id"], postgresql_where=_WAITING)
    op.drop_column("phase", "place")
    op.drop_column("phase", "owner")
