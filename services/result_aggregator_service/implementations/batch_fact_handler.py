"""Something has become known of a batch as a whole."""

from common_core.message import Message
from result_aggregator_service.domain.batch import decide
from result_aggregator_service.protocols import ResultRepositoryProtocol


class BatchFactHandler:
    """Keeps facts that nothing follows from but what can be read."""

    def __init__(self, repository: ResultRepositoryProtocol) -> None:
        self._repository = repository

    async def handle(self, message: Message) -> None:
        """Keep this fact."""
        batch = (await self._repository.batches([message.key]))[message.key]
        decided = decide(batch, message)
        if decided != batch:
            await self._repository.put(message.key, decided)
