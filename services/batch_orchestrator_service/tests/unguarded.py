"""BOS's table without what keeps replicas from writing over each other's changes: negative controls."""

from collections.abc import Mapping, Sequence

from batch_orchestrator_service.implementations.batch_table import BatchTable, KeptBatch
from batch_orchestrator_service.implementations.codec import unpack_batch
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.database import Database

_write = BatchTable.write


async def read_unlocked(_: BatchTable, con: Connection, keys: Sequence[str]) -> dict[str, KeptBatch]:
    """As `BatchTable.read`, but whoever else reads need not wait."""
    rows = await con.fetch("select batch_id, state from batches where batch_id = any($1::text[])", list(keys))
    batches = {row["batch_id"]: unpack_batch(row["state"]) for row in rows}
    return {batch_id: KeptBatch(batch, batch.version) for batch_id, batch in batches.items()}


async def write_over(table: BatchTable, con: Connection, states: Mapping[str, KeptBatch]) -> None:
    """As `BatchTable.write`, but over whatever is there."""
    query = "select batch_id, version from batches where batch_id = any($1::text[]) for update"
    known = {row["batch_id"]: row["version"] for row in await con.fetch(query, list(states))}
    await _write(table, con, {name: KeptBatch(kept.batch, known.get(name, 0)) for name, kept in states.items()})


class Unlocked(BatchTable):
    """The version alone guards."""

    read = read_unlocked


class Unversioned(BatchTable):
    """The lock alone guards."""

    write = write_over


class Unguarded(BatchTable):
    """Nothing guards."""

    read, write = read_unlocked, write_over


async def without_key(database: Database) -> None:
    """The timeline's key would give lost changes away: a batch has one fact of each number."""
    await database.pool.execute("alter table timeline drop constraint pk_timeline")
