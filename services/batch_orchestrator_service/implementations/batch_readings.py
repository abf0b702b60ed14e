"""Reading batches without locking them."""

from collections.abc import Sequence

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.implementations.codec import unpack_batch
from batch_orchestrator_service.protocols import BatchFilter
from huleedu_service_libs.runtime.connection import Pool

_GET = "select state from batches where batch_id = $1"
_LIST = """select state from batches
  where ($1::text is null or user_id = $1) and ($2::text is null or class_id = $2)
    and ($3::text[] is null or status = any($3)) and ($4::text is null or batch_id < $4 collate "C")
  order by batch_id desc limit $5"""


async def read_batch(pool: Pool, batch_id: str) -> Batch | None:
    """The batch as last committed."""
    packed = await pool.fetchval(_GET, batch_id)
    return None if packed is None else unpack_batch(packed)


async def list_batches(pool: Pool, wanted: BatchFilter) -> Sequence[Batch]:
    """The batches that fit, newest first."""
    statuses = None if wanted.statuses is None else list(wanted.statuses)
    rows = await pool.fetch(_LIST, wanted.user_id, wanted.class_id, statuses, wanted.cursor, wanted.limit)
    return [unpack_batch(row["state"]) for row in rows]
