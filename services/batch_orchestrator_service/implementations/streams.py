"""What clients can watch: one batch, or all of a user's, or simply all."""

from collections.abc import AsyncIterator
from functools import partial

from batch_orchestrator_service.errors import BatchNotFound
from batch_orchestrator_service.implementations.stream_events import BatchStreamEvent
from batch_orchestrator_service.implementations.stream_readings import read_open_batches, read_status
from batch_orchestrator_service.protocols import BatchRepositoryProtocol
from batch_orchestrator_service.stream_models import BatchSnapshot, OpenBatches
from huleedu_service_libs.event_streams import Hub, Shown
from huleedu_service_libs.runtime.connection import Connection
from huleedu_service_libs.runtime.tail import Gap, Place

ALL = "all"
MOST_OPEN_BATCHES = 100  # in a snapshot


def shown(event: BatchStreamEvent) -> Shown:
    """In which streams it is shown, and how."""
    own = () if event.batch_id is None else (_of_batch(event.batch_id),)
    return Shown(event.event, bytes(event.data), (*own, _of_user(event.user_id), ALL))


class Streams:
    """Opens streams, each with a snapshot unless its client goes on where it was."""

    def __init__(self, hub: Hub[BatchStreamEvent], batches: BatchRepositoryProtocol) -> None:
        self._hub, self._batches = hub, batches

    async def of_batch(self, batch_id: str, user_id: str | None, last: Place | None) -> AsyncIterator[bytes]:
        """All that happens to a batch; `user_id` is who asks, when known. Raises BatchNotFound, TooManyStreams."""
        batch = await self._batches.get(batch_id)
        if batch is None or user_id not in (None, batch.registration.user_id):
            raise BatchNotFound(batch_id=batch_id)
        opening = await self._hub.open(last, partial(_batch_snapshot, batch_id))
        return self._hub.stream(_of_batch(batch_id), opening)

    async def of_user(self, user_id: str | None, last: Place | None) -> AsyncIterator[bytes]:
        """All that happens to this user's batches, or to any. Raises TooManyStreams."""
        opening = await self._hub.open(last, partial(_open_batches, user_id))
        return self._hub.stream(ALL if user_id is None else _of_user(user_id), opening)


async def _batch_snapshot(batch_id: str, con: Connection, gap: Gap | None) -> bytes:
    status = await read_status(con, batch_id)
    return BatchSnapshot(gap=gap is not None, reason=gap, batch=status).model_dump_json().encode()


async def _open_batches(user_id: str | None, con: Connection, gap: Gap | None) -> bytes:
    found = await read_open_batches(con, user_id, MOST_OPEN_BATCHES + 1)
    more = len(found) > MOST_OPEN_BATCHES
    first = found[:MOST_OPEN_BATCHES]
    return (
        OpenBatches(gap=gap is not None, reason=gap, batches=first, more=more)
        .model_dump_json(exclude_unset=True)
        .encode()
    )


def _of_batch(batch_id: str) -> str:
    return f"batch {batch_id}"


def _of_user(user_id: str) -> str:
    return f"user {user_id}"
