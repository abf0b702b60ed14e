"""A phase's essays are sent within the window, counted in once each, and its outcome is said once; over both stores."""

from collections.abc import Sequence
from typing import Any, TypeVar

import pytest

from common_core.enums import BatchStatus, NotificationPriority, PhaseName, WebSocketEventCategory
from common_core.message import Message
from common_core.messages.ai_feedback import AIFeedbackResultDataV1, EssayLifecycleAIFeedbackRequestV1
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1, BatchNlpProcessingRequestedV2
from common_core.messages.notification import TeacherNotificationRequestedV1
from common_core.messages.pipeline import (
    BatchServiceAIFeedbackInitiateCommandDataV1,
    BatchServiceCJAssessmentInitiateCommandDataV1,
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    ELSBatchPhaseOutcomeV1,
    ELSBatchPhaseProgressV1,
)
from common_core.messages.spellcheck import EssayLifecycleSpellcheckRequestV1, SpellcheckPhaseCompletedV1
from common_core.shared import EssayProcessingInputRefV1
from essay_lifecycle_service.domain.notifications import notifications
from essay_lifecycle_service.domain.requests import ai_feedback_answers, nlp_answers, spellcheck_answers
from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.implementations.phase_handlers import PhaseHandler
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from essay_lifecycle_service.tests.said import (
    METRICS,
    analyse,
    analysed,
    comment_on,
    commented,
    enveloped,
    id_of,
    judge,
    refs,
    spellcheck,
    spelled,
)
from essay_lifecycle_service.tests.stores import Heard, MakeStore, Store
from huleedu_service_libs.runtime import Cause

M = TypeVar("M", bound=Message)
CLASS = ("ada", "bo", "cy")


class Phases:
    """The handlers of one store, and what they have said."""

    def __init__(self, store: Store) -> None:
        self._store, self.heard = store, Heard()
        self._metrics = EssayLifecycleMetrics("essay_lifecycle_service")
        spelling, nlp, feedback, cj = (
            PhaseHandler(name, store.phases, lambda: self.heard, self._metrics)
            for name in (PhaseName.SPELLCHECK, PhaseName.NLP, PhaseName.AI_FEEDBACK, PhaseName.CJ_ASSESSMENT)
        )
        self._handlers: dict[type[Message], Any] = {
            BatchServiceSpellcheckInitiateCommandDataV1: spelling.start,
            SpellcheckPhaseCompletedV1: spelling.count_in(spellcheck_answers),
            BatchServiceNLPInitiateCommandDataV1: nlp.start,
            BatchNlpAnalysisCompletedV1: nlp.count_in(nlp_answers),
            BatchServiceAIFeedbackInitiateCommandDataV1: feedback.start,
            AIFeedbackResultDataV1: feedback.count_in(ai_feedback_answers),
            BatchServiceCJAssessmentInitiateCommandDataV1: cj.start,
        }

    async def take(self, *messages: Message, event: str = "event") -> None:
        """Messages of one kind in one transaction."""
        handle = self._handlers[type(messages[0])]
        await self._store.run(lambda: handle([enveloped(message, event=event) for message in messages]))

    def hear(self, kind: type[M]) -> list[M]:
        """What of this kind was said since it was last asked for."""
        said = [message for message in self.heard.messages if isinstance(message, kind)]
        self.heard.messages = [message for message in self.heard.messages if not isinstance(message, kind)]
        return said

    def gauge(self, name: str) -> float | None:
        """What a metric of the spelling phase shows."""
        return self._metrics.registry.get_sample_value(name, {"phase": "spellcheck"})

    @property
    def unused(self) -> float:
        """How many answers have changed nothing."""
        return self._metrics.registry.get_sample_value("unused_answers_total", {"phase": "spellcheck"}) or 0


def requested(phases: Phases) -> list[str]:
    return [request.entity_id for request in phases.hear(EssayLifecycleSpellcheckRequestV1)]


def ids(*essays: str) -> list[str]:
    return [id_of(essay) for essay in essays]


@pytest.fixture
def phases(store: Store) -> Phases:
    return Phases(store)


async def test_a_command_asks_for_each_essay(phases: Phases) -> None:
    await phases.take(spellcheck("9b", CLASS))

    requests = phases.hear(EssayLifecycleSpellcheckRequestV1)
    assert [(request.entity_id, request.text_storage_id) for request in requests] == [
        (id_of(essay), f"text-{essay}") for essay in CLASS
    ]
    assert {(request.run_id, request.attempt, request.parent_id) for request in requests} == {
        (id_of("run"), 1, id_of("9b"))
    }


async def test_the_last_answer_brings_the_outcome(phases: Phases) -> None:
    await phases.take(spellcheck("9b", CLASS))
    await phases.take(spelled("9b", "ada"), spelled("9b", "bo", error="TEXT_UNREADABLE"))
    [progress] = phases.hear(ELSBatchPhaseProgressV1)
    assert (progress.succeeded, progress.failed, progress.total) == (1, 1, 3)
    assert not phases.hear(ELSBatchPhaseOutcomeV1)

    await phases.take(spelled("9b", "cy"))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.phase_status == BatchStatus.COMPLETED_WITH_FAILURES
    assert outcome.processed_essays == [
        EssayProcessingInputRefV1(
            essay_id=id_of(essay), text_storage_id=f"corrected-{essay}", spellcheck_metrics=METRICS
        )
        for essay in ("ada", "cy")
    ]
    assert outcome.failed_essay_ids == ids("bo")
    assert outcome.error_codes == {id_of("bo"): "TEXT_UNREADABLE"}
    assert (outcome.run_id, outcome.attempt) == (id_of("run"), 1)
    assert not phases.hear(ELSBatchPhaseProgressV1)


async def test_everything_that_follows_carries_the_commands_correlation(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada", "bo"]))
    await phases.take(spelled("9b", "ada"))
    await phases.take(spelled("9b", "bo"))

    assert phases.heard.causes == [Cause("request", {"user_id": "ms-frizzle"})] * 5


async def test_the_teacher_is_told_when_spelling_is_over(phases: Phases) -> None:
    await phases.take(spellcheck("9b", CLASS))
    await phases.take(spelled("9b", "ada"), spelled("9b", "bo", error="TEXT_UNREADABLE"))
    assert phases.hear(TeacherNotificationRequestedV1) == []
    await phases.take(spelled("9b", "cy"))

    [told] = phases.hear(TeacherNotificationRequestedV1)
    assert (told.teacher_id, told.batch_id, told.correlation_id) == ("ms-frizzle", id_of("9b"), "request")
    assert (told.notification_type, told.priority) == ("batch_spellcheck_completed", NotificationPriority.LOW)
    assert told.category is WebSocketEventCategory.BATCH_PROGRESS
    assert told.payload == {
        "batch_id": id_of("9b"),
        "run_id": id_of("run"),
        "attempt": 1,
        "phase_name": PhaseName.SPELLCHECK,
        "phase_status": BatchStatus.COMPLETED_WITH_FAILURES,
        "success_count": 2,
        "failed_count": 1,
        "total_count": 3,
        "message": "Spell-checking is over: 2 of 3 essays came through.",
    }


async def test_the_teacher_is_told_when_analysis_is_over(phases: Phases) -> None:
    await phases.take(analyse("9b", refs(["ada"])))
    await phases.take(analysed("9b", ["ada"]))

    [told] = phases.hear(TeacherNotificationRequestedV1)
    assert (told.notification_type, told.priority) == ("batch_nlp_completed", NotificationPriority.STANDARD)
    assert told.payload["message"] == "Linguistic analysis is over: 1 of 1 essay came through."


async def test_an_outcome_is_told_once(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada"]))
    await phases.take(spelled("9b", "ada"))
    await phases.take(spelled("9b", "ada"))
    await phases.take(spellcheck("9b", ["ada"]))

    [told] = phases.hear(TeacherNotificationRequestedV1)
    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert told.payload["run_id"] == outcome.run_id
    assert notifications(outcome, "", told.timestamp) == (), "where nobody knows whose batch it is"


async def test_a_phase_that_there_is_nothing_to_tell_of_ends_in_silence(phases: Phases) -> None:
    await phases.take(judge("9b", ["ada"]))

    assert phases.hear(ELSBatchPhaseOutcomeV1)
    assert phases.hear(TeacherNotificationRequestedV1) == []


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ([None, None, None], BatchStatus.COMPLETED_SUCCESSFULLY),
        (["E", None, None], BatchStatus.COMPLETED_WITH_FAILURES),
        (["E", "E", "E"], BatchStatus.FAILED_CRITICALLY),
    ],
)
async def test_the_counts_decide_how_a_phase_ended(
    phases: Phases, errors: Sequence[str | None], status: BatchStatus
) -> None:
    await phases.take(spellcheck("9b", CLASS))
    await phases.take(*(spelled("9b", essay, error=error) for essay, error in zip(CLASS, errors, strict=True)))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.phase_status == status


async def test_analysis_is_one_request_and_passes_its_text_on(phases: Phases) -> None:
    essays = [EssayProcessingInputRefV1(essay_id=id_of("ada"), text_storage_id="t", spellcheck_metrics=METRICS)]
    essays += refs(["bo", "cy"])
    await phases.take(analyse("9b", essays))
    [request] = phases.hear(BatchNlpProcessingRequestedV2)
    assert request.essays_to_process == essays

    await phases.take(analysed("9b", ["ada"]), analysed("9b", ["ada"]))
    await phases.take(analysed("9b", ["bo"], failed=["cy"]))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.processed_essays == essays[:2]
    assert outcome.error_codes == {id_of("cy"): "TEXT_TOO_SHORT"}


async def test_an_answer_counts_once_and_the_first_one_stands(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada", "bo"]))
    await phases.take(spelled("9b", "ada"), spelled("9b", "ada", error="LATER"))
    await phases.take(spelled("9b", "ada", error="LATER"))
    await phases.take(spelled("9b", "bo"))
    await phases.take(spelled("9b", "bo"))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.phase_status == BatchStatus.COMPLETED_SUCCESSFULLY
    assert phases.unused == 3


async def test_answers_about_other_essays_and_batches_change_nothing(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada"]))
    await phases.take(spelled("9b", "bo"), spelled("9c", "ada"), spelled("9b", "ada", run="another"))

    assert not phases.hear(ELSBatchPhaseOutcomeV1)
    assert phases.unused == 3


async def test_a_repeated_command_changes_nothing(phases: Phases) -> None:
    await phases.take(spellcheck("9b", CLASS))
    requested(phases)
    await phases.take(spellcheck("9b", CLASS))
    await phases.take(*(spelled("9b", essay) for essay in CLASS))
    await phases.take(spellcheck("9b", CLASS), spellcheck("9b", CLASS))

    assert requested(phases) == []
    assert len(phases.hear(ELSBatchPhaseOutcomeV1)) == 1


async def test_a_new_attempt_takes_the_place_of_the_open_one(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada", "bo"]))
    await phases.take(spellcheck("9b", ["ada"], attempt=2))
    await phases.take(spelled("9b", "ada"), spelled("9b", "bo"))
    assert not phases.hear(ELSBatchPhaseOutcomeV1)

    await phases.take(spelled("9b", "ada", attempt=2))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.attempt == 2


async def test_an_attempt_that_was_overtaken_is_not_taken_up(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada"], attempt=2))
    requested(phases)
    await phases.take(spellcheck("9b", ["ada", "bo"], attempt=1))

    assert requested(phases) == []


async def test_two_commands_for_a_batch_may_come_at_once(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada", "bo"]), spellcheck("9b", ["bo"], attempt=2))
    await phases.take(spelled("9b", "bo", attempt=2))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.attempt == 2


async def test_a_second_run_over_a_phase_is_a_phase_of_its_own(phases: Phases) -> None:
    for run in ("first", "second"):
        await phases.take(spellcheck("9b", ["ada"], run=run))
        await phases.take(spelled("9b", "ada", run=run))

    assert [outcome.run_id for outcome in phases.hear(ELSBatchPhaseOutcomeV1)] == ids("first", "second")


async def test_without_run_and_attempt_the_open_phase_is_meant(phases: Phases) -> None:
    for event in ("monday", "tuesday"):
        await phases.take(spellcheck("9b", ["ada"], run=None, attempt=None), event=event)
        await phases.take(spellcheck("9b", ["ada"], run=None, attempt=None), event=f"{event} again")
        await phases.take(spelled("9b", "ada", run=None, attempt=None))

    assert requested(phases) == ids("ada", "ada")
    assert [outcome.run_id for outcome in phases.hear(ELSBatchPhaseOutcomeV1)] == ids("monday", "tuesday")


async def test_an_empty_command_ends_at_once(phases: Phases) -> None:
    await phases.take(spellcheck("9b", []))
    await phases.take(spellcheck("9b", []))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.phase_status == BatchStatus.FAILED_CRITICALLY


async def test_an_essay_that_is_named_twice_is_asked_for_once(phases: Phases) -> None:
    await phases.take(spellcheck("9b", ["ada", "ada"]))
    await phases.take(spelled("9b", "ada"))

    assert requested(phases) == ids("ada")
    assert len(phases.hear(ELSBatchPhaseOutcomeV1)) == 1


async def test_a_phase_that_no_service_works_on_fails_at_once(make_store: MakeStore) -> None:
    phases = Phases(make_store(Policy(window=2)))
    await phases.take(judge("9b", CLASS))
    await phases.take(judge("9b", CLASS))

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert (outcome.phase_status, outcome.failed_essay_ids) == (BatchStatus.FAILED_CRITICALLY, ids(*CLASS))
    assert set(outcome.error_codes.values()) == {"PHASE_NOT_AVAILABLE"}
    assert not phases.heard.messages


async def test_no_more_essays_are_out_than_the_window_holds(make_store: MakeStore) -> None:
    phases = Phases(make_store(Policy(window=2)))
    await phases.take(spellcheck("9b", CLASS))
    assert requested(phases) == ids("ada", "bo")

    assert (phases.gauge("essays_in_flight"), phases.gauge("essays_waiting")) == (2, 1)

    await phases.take(spelled("9b", "bo"))
    assert requested(phases) == ids("cy")
    assert (phases.gauge("essays_in_flight"), phases.gauge("essays_waiting")) == (2, 0)

    await phases.take(spelled("9b", "ada"))
    assert requested(phases) == []


async def test_who_came_first_is_sent_first(make_store: MakeStore) -> None:
    phases = Phases(make_store(Policy(window=2)))
    await phases.take(spellcheck("9b", CLASS), spellcheck("9c", ["di"]))
    await phases.take(spellcheck("9d", ["eli"]))
    assert requested(phases) == ids("ada", "bo")

    await phases.take(spelled("9b", "ada"), spelled("9b", "bo"))
    assert requested(phases) == ids("cy", "di")

    await phases.take(spelled("9c", "di"))
    assert requested(phases) == ids("eli")


async def test_each_phase_has_a_window_of_its_own(make_store: MakeStore) -> None:
    phases = Phases(make_store(Policy(window=1)))
    await phases.take(spellcheck("9b", ["ada"]))
    await phases.take(analyse("9c", refs(["bo"])))

    assert requested(phases) == ids("ada")
    assert len(phases.hear(BatchNlpProcessingRequestedV2)) == 1


async def test_what_is_superseded_makes_room(make_store: MakeStore) -> None:
    phases = Phases(make_store(Policy(window=2)))
    await phases.take(spellcheck("9b", CLASS))
    requested(phases)
    await phases.take(spellcheck("9b", CLASS, attempt=2))

    assert requested(phases) == ids("ada", "bo")


async def test_whoever_waits_already_gets_the_room_before_a_new_attempt(make_store: MakeStore) -> None:
    phases = Phases(make_store(Policy(window=2)))
    await phases.take(spellcheck("9b", ["ada", "bo"]), spellcheck("9c", ["di"]))
    assert requested(phases) == ids("ada", "bo")
    await phases.take(spellcheck("9b", ["ada", "bo"], attempt=2))

    assert requested(phases) == ids("di", "ada")


async def test_an_answer_about_an_essay_that_still_waits_changes_nothing(make_store: MakeStore) -> None:
    phases = Phases(make_store(Policy(window=1)))
    await phases.take(spellcheck("9b", ["ada", "bo"]))
    await phases.take(spelled("9b", "bo"))

    assert phases.unused == 1
    assert requested(phases) == ids("ada")


async def test_feedback_is_asked_for_essay_by_essay_and_its_text_goes_on(phases: Phases) -> None:
    await phases.take(comment_on("9b", CLASS))
    requests = phases.hear(EssayLifecycleAIFeedbackRequestV1)
    assert [request.processing_input.text_storage_id for request in requests] == [f"text-{essay}" for essay in CLASS]

    await phases.take(
        commented("9b", "ada"), commented("9b", "bo", error="LLM_PROVIDER_TIMEOUT"), commented("9b", "cy")
    )

    [outcome] = phases.hear(ELSBatchPhaseOutcomeV1)
    assert outcome.phase_status is BatchStatus.COMPLETED_WITH_FAILURES
    assert {ref.text_storage_id for ref in outcome.processed_essays} == {"text-ada", "text-cy"}
    assert outcome.error_codes == {id_of("bo"): "LLM_PROVIDER_TIMEOUT"}
