"""Which topic carries which message, in every spelling that is understood, and who may say it."""

import re
from collections.abc import Iterator, Mapping

from common_core.message import Message
from common_core.messages import (
    ai_feedback,
    batch,
    classes,
    content,
    control,
    matching,
    nlp,
    notification,
    pipeline,
    results,
    spellcheck,
)

MESSAGES: tuple[type[Message], ...] = (
    batch.BatchEssaysRegistered,
    batch.BatchContentProvisioningCompletedV1,
    batch.BatchValidationErrorsV1,
    batch.BatchEssaysReady,
    batch.BatchContentDeadlinePassedV1,
    batch.BatchPipelineCompletedV1,
    control.BatchPausedV1,
    control.BatchResumedV1,
    control.BatchRunCancelledV1,
    control.BatchPhaseDeadlinePassedV1,
    control.BatchWaitGivenUpV1,
    content.EssayContentProvisionedV1,
    content.EssayValidationFailedV1,
    content.BatchFileAddedV1,
    content.EssaySlotAssignedV1,
    content.ExcessContentProvisionedV1,
    pipeline.ClientBatchPipelineRequestV1,
    pipeline.PipelineDeniedV1,
    pipeline.BatchServiceSpellcheckInitiateCommandDataV1,
    pipeline.BatchServiceNLPInitiateCommandDataV1,
    pipeline.BatchServiceCJAssessmentInitiateCommandDataV1,
    pipeline.BatchServiceAIFeedbackInitiateCommandDataV1,
    pipeline.ELSBatchPhaseOutcomeV1,
    pipeline.ELSBatchPhaseProgressV1,
    spellcheck.EssayLifecycleSpellcheckRequestV1,
    spellcheck.SpellcheckPhaseCompletedV1,
    spellcheck.SpellcheckResultV1,
    nlp.BatchNlpProcessingRequestedV2,
    nlp.EssayNlpCompletedV1,
    nlp.BatchNlpAnalysisCompletedV1,
    matching.BatchServiceStudentMatchingInitiateCommandDataV1,
    matching.BatchStudentMatchingRequestedV1,
    matching.BatchAuthorMatchesSuggestedV1,
    matching.StudentAssociationsConfirmedV1,
    matching.ValidationTimeoutProcessedV1,
    classes.ClassCreatedV1,
    classes.ClassUpdatedV1,
    classes.ClassDeletedV1,
    classes.StudentCreatedV1,
    classes.StudentUpdatedV1,
    classes.StudentDeletedV1,
    classes.EssayStudentAssociationUpdatedV1,
    ai_feedback.EssayLifecycleAIFeedbackRequestV1,
    ai_feedback.AIFeedbackResultDataV1,
    results.BatchResultsReadyV1,
    notification.TeacherNotificationRequestedV1,
)

# A message's own topic is how HuleEdu says it; older peers say the same under these.
OLDER_SPELLINGS: dict[type[Message], tuple[str, ...]] = {
    pipeline.ELSBatchPhaseOutcomeV1: ("huleedu.els.batch.phase.outcome.v1",),
    pipeline.BatchServiceSpellcheckInitiateCommandDataV1: ("huleedu.els.spellcheck.initiate.command.v1",),
    pipeline.BatchServiceNLPInitiateCommandDataV1: ("huleedu.batch.nlp.initiate.command.v2",),
}

# What older peers call themselves in `source_service`.
PRODUCER_ALIASES: dict[str, str] = {
    "batch-service": "batch_orchestrator_service",
    "batch-orchestrator-service": "batch_orchestrator_service",
    "essay-lifecycle-service": "essay_lifecycle_service",
    "file-service": "file_service",
    "spell-checker-service": "spellchecker_service",
    "spellchecker-service": "spellchecker_service",
    "nlp-service": "nlp_service",
    "class-management-service": "class_management_service",
    "result-aggregator-service": "result_aggregator_service",
}

# What Kafka takes, less room for the ending of a topic of dead letters.
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,245}")


def spellings(message: type[Message]) -> tuple[str, ...]:
    """Every topic under which this message may arrive, its own first."""
    return (message.topic, *OLDER_SPELLINGS.get(message, ()))


def producers(message: type[Message]) -> tuple[str, ...]:
    """Every service that says this: nearly always one."""
    return (message.producer, *message.also_said_by)


def may_say(message: type[Message], source_service: str) -> bool:
    """True if this producer, under any of its names, is one of the message's."""
    return message.producer == "*" or PRODUCER_ALIASES.get(source_service, source_service) in producers(message)


def faults_of(names: Mapping[str, str]) -> Iterator[str]:
    """Why topics cannot be published under these spellings (topic: spelling), a sentence each."""
    own = {message.topic: spellings(message) for message in MESSAGES}
    taken = {spelling: topic for topic, of_one in own.items() for spelling in of_one}
    for topic, spelling in names.items():
        if topic not in own:
            yield f"{topic} is not a topic of HuleEdu: see docs/reference/asyncapi.json for those that are."
        elif not _TOPIC.fullmatch(spelling) or spelling in (".", ".."):
            yield f"{spelling!r} cannot be the name of a topic: letters, digits, '.', '_' and '-', at most 245."
        elif taken.setdefault(spelling, topic) != topic:
            yield f"{spelling} is taken: it is what {taken[spelling]} is called."
