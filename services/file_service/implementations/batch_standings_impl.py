"""Batches in memory, for tests."""

from file_service.domain.batches import BatchStanding
from huleedu_service_libs.errors import Unavailable


class InMemoryBatchStandings:
    """Batches in a dict. While `away` is set, BOS is away."""

    def __init__(self, **known: BatchStanding) -> None:
        self.known = known
        self.away = False

    async def find(self, batch_id: str) -> BatchStanding | None:
        """See `BatchStandingsProtocol.find`."""
        if self.away:
            raise Unavailable("batch_orchestrator_service is away")
        return self.known.get(batch_id)
