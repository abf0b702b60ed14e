"""Lists of batches: the newest of each status by a walk through an index, and of these the newest."""

from collections.abc import Mapping
from typing import Any

from batch_orchestrator_service.implementations.codec import unpack_batch
from batch_orchestrator_service.protocols import BatchFilter, ListedBatch
from common_core.enums import BatchStatus, CourseCode
from huleedu_service_libs.runtime.connection import Connection, Pool

FEW = 50_000
"""Up to so many batches that have changed since then are all found and sorted; among more, a walk soon meets enough."""

FROM_THE_NEWEST = "~"
"""A cursor before all ids."""

# Whatever narrows a walk stands in its index: what does not fit costs no look at the table. A status is a range here,
# and sorted by: of a mere value PostgreSQL might believe that many have it, and go through all rows by the primary key.
_WALKS = """select found.batch_id from unnest($1::text[]) wanted(status) cross join lateral (
    select batch_id from batches where status >= wanted.status and (status, batch_id) < (wanted.status, $3){narrowed}
    order by status desc, batch_id desc limit $2) found"""
_CHANGES = f"""select batch_id from (
    select batch_id, status, updated_at from batches where updated_at >= $4 order by updated_at desc limit {2 * FEW})
  changed where status = any($1::text[]) and batch_id < $3{{narrowed}}"""
# One by one, whatever the planner believes of how many there are: a page is short.
_PAGE = """with page as materialized ({found} order by batch_id desc limit $2)
  select shown.* from page cross join lateral (
    select batch_id, status, user_id, class_id, course_code, essay_count, created_at, updated_at,
      case when course_code is null then state end as state
    from batches where batch_id = page.batch_id limit 1) shown
  order by shown.batch_id desc"""
_COUNT = "select count(*) from ({found} limit $2) counted"
_UNREPORTED = """not exists (select from phase_progress p
      where p.batch_id = batches.batch_id and p.run_id = batches.active_run and p.reported_at >= ${})"""
_HOW_MANY_CHANGED = f"""select count(*) from (
  select from batches where updated_at >= $1 order by updated_at desc limit {FEW}) changed"""


async def list_batches(pool: Pool | Connection, wanted: BatchFilter) -> list[ListedBatch]:
    """The batches that fit, newest first."""
    query, values = statement(wanted, by_change=await is_quicker_by_change(pool, wanted))
    return [_listed(row) for row in await pool.fetch(query, *values)]


async def count_batches(pool: Pool, wanted: BatchFilter) -> int:
    """How many fit, up to the limit."""
    query, values = statement(wanted, by_change=await is_quicker_by_change(pool, wanted), shown=_COUNT)
    found: int = await pool.fetchval(query, *values)
    return min(found, wanted.limit)


async def is_quicker_by_change(pool: Pool | Connection, wanted: BatchFilter) -> bool:
    """A walk through all batches could meet none for long; of an owner's or a class's there are not so many."""
    if wanted.since is None or wanted.unmoved_since or wanted.user_id is not None or wanted.class_id is not None:
        return False
    changed: int = await pool.fetchval(_HOW_MANY_CHANGED, wanted.since)
    return changed < FEW


def statement(wanted: BatchFilter, *, by_change: bool, shown: str = _PAGE) -> tuple[str, list[object]]:
    """What to ask, and with which values."""
    asked: list[tuple[str, object]] = [
        ("updated_at >= ${}", wanted.since),
        ("user_id = ${}", wanted.user_id),
        ("class_id = ${}", wanted.class_id),
        ("updated_at < ${}", wanted.unmoved_since),
        (_UNREPORTED, wanted.unmoved_since),
    ]
    given = [(condition, value) for condition, value in asked if value is not None]
    narrowed = "".join(f" and {condition.format(place)}" for place, (condition, _) in enumerate(given, start=4))
    found = (_CHANGES if by_change else _WALKS).format(narrowed=narrowed)
    cursor = wanted.cursor or FROM_THE_NEWEST
    return shown.format(found=found), [list(wanted.statuses), wanted.limit, cursor, *(value for _, value in given)]


def _listed(row: Mapping[str, Any]) -> ListedBatch:
    if row["state"] is not None:
        return ListedBatch.of(unpack_batch(row["state"]))
    return ListedBatch(
        batch_id=row["batch_id"],
        status=BatchStatus(row["status"]),
        user_id=row["user_id"],
        class_id=row["class_id"],
        course_code=CourseCode(row["course_code"]),
        essay_count=row["essay_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
