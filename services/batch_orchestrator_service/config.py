"""Settings of the Batch Orchestrator Service."""

from typing import ClassVar

from pydantic import SecretStr

from common_core.enums import PhaseName
from huleedu_service_libs.event_streams import StreamsEvents
from huleedu_service_libs.settings import Count, Port, Seconds
from huleedu_service_libs.surroundings import ReadsContent

SERVICE_NAME = "batch_orchestrator_service"


class BatchOrchestratorSettings(ReadsContent, StreamsEvents):
    """What BOS can be told; `available_phases` are those that have a service to carry them out.

    Batches of a class are taken where `student_matching` is among them; who wrote the essays is waited for
    `student_validation_seconds`, once for matching and once for the teacher: longer than class management waits.

    Whoever holds the `operator_token` may ask things for everybody's batches.
    """

    service_name: ClassVar[str] = SERVICE_NAME

    port: Port = 5000
    bcs_url: str = "http://batch-conductor-service:4002"
    max_essays_per_batch: Count = 5_000
    content_deadline_seconds: Seconds = 24 * 3600
    content_silence_seconds: Seconds = 3600
    student_validation_seconds: Seconds = 3 * 24 * 3600
    operator_token: SecretStr | None = None
    available_phases: frozenset[PhaseName] = frozenset(
        {PhaseName.SPELLCHECK, PhaseName.NLP, PhaseName.STUDENT_MATCHING}
    )

    @classmethod
    def names(cls, field: str) -> tuple[str, ...]:
        """As for every service; the operators' token is that of the whole platform."""
        return ("HULEEDU_OPERATOR_TOKEN",) if field == "operator_token" else super().names(field)
