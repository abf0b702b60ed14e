"""What the NLP service listens to, as data."""

from common_core.messages.matching import BatchStudentMatchingRequestedV1
from common_core.messages.nlp import BatchNlpProcessingRequestedV2
from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.runtime import Group, on_run, work
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.implementations.analyse_essays_handler import AnalyseEssaysHandler
from nlp_service.implementations.match_students_handler import MatchStudentsHandler
from nlp_service.messages import AnalyseEssays, MatchStudents
from nlp_service.protocols import AnalysisEngineProtocol

STUDENT_MATCHING = f"{SERVICE_NAME}.student_matching"


class NlpKafkaConsumer:
    """Binds messages to their handlers."""

    def __init__(
        self,
        engine: AnalysisEngineProtocol,
        essays: AnalyseEssaysHandler,
        matching: MatchStudentsHandler,
        cancelled: CancelledRuns,
        settings: NlpSettings,
    ) -> None:
        self._engine, self._essays, self._matching, self._cancelled = engine, essays, matching, cancelled
        self._batch_time_limit = settings.matching_time_limit

    def groups(self) -> tuple[Group, ...]:
        """The service's readers; a class that waits to be matched does not queue behind analyses."""
        essays, matching = self._essays, self._matching
        return (
            Group(
                name=SERVICE_NAME,
                routes=(on_run(BatchNlpProcessingRequestedV2, self._engine.take_on),),
                work=(work(AnalyseEssays, essays.perform, essays.conclude, essays.abandon),),
            ),
            Group(
                name=STUDENT_MATCHING,
                routes=(on_run(BatchStudentMatchingRequestedV1, matching.take_on),),
                work=(
                    work(
                        MatchStudents, matching.perform, matching.conclude, matching.abandon, 2 * self._batch_time_limit
                    ),
                ),
            ),
            self._cancelled.group(SERVICE_NAME),
        )
