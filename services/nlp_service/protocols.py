"""The ports of the NLP service; texts come through `huleedu_service_libs.content_client`."""

from collections.abc import Sequence
from typing import Protocol

from common_core.message import Envelope
from common_core.messages.nlp import BatchNlpProcessingRequestedV2
from nlp_service.domain.matching.names import Student


class AnalysisEngineProtocol(Protocol):
    """How requests for analysis are met."""

    async def take_on(self, requests: Sequence[Envelope[BatchNlpProcessingRequestedV2]]) -> None:
        """In the poll's unit of work: answer these requests, or have them worked off."""


class ClassMissing(Exception):
    """Class management knows no such class."""


class RosterClientProtocol(Protocol):
    """Class management, as far as matching needs it."""

    async def students(self, class_id: str) -> list[Student]:
        """Who is in this class. Raises ClassMissing, and Unavailable while class management is away."""

    async def check(self) -> None:
        """Return if class management answers."""
