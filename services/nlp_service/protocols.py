"""The ports of the NLP service; texts come through `huleedu_service_libs.content_client`."""

from collections.abc import Sequence
from typing import Protocol

from common_core.message import Envelope
from common_core.messages.nlp import BatchNlpProcessingRequestedV2


class AnalysisEngineProtocol(Protocol):
    """How requests for analysis are met."""

    async def take_on(self, requests: Sequence[Envelope[BatchNlpProcessingRequestedV2]]) -> None:
        """In the poll's unit of work: answer these requests, or have them worked off."""
