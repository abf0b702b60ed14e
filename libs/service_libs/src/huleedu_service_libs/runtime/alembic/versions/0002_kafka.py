"""What Kafka needs: an inbox, readers that do not read the log, letters that are buried once, and one bus for good."""

from alembic import op

revision = "0002"
down_revision = "0001"

_UP = """
alter table runtime.installation add column bus text;
update runtime.installation set bus = 'postgres' where exists (select from runtime.cursor);
alter table runtime.cursor alter column at drop not null;
create table runtime.inbox(
  grp text not null, event uuid not null, taken_at timestamptz not null default now(), primary key (grp, event));
create index inbox_by_time on runtime.inbox using brin(taken_at);
alter table runtime.dead_letter add column origin text;
create unique index dead_letter_origin on runtime.dead_letter(grp, origin)
"""
_DOWN = """
drop index runtime.dead_letter_origin;
alter table runtime.dead_letter drop column origin;
drop table runtime.inbox;
delete from runtime.cursor where at is null;
alter table runtime.cursor alter column at set not null;
alter table runtime.installation drop column bus
"""


def upgrade() -> None:
    _execute(_UP)


def downgrade() -> None:
    _execute(_DOWN)


def _execute(statements: str) -> None:
    for statement in statements.strip().split(";\n"):
        op.execute(statement)
