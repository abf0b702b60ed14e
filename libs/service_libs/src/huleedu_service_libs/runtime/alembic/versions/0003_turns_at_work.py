"""Work is done in turns: on whose behalf each item is, and its place in the line of all."""

from alembic import op

revision = "0003"
down_revision = "0002"

_UP = """
alter table runtime.work add column on_behalf_of text not null default '', add column place bigint not null default 0;
drop index runtime.work_of_group;
create index work_in_turn on runtime.work(grp, place, id);
create index work_of_one on runtime.work(grp, on_behalf_of, place)
"""
_DOWN = """
drop index runtime.work_of_one;
drop index runtime.work_in_turn;
create index work_of_group on runtime.work(grp, id);
alter table runtime.work drop column place, drop column on_behalf_of
"""


def upgrade() -> None:
    _execute(_UP)


def downgrade() -> None:
    _execute(_DOWN)


def _execute(statements: str) -> None:
    for statement in statements.strip().split(";\n"):
        op.execute(statement)
