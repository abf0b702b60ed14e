"""Which message goes to which handler: the routing table, bound to the event bus."""

from common_core.enums import PhaseName
from common_core.messages.ai_feedback import AIFeedbackResultDataV1
from common_core.messages.batch import BatchContentDeadlinePassedV1, BatchEssaysRegistered
from common_core.messages.content import EssayContentProvisionedV1, EssayValidationFailedV1
from common_core.messages.control import (
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
)
from common_core.messages.matching import (
    BatchServiceStudentMatchingInitiateCommandDataV1,
    StudentAssociationsConfirmedV1,
)
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1
from common_core.messages.pipeline import (
    BatchServiceAIFeedbackInitiateCommandDataV1,
    BatchServiceCJAssessmentInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
)
from common_core.messages.spellcheck import SpellcheckPhaseCompletedV1
from essay_lifecycle_service.config import Settings
from essay_lifecycle_service.domain.requests import ai_feedback_answers, nlp_answers, spellcheck_answers
from essay_lifecycle_service.implementations.control_handlers import ControlHandler
from essay_lifecycle_service.implementations.intake_handlers import IntakeHandler
from essay_lifecycle_service.implementations.matching_handlers import MatchingHandler
from essay_lifecycle_service.implementations.phase_handlers import PhaseHandler
from huleedu_service_libs.runtime import Group, on_run


class EssayKafkaConsumer:
    """The messages of this service's one group: everything comes essay by essay, so everything is taken in runs."""

    def __init__(
        self,
        intake: IntakeHandler,
        matching: MatchingHandler,
        phases: dict[PhaseName, PhaseHandler],
        control: ControlHandler,
    ) -> None:
        self._intake, self._matching, self._phases, self._control = intake, matching, phases, control

    def groups(self) -> tuple[Group, ...]:
        """What to subscribe."""
        intake, phases, control = self._intake, self._phases, self._control
        spellcheck, nlp = phases[PhaseName.SPELLCHECK], phases[PhaseName.NLP]
        feedback = phases[PhaseName.AI_FEEDBACK]
        routes = (
            on_run(BatchEssaysRegistered, intake.register),
            on_run(EssayContentProvisionedV1, intake.receive),
            on_run(EssayValidationFailedV1, intake.receive),
            on_run(BatchContentDeadlinePassedV1, intake.close),
            on_run(BatchServiceStudentMatchingInitiateCommandDataV1, self._matching.start),
            on_run(StudentAssociationsConfirmedV1, self._matching.confirm),
            on_run(BatchServiceSpellcheckInitiateCommandDataV1, spellcheck.start),
            on_run(SpellcheckPhaseCompletedV1, spellcheck.count_in(spellcheck_answers), idempotent=True),
            on_run(BatchServiceNLPInitiateCommandDataV1, nlp.start),
            on_run(BatchNlpAnalysisCompletedV1, nlp.count_in(nlp_answers), idempotent=True),
            on_run(BatchServiceCJAssessmentInitiateCommandDataV1, phases[PhaseName.CJ_ASSESSMENT].start),
            on_run(BatchServiceAIFeedbackInitiateCommandDataV1, feedback.start),
            on_run(AIFeedbackResultDataV1, feedback.count_in(ai_feedback_answers), idempotent=True),
            on_run(BatchPausedV1, control.pause),
            on_run(BatchResumedV1, control.resume),
            on_run(BatchRunCancelledV1, control.cancel),
            on_run(BatchPhaseDeadlinePassedV1, control.close),
        )
        return (Group(name=Settings.service_name, routes=routes),)
