"""The log, its readers, work items, timers, dead letters and kept answers."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
create table runtime.installation(
  epoch uuid not null default gen_random_uuid(), since timestamptz not null default now());
insert into runtime.installation default values;
create table runtime.head(next bigint not null) with (fillfactor = 10);
insert into runtime.head values (0);
create table runtime.log(
  first bigint primary key, n int not null, topic text not null, key text not null, payload bytea not null,
  said_at timestamptz not null default clock_timestamp());
alter table runtime.log alter payload set storage external;
create table runtime.member(owner text primary key, expires_at timestamptz not null) with (fillfactor = 10);
create table runtime.cursor(
  grp text primary key, at bigint not null default 0, owner text, epoch bigint not null default 0,
  seen_at timestamptz not null default now()) with (fillfactor = 10);
create table runtime.work(
  id bigint generated always as identity primary key, grp text not null, topic text not null, payload bytea not null,
  owner text, attempt int not null default 0, lost int not null default 0,
  not_before timestamptz not null default now());
create index work_of_group on runtime.work(grp, id);
create table runtime.timer(
  grp text not null, name text not null, fire_at timestamptz not null, topic text not null, payload bytea not null,
  primary key (grp, name));
create index timer_by_time on runtime.timer(fire_at);
create table runtime.dead_letter(
  id bigint generated always as identity primary key, grp text not null, topic text not null, key text not null,
  reason text not null, raw bytea not null, buried_at timestamptz not null default now(),
  wanted boolean not null default false);
create index dead_letter_wanted on runtime.dead_letter(grp, id) where wanted;
create table runtime.answer(
  service text not null, scope text not null, key text not null, fingerprint bytea not null, status int not null,
  body bytea not null, said_at timestamptz not null default now(), primary key (service, scope, key));
create index answer_by_time on runtime.answer(said_at)
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    for table in ("answer", "dead_letter", "timer", "work", "cursor", "member", "log", "head", "installation"):
        op.execute(f"drop table runtime.{table}")
