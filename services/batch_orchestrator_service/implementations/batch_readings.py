"""Reading batches without locking them."""

from collections.abc import Mapping, Sequence

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.implementations.codec import unpack_batch
from huleedu_service_libs.runtime.connection import Connection, Pool

_OWNERS = "select batch_id, user_id from batches where batch_id = any($1::text[])"
_GET = "select state from batches where batch_id = $1"
_GET_ALL = """select b.state from unnest($1::text[]) with ordinality wanted(batch_id, place)
  join batches b using (batch_id) order by place"""


async def read_batch(pool: Pool | Connection, batch_id: str) -> Batch | None:
    """The batch as last committed."""
    packed = await pool.fetchval(_GET, batch_id)
    return None if packed is None else unpack_batch(packed)


async def read_batches(pool: Pool, batch_ids: Sequence[str]) -> list[Batch]:
    """Those there are, in this order."""
    return [unpack_batch(row["state"]) for row in await pool.fetch(_GET_ALL, list(batch_ids))]


async def read_owners(con: Connection, batch_ids: Sequence[str]) -> Mapping[str, str]:
    """The users whose batches these are."""
    return {row["batch_id"]: row["user_id"] for row in await con.fetch(_OWNERS, list(batch_ids))}
