"""Operations in PostgreSQL: of those about the same, one runs at a time."""

from collections.abc import Sequence

import msgspec

from batch_orchestrator_service.domain.operation import Operation
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.unit_of_work import current_unit

# Those who ask for the same wait for each other, so that the second finds what the first has begun.
_IN_TURN = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
_RUNNING = "select state from operations where subject = $1 and status = 'running' for update"
_SAVE = """insert into operations(operation_id, subject, status, state) values ($1, $2, $3, $4)
  on conflict (operation_id) do update set status = excluded.status, state = excluded.state"""
_GET = "select state from operations where operation_id = $1"
_NEWEST = "select state from operations order by operation_id desc limit $1"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Operation).decode


class PostgreSQLOperationsImpl:
    """See `OperationsProtocol`. What is kept is there at once for whatever else the transaction does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, operation: Operation) -> Operation:
        """See the protocol."""
        connection = current_unit().connection
        await connection.execute(_IN_TURN, operation.subject)
        running = await connection.fetchval(_RUNNING, operation.subject)
        begun = operation if running is None else _decode(running).anew(operation)
        await self.save(begun)
        return begun

    async def get_for_update(self, operation_id: str) -> Operation | None:
        """See the protocol."""
        found = await current_unit().connection.fetchval(f"{_GET} for update", operation_id)
        return None if found is None else _decode(found)

    async def save(self, operation: Operation) -> None:
        """See the protocol."""
        row = (operation.operation_id, operation.subject, operation.status, _encode(operation).decode())
        await current_unit().connection.execute(_SAVE, *row)

    async def get(self, operation_id: str) -> Operation | None:
        """See the protocol."""
        found = await self._database.pool.fetchval(_GET, operation_id)
        return None if found is None else _decode(found)

    async def newest(self, limit: int) -> Sequence[Operation]:
        """See the protocol."""
        return [_decode(row["state"]) for row in await self._database.pool.fetch(_NEWEST, limit)]
