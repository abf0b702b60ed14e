"""Reading batches without locking them."""

from collections.abc import Sequence

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.implementations.codec import unpack_batch
from batch_orchestrator_service.protocols import BatchFilter
from huleedu_service_libs.runtime.connection import Pool

_GET = "select state from batches where batch_id = $1"
# Without a cursor from the very end: "~" sorts after every id. One condition, so that an index can begin there.
_PAGE = """batch_id < coalesce($2::text, '~') collate "C" and ($3::text is null or class_id = $3)
    and ($4::text[] is null or status = any($4)) and ($6::timestamptz is null or updated_at >= $6)
  order by batch_id desc limit $5"""
_OF_USER = f"select state from batches where user_id = $1 and {_PAGE}"
_OF_ALL = f"select state from batches where $1::text is null and {_PAGE}"


async def read_batch(pool: Pool, batch_id: str) -> Batch | None:
    """The batch as last committed."""
    packed = await pool.fetchval(_GET, batch_id)
    return None if packed is None else unpack_batch(packed)


async def list_batches(pool: Pool, wanted: BatchFilter) -> Sequence[Batch]:
    """The batches that fit, newest first."""
    statuses = None if wanted.statuses is None else list(wanted.statuses)
    query = _OF_ALL if wanted.user_id is None else _OF_USER
    rows = await pool.fetch(query, wanted.user_id, wanted.cursor, wanted.class_id, statuses, wanted.limit, wanted.since)
    return [unpack_batch(row["state"]) for row in rows]
