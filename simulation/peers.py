"""Services that are asked over HTTP, asked without it: the asker's client and the one who answers are the real ones."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from batch_conductor_service.api.pipeline_routes import definition
from batch_conductor_service.api_models import DefinePipelineRequest
from batch_conductor_service.domain.pipelines import Catalogue
from batch_orchestrator_service.protocols import BatchProcessingServiceProtocol

from huleedu_service_libs.errors import RefusedCommand, Unavailable
from huleedu_service_libs.http_client import PeerAnswer, PeerClient, PeerRefused

Answer = Callable[[str, Any], Awaitable[bytes]]


class InProcessPeer(PeerClient):
    """A peer whose answers are made here."""

    def __init__(self, peer: str, answer: Answer, is_away: Callable[[str], bool]) -> None:
        self.peer = peer
        self._answer, self._is_away = answer, is_away

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> PeerAnswer:
        """See `PeerClient.request`."""
        if self._is_away(self.peer):
            raise Unavailable(f"{self.peer} is away")
        try:
            return PeerAnswer(200, {}, await self._answer(path, json))
        except RefusedCommand as refused:
            problem = {"code": refused.code, "detail": refused.detail}
            raise PeerRefused(self.peer, refused.status, problem) from refused


def conductor(offered: Catalogue) -> Answer:
    """BCS, as BOS asks it."""

    async def answer(path: str, body: Any) -> bytes:
        return definition(offered, DefinePipelineRequest.model_validate(body)).model_dump_json().encode()

    return answer


def orchestrator(batches: BatchProcessingServiceProtocol) -> Answer:
    """BOS, as File Service asks it."""

    async def answer(path: str, body: Any) -> bytes:
        batch_id = path.removeprefix("/internal/v1/batches/").removesuffix("/pipeline-state")
        return (await batches.pipeline_state(batch_id)).model_dump_json().encode()

    return answer
