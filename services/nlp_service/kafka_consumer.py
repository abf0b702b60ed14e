"""What the NLP service listens to, as data."""

from common_core.messages.nlp import BatchNlpProcessingRequestedV2
from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.runtime import Group, on_run, work
from nlp_service.config import SERVICE_NAME
from nlp_service.implementations.analyse_essays_handler import AnalyseEssaysHandler
from nlp_service.messages import AnalyseEssays
from nlp_service.protocols import AnalysisEngineProtocol


class NlpKafkaConsumer:
    """Binds messages to their handlers."""

    def __init__(self, engine: AnalysisEngineProtocol, essays: AnalyseEssaysHandler, cancelled: CancelledRuns) -> None:
        self._engine, self._essays, self._cancelled = engine, essays, cancelled

    def groups(self) -> tuple[Group, ...]:
        """The service's readers."""
        essays = self._essays
        return (
            Group(
                name=SERVICE_NAME,
                routes=(on_run(BatchNlpProcessingRequestedV2, self._engine.take_on),),
                work=(work(AnalyseEssays, essays.perform, essays.conclude, essays.abandon),),
            ),
            self._cancelled.group(SERVICE_NAME),
        )
