"""Asks BCS over HTTP: with a time limit, careful retries and a circuit breaker."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from batch_orchestrator_service.domain.asked import ResolvedPhase
from batch_orchestrator_service.errors import PipelineIncompatible, PipelineRefused, PipelineUnresolved
from batch_orchestrator_service.protocols import PipelineQuestion
from common_core.enums import PhaseName
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.http_client import PeerClient, PeerRefused

_DEFINE = "/internal/v1/pipelines/define"
_REFUSALS: Mapping[str, type[PipelineRefused]] = {
    refusal.code: refusal for refusal in (PipelineUnresolved, PipelineIncompatible)
}
_REFUSING = frozenset({400, 404, 409, 422})


class _Definition(msgspec.Struct, frozen=True):
    """BCS's answer; an older BCS gives only the names of what is left to do, each after what it needs."""

    final_pipeline: list[PhaseName]
    phases: tuple[ResolvedPhase, ...] | None = None


class BatchConductorClientImpl:
    """See `BatchConductorClientProtocol`."""

    def __init__(self, peer: PeerClient) -> None:
        self._peer = peer

    async def resolve(self, question: PipelineQuestion) -> tuple[ResolvedPhase, ...]:
        """See the protocol."""
        try:
            answer = await self._peer.request("POST", _DEFINE, json=_body(question), repeatable=True)
        except PeerRefused as refused:
            raise _refusal(refused) from refused
        try:
            definition = msgspec.json.decode(answer.body, type=_Definition)
        except msgspec.DecodeError as error:
            raise PipelineRefused(
                f"BCS resolved the pipeline into something that is not understood: {error}"
            ) from error
        return _in_a_row(definition.final_pipeline) if definition.phases is None else definition.phases


def _body(question: PipelineQuestion) -> dict[str, Any]:
    return {
        "batch_id": question.batch_id,
        "requested_pipeline": question.requested_pipeline,
        "correlation_id": question.correlation_id,
        "batch_metadata": {
            "prompt_attached": question.prompt_attached,
            "prompt_source": question.prompt_source,
            "assignment_id": question.assignment_id,
        },
        "completed_phases": list(question.completed_phases),
        "essay_states": question.essay_states,
    }


def _refusal(refused: PeerRefused) -> Exception:
    """BCS's no is the client's fault; anything else that it answers is not, and may pass."""
    if refused.status not in _REFUSING:
        return Unavailable(str(refused))
    return _REFUSALS.get(refused.code, PipelineRefused)(refused.detail)


def _in_a_row(names: Sequence[PhaseName]) -> tuple[ResolvedPhase, ...]:
    return tuple(
        ResolvedPhase(name=name, depends_on=tuple(names[place - 1 : place]) if place else ())
        for place, name in enumerate(names)
    )
