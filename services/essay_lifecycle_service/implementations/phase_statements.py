"""What the phases repository says to PostgreSQL: arrays in, so that no statement is for one essay or batch."""

from essay_lifecycle_service.domain.window import TURN

# Whoever opens phases or counts answers in holds the row of the phase's name to the end of the transaction. So the
# window is kept over all batches and replicas, teachers' shares of it too, and no two can dead-lock over phases.
LOCK = "select in_flight, waiting from fan_out where phase = $1 for update"

LOCK_ALL = "select phase, in_flight, waiting from fan_out order by phase for update"

# For each plan: whether its run is cancelled or its batch is to wait, what its teacher has out, and the phases there
# are already, if any.
KNOWN = """select k.ord, c.run_id is not null as cancelled, coalesce(h.waits, false) as held,
    coalesce(s.in_flight, 0) as owner_in_flight,
    p.id, p.ended_at is null as is_open, p.run_id::text, p.attempt, p.total, p.waiting, p.succeeded, p.failed
  from unnest($2::text[]::uuid[], $3::text[]::uuid[], $4::text[]) with ordinality k(batch_id, run_id, owner, ord)
  left join owner_share s on s.phase = $1 and s.owner = k.owner
  left join cancelled_run c on c.batch_id = k.batch_id and c.run_id = k.run_id
  left join hold h on h.batch_id = k.batch_id
  left join phase p on p.batch_id = k.batch_id and p.phase = $1 and (p.ended_at is null or p.run_id = k.run_id)"""

OPEN = """with asked as (
    select * from unnest(
        $3::text[]::uuid[], $4::text[]::uuid[], $5::int[], $6::text[], $7::int[], $8::int[], $9::bool[], $10::bytea[])
      with ordinality a(batch_id, run_id, attempt, owner, total, waiting, held, body, ord)),
  opened as (
    insert into phase(batch_id, phase, run_id, attempt, owner, total, waiting, held, place, opened_at, ended_at)
    select batch_id, $1, run_id, attempt, owner, total, waiting, held, nextval('phase_id_seq'),
      $2::timestamptz, case when total = 0 then $2::timestamptz end
    from asked order by ord
    returning id, batch_id, run_id, attempt, owner, total, waiting),
  kept as (
    insert into phase_plan(phase_id, body)
    select o.id, a.body from opened o join asked a using (batch_id, run_id, attempt) where o.total > 0),
  counted as (
    update fan_out f set in_flight = f.in_flight + o.sent, waiting = f.waiting + o.waiting
    from (select sum(total - waiting) as sent, sum(waiting) as waiting from opened) o where f.phase = $1),
  shared as (
    insert into owner_share as s (phase, owner, in_flight)
    select $1, owner, sum(total - waiting) from opened group by owner
    on conflict (phase, owner) do update set in_flight = s.in_flight + excluded.in_flight)
  select o.id, a.ord from opened o join asked a using (batch_id, run_id, attempt)"""

SUPERSEDE = """with closed as (
    update phase set ended_at = $2, waiting = 0, superseded = true where id = any($3::bigint[])),
  shared as (
    update owner_share s set in_flight = s.in_flight - o.out
    from (select owner, sum(total - waiting - succeeded - failed) as out from phase where id = any($3::bigint[])
          group by owner) o
    where s.phase = $1 and s.owner = o.owner)
  update fan_out set in_flight = in_flight - $4::bigint, waiting = waiting - $5::bigint where phase = $1"""

# An answer that names no run or attempt means the batch's open phase. The phase of an answer to a request of ours was
# committed before the answer was said; so it does not matter that this snapshot may be older than the lock.
FIND = """with mine as materialized (select phase from fan_out where phase = $1 for update)
  select k.ord, p.id, p.sent
  from mine cross join unnest($2::text[]::uuid[], $3::text[]::uuid[], $4::int[])
    with ordinality k(batch_id, run_id, attempt, ord)
  cross join lateral (
    select id, total - waiting as sent from phase p
    where p.batch_id = k.batch_id and p.phase = mine.phase and p.ended_at is null
      and p.run_id = coalesce(k.run_id, p.run_id) and p.attempt = coalesce(k.attempt, p.attempt)
    order by id desc limit 1) p"""

# Each answer looks its phase up by itself: a join would be planned for few phases, and compare each answer with all.
RECORD = """with added as (
    insert into essay_result(phase_id, essay_id, answered_at, text_storage_id, metrics, error_code)
    select a.phase_id, a.essay_id::uuid, $2, a.text_storage_id, a.metrics, a.error_code
    from unnest($3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::text[])
      a(phase_id, essay_id, text_storage_id, metrics, error_code)
    cross join lateral (select from phase p where p.id = a.phase_id and p.ended_at is null limit 1) still_open
    on conflict do nothing returning phase_id, error_code),
  counted as (
    select phase_id, count(*)::int as n, count(error_code)::int as failed from added group by phase_id),
  moved as (
    update phase p set succeeded = p.succeeded + c.n - c.failed, failed = p.failed + c.failed,
      ended_at = case when p.succeeded + p.failed + c.n = p.total then $2 end
    from counted c where p.id = c.phase_id
    returning p.id, p.owner, p.total, p.waiting, p.succeeded, p.failed, c.n),
  shared as (
    update owner_share s set in_flight = s.in_flight - m.n
    from (select owner, sum(n) as n from moved group by owner) m where s.phase = $1 and s.owner = m.owner),
  window_now as (
    update fan_out f set in_flight = f.in_flight - (select coalesce(sum(c.n), 0) from counted c)
    where f.phase = $1 returning in_flight, waiting)
  select w.in_flight, w.waiting as waiting_in_all, m.* from window_now w left join moved m on true"""

VERDICTS = """select phase_id, essay_id::text, text_storage_id, metrics, error_code
  from essay_result where phase_id = any($1::bigint[])"""

# The teachers who wait and may have more out, those first whose turn comes first; and of each, as many of his batches
# as could use up the room. `waiting` steps from teacher to teacher in the index, however many batches there are.
QUEUE = f"""with recursive waiting as (
    (select owner from phase where phase = $1 and waiting > 0 and not held order by owner limit 1)
    union all
    select (select p.owner from phase p where p.phase = $1 and p.waiting > 0 and not p.held and p.owner > w.owner
            order by p.owner limit 1)
    from waiting w where w.owner is not null),
  next as materialized (
    select w.owner, s.in_flight, s.served from waiting w join owner_share s on s.phase = $1 and s.owner = w.owner
      left join unnest($4::text[], $5::float8[]) v(owner, weight) on v.owner = w.owner
    where s.in_flight < $3::bigint order by s.in_flight / coalesce(v.weight, 1), s.served limit $2::bigint)
  select n.owner, n.in_flight, n.served, p.id, p.sent, p.waiting
  from next n cross join lateral (
    select id, place, total - waiting as sent, waiting,
      sum(least(waiting, {TURN} - (total - waiting) % {TURN})) over (order by place, id rows unbounded preceding) -
        least(waiting, {TURN} - (total - waiting) % {TURN}) as before
    from phase where phase = $1 and owner = n.owner and waiting > 0 and not held order by place, id limit $2::bigint) p
  where p.before < $2::bigint order by n.owner, p.place, p.id"""

RELEASE = """with sent as (
    update phase p set waiting = p.waiting - s.count,
      place = case when s.to_end then nextval('phase_id_seq') else p.place end
    from unnest($2::bigint[], $3::int[], $4::bool[]) s(id, count, to_end) where p.id = s.id
    returning p.owner, s.count),
  shared as (
    update owner_share o set in_flight = o.in_flight + s.count, served = nextval('phase_id_seq')
    from (select owner, sum(count) as count from sent group by owner) s where o.phase = $1 and o.owner = s.owner)
  update fan_out set in_flight = in_flight + $5::bigint, waiting = waiting - $5::bigint where phase = $1"""

# The greatest version of what was ever said of a batch holds; its open phases are told.
HOLD = """with said as (
    select distinct on (batch_id) batch_id::uuid, version, waits
    from unnest($1::text[], $2::bigint[], $3::bool[]) s(batch_id, version, waits) order by batch_id, version desc),
  kept as (
    insert into hold as h (batch_id, version, waits) select * from said order by batch_id
    on conflict (batch_id) do update set version = excluded.version, waits = excluded.waits
    where excluded.version > h.version
    returning batch_id, waits)
  update phase p set held = k.waits from kept k
  where p.batch_id = k.batch_id and p.ended_at is null and p.held <> k.waits returning p.phase"""

# The run is remembered for commands that come late; what is open of it is closed, and its room is there for others.
CANCEL = """with said as (
    select distinct batch_id::uuid, run_id::uuid from unnest($2::text[], $3::text[]) s(batch_id, run_id)),
  kept as (
    insert into cancelled_run(batch_id, run_id) select * from said order by batch_id, run_id on conflict do nothing),
  found as materialized (
    select p.id, p.phase, p.owner, p.total - p.waiting - p.succeeded - p.failed as out, p.waiting
    from said s join phase p on p.batch_id = s.batch_id and p.run_id = s.run_id and p.ended_at is null),
  closed as (
    update phase p set ended_at = $1, waiting = 0, superseded = true from found f where p.id = f.id),
  counted as (
    update fan_out f set in_flight = f.in_flight - s.out, waiting = f.waiting - s.waiting
    from (select phase, sum(out) as out, sum(waiting) as waiting from found group by phase) s where f.phase = s.phase),
  shared as (
    update owner_share o set in_flight = o.in_flight - s.out
    from (select phase, owner, sum(out) as out from found group by phase, owner) s
    where o.phase = s.phase and o.owner = s.owner)
  select id, phase from found"""

LOADS = "select phase, in_flight, waiting from fan_out where phase = any($1::text[])"

# Answers to phases that were closed without them. The first about an essay is kept.
DISCARD = """insert into discarded_answer(phase_id, essay_id, answered_at)
  select p.id, a.essay_id, $2
  from unnest($3::text[]::uuid[], $4::text[]::uuid[], $5::int[], $6::text[]::uuid[])
    a(batch_id, run_id, attempt, essay_id)
  join phase p on p.batch_id = a.batch_id and p.phase = $1 and p.run_id = a.run_id and p.attempt = a.attempt
    and p.ended_at is not null
  left join essay_result r on r.phase_id = p.id and r.essay_id = a.essay_id
  where case when r.phase_id is null then p.superseded else r.error_code = $7 end
  on conflict do nothing"""
