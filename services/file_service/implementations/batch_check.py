"""Whether somebody may hand in files for a batch."""

from file_service.domain.batches import BatchStanding, lock_of
from file_service.errors import BatchLocked, BatchNotFound
from file_service.protocols import BatchStandingsProtocol


class BatchCheck:
    """Asks BOS each time: a batch may be closed at any moment."""

    def __init__(self, batches: BatchStandingsProtocol) -> None:
        self._batches = batches

    async def existing(self, batch_id: str, user_id: str | None) -> BatchStanding:
        """The batch, if it is this teacher's or nobody says who asks. Raises BatchNotFound, or Unavailable."""
        batch = await self._batches.find(batch_id)
        if batch is None or user_id not in (None, batch.user_id):
            raise BatchNotFound(batch_id=batch_id)
        return batch

    async def open(self, batch_id: str, user_id: str | None) -> BatchStanding:
        """The same, if it still takes files. Raises BatchLocked besides."""
        batch = await self.existing(batch_id, user_id)
        if (lock := lock_of(batch)) is not None:
            raise BatchLocked(reason=lock.reason)
        return batch
