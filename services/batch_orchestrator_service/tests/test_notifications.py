"""What teachers are told: by BOS about their batches, and by any service in their streams."""

import json
from collections.abc import Sequence
from typing import Any, cast

import pytest
from msgspec.structs import replace
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.domain import timers
from batch_orchestrator_service.domain.facts import ContentDeadlinePassed, Fact, PhaseDeadlinePassed
from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.implementations.decisions import BatchDecisions
from batch_orchestrator_service.implementations.notification_handler import SUGGESTED, NotificationHandler
from batch_orchestrator_service.implementations.stream_events import MOST_DATA_BYTES, BatchStreamEvent
from batch_orchestrator_service.protocols import BatchProcessingServiceProtocol
from batch_orchestrator_service.tests.in_memory import InMemory
from batch_orchestrator_service.tests.life import after, said, then
from batch_orchestrator_service.tests.others import Others
from batch_orchestrator_service.tests.said import (
    AT,
    BATCH,
    CLASS,
    CORRELATION,
    NLP,
    RUN,
    SPELLCHECK,
    SPELLING_THEN_ANALYSIS,
    TEACHER,
    cancel,
    later,
    outcome,
    pause,
    phase,
    provisioned,
    registered,
    resolved,
    resume,
    retry,
    suggested,
    unusable,
)
from batch_orchestrator_service.tests.test_acceptance import ready
from batch_orchestrator_service.tests.watching import told, watching
from common_core.enums import NotificationPriority, WebSocketEventCategory
from common_core.message import Envelope
from common_core.messages.notification import TeacherNotificationRequestedV1
from huleedu_service_libs.runtime.effects import Effect

READY = (registered("ab"), provisioned("ab"))
RUNNING = (*READY, SPELLING_THEN_ANALYSIS)
CONTENT_DEADLINE = ContentDeadlinePassed(batch_id=BATCH, due=later(days=1))
SILENCE = ContentDeadlinePassed(batch_id=BATCH, due=later(days=1, hours=1))


def the_one(effects: Sequence[Effect]) -> TeacherNotificationRequestedV1:
    """What the teacher is told, which is one thing."""
    (told,) = said(effects, TeacherNotificationRequestedV1)
    assert (told.teacher_id, told.batch_id, told.payload["batch_id"]) == (TEACHER, BATCH, BATCH)
    return told


def nothing(effects: Sequence[Effect]) -> bool:
    """Whether the teacher is told nothing."""
    return said(effects, TeacherNotificationRequestedV1) == []


class TestWhatBosTells:
    """Given what a batch has lived through, when this happens, then its teacher hears that."""

    def test_processing_has_started_with_what_lies_before_it(self) -> None:
        told = the_one(then(after(*READY), SPELLING_THEN_ANALYSIS)[1])

        assert (told.notification_type, told.priority) == ("batch_processing_started", NotificationPriority.LOW)
        assert (told.category, told.action_required) == (WebSocketEventCategory.BATCH_PROGRESS, False)
        assert told.payload == {
            "batch_id": BATCH,
            "run_id": RUN,
            "requested_pipeline": "some pipeline",
            "resolved_pipeline": ["spellcheck", "nlp"],
            "first_phase": "spellcheck",
            "total_phases": 2,
            "message": "Processing has started: spell-checking of 2 essays.",
        }

    def test_what_is_reused_does_not_lie_before_it(self) -> None:
        done = after(*READY, resolved(phase(SPELLCHECK)), outcome(SPELLCHECK, "ab"))
        further = resolved(phase(SPELLCHECK, reuse=True), phase(NLP, SPELLCHECK), run="run-2")

        told = the_one(then(done, further)[1])
        assert (told.payload["resolved_pipeline"], told.payload["first_phase"]) == (["nlp"], "nlp")

    def test_a_retry_is_another_start(self) -> None:
        done = after(*READY, resolved(phase(SPELLCHECK)), outcome(SPELLCHECK, "a", {"b": "EMPTY_CONTENT"}))

        told = the_one(then(done, retry(SPELLCHECK))[1])
        assert told.notification_type == "batch_processing_started"
        assert told.payload["message"] == "Processing has started: spell-checking of 1 essay."

    def test_with_nothing_left_to_do_only_the_end_is_told(self) -> None:
        done = after(*READY, resolved(phase(SPELLCHECK)), outcome(SPELLCHECK, "ab"))

        told = the_one(then(done, resolved(phase(SPELLCHECK, reuse=True), run="run-2"))[1])
        assert told.notification_type == "pipeline_completed"

    @pytest.mark.parametrize(
        ("survivors", "priority", "final_status", "message"),
        [
            ("ab", NotificationPriority.HIGH, "completed_successfully", "2 of 2 essays came through."),
            ("a", NotificationPriority.IMMEDIATE, "completed_with_failures", "1 of 2 essays came through; 1 failed."),
            ("", NotificationPriority.IMMEDIATE, "failed_critically", "0 of 2 essays came through; 2 failed."),
        ],
    )
    def test_a_run_has_ended_and_failures_call_for_the_teacher(
        self, survivors: str, priority: NotificationPriority, final_status: str, message: str
    ) -> None:
        running = after(*READY, resolved(phase(SPELLCHECK)))
        failed = {essay: "EMPTY_CONTENT" for essay in "ab" if essay not in survivors}

        told = the_one(then(running, outcome(SPELLCHECK, survivors, failed), later(minutes=2))[1])
        assert (told.notification_type, told.priority) == ("pipeline_completed", priority)
        assert told.action_required == bool(failed)
        assert told.payload == {
            "batch_id": BATCH,
            "run_id": RUN,
            "final_status": final_status,
            "completed_phases": ["spellcheck"] if survivors else [],
            "successful_essays": len(survivors),
            "failed_essays": len(failed),
            "duration_seconds": 120.0,
            "message": message,
        }

    def test_a_phase_that_is_over_is_not_bos_s_to_tell(self) -> None:
        assert nothing(then(after(*RUNNING), outcome(SPELLCHECK, "ab"))[1])

    def test_a_phase_that_takes_too_long_is_told_once_however_often_it_is_tried_again(self) -> None:
        batch = after(*RUNNING)
        heard: list[TeacherNotificationRequestedV1] = []
        for _ in range(20):
            for timer in list(timers.running(batch).values())[:1]:
                batch, effects = then(batch, cast(Fact, timer.message), timer.at)
                heard += said(effects, TeacherNotificationRequestedV1)

        assert [told.notification_type for told in heard] == ["batch_processing_delayed", "pipeline_completed"]
        assert heard[0].payload["message"].startswith("Spell-checking takes longer than it should.")

    def test_more_time_for_work_that_goes_on_is_nobody_s_concern(self) -> None:
        limit = AT + PHASES[SPELLCHECK].time_limit(2)
        overdue = PhaseDeadlinePassed(batch_id=BATCH, run_id=RUN, phase_name=SPELLCHECK, attempt=1, due=limit, done=1)

        assert nothing(then(after(*RUNNING), overdue, limit)[1])

    @pytest.mark.parametrize("fact", [provisioned(""), unusable("ab", critical=True)])
    def test_content_of_which_nothing_can_be_used_calls_for_the_teacher(self, fact: Fact) -> None:
        told = the_one(then(after(registered("ab")), fact)[1])

        assert told.notification_type == "batch_content_ingestion_failed"
        assert (told.priority, told.action_required) == (NotificationPriority.IMMEDIATE, True)
        assert (told.payload["error_code"], told.payload["expected_essays"]) == ("NO_USABLE_CONTENT", 2)

    def test_so_does_content_that_never_comes(self) -> None:
        batch, effects = then(after(registered("ab")), CONTENT_DEADLINE, later(days=1))
        assert nothing(effects)

        told = the_one(then(batch, SILENCE, later(days=1, hours=1))[1])
        assert told.notification_type == "batch_content_ingestion_failed"
        assert told.payload["message"] == "No usable file came in time."

    def test_what_has_come_in_time_is_told_where_some_has_not(self) -> None:
        batch, _ = then(after(registered("abc")), CONTENT_DEADLINE, later(days=1))

        told = the_one(then(batch, provisioned("a"))[1])
        assert told.notification_type == "batch_content_deadline_passed"
        assert told.payload["message"] == "The time for handing in is over: 1 of 3 essays can be processed."

    def test_content_that_comes_is_what_everybody_expects(self) -> None:
        assert nothing(then(after(registered("ab")), provisioned("ab"))[1])

    def test_teachers_know_what_they_have_asked_for_themselves(self) -> None:
        batch, paused = then(after(*RUNNING), pause())
        batch, resumed = then(batch, resume())
        batch, cancelled = then(batch, cancel())

        assert nothing((*paused, *resumed, *cancelled))

    def test_teachers_are_told_what_others_have_asked_for(self) -> None:
        batch, paused = then(after(*RUNNING), pause("operator"))
        batch, resumed = then(batch, resume("operator"))
        batch, cancelled = then(batch, cancel("operator"))

        kinds = [the_one(effects).notification_type for effects in (paused, resumed, cancelled)]
        assert kinds == ["batch_paused", "batch_resumed", "batch_cancelled"]
        assert the_one(cancelled).payload["message"] == "The batch was cancelled by operator: because"

    def test_of_content_that_a_cancelled_batch_was_waiting_for_nothing_is_told(self) -> None:
        assert nothing(then(after(registered("ab"), cancel()), provisioned(""))[1])


def notification(teacher_id: str = TEACHER, batch_id: str | None = BATCH, **payload: Any) -> Envelope[Any]:
    """ELS tells a teacher something."""
    told = TeacherNotificationRequestedV1(
        teacher_id=teacher_id,
        notification_type="batch_spellcheck_completed",
        category=WebSocketEventCategory.BATCH_PROGRESS,
        priority=NotificationPriority.LOW,
        payload=payload,
        correlation_id=CORRELATION,
        batch_id=batch_id,
        timestamp=AT,
    )
    return Envelope(
        event_id="e",
        event_type=told.topic,
        event_timestamp=AT,
        source_service="essay_lifecycle_service",
        correlation_id=CORRELATION,
        data=told,
    )


class TestWhatStreamsShow:
    """What is told reaches the streams of whoever it is for, and nobody else's (I16)."""

    async def shown(self, *told: Envelope[Any]) -> list[BatchStreamEvent]:
        world = InMemory()
        await world.batches.save(after(*READY), registered("ab"))
        decisions = await world.container.get(BatchDecisions)
        await NotificationHandler(world.batches, world.publisher, decisions).handle(told)
        return [effect for effect in world.publisher.effects if isinstance(effect, BatchStreamEvent)]

    async def test_a_notification_is_shown_as_its_teacher_s_client_knows_it(self) -> None:
        (event,) = await self.shown(notification(message="Done."))

        assert (event.event, event.user_id, event.batch_id, event.at) == ("notification", TEACHER, BATCH, AT)
        assert json.loads(bytes(event.data)) == {
            "notification_type": "batch_spellcheck_completed",
            "category": "batch_progress",
            "priority": "low",
            "action_required": False,
            "deadline": None,
            "batch_id": BATCH,
            "class_id": None,
            "correlation_id": CORRELATION,
            "timestamp": "2026-09-01T08:00:00Z",
            "payload": {"message": "Done."},
        }

    @pytest.mark.parametrize(
        "told", [notification("teacher-2"), notification(batch_id="unknown"), notification("teacher-2", "unknown")]
    )
    async def test_about_a_batch_only_its_owner_hears(self, told: Envelope[Any]) -> None:
        assert await self.shown(told) == []

    async def test_what_is_about_no_batch_is_shown_to_the_teacher_it_is_for(self) -> None:
        (event,) = await self.shown(notification("teacher-2", batch_id=None))

        assert (event.user_id, event.batch_id) == ("teacher-2", None)

    async def test_a_payload_that_is_too_much_for_a_stream_is_left_out(self) -> None:
        (event,) = await self.shown(notification(message="x" * MOST_DATA_BYTES))

        assert json.loads(bytes(event.data))["payload"] is None


async def test_until_when_a_teacher_has_time_is_kept_with_the_batch() -> None:
    world = InMemory()
    life = registered(class_id=CLASS), provisioned(), suggested()
    await world.batches.save(after(*life), life[-1])
    told = notification(version=2)
    told = replace(told, data=replace(told.data, notification_type=SUGGESTED, deadline_timestamp=later(days=1)))
    decisions = await world.container.get(BatchDecisions)
    await NotificationHandler(world.batches, world.publisher, decisions).handle([told])

    service = await world.container.get(BatchProcessingServiceProtocol)
    (wait,) = (await service.status(BATCH, TEACHER)).waiting_for
    assert (wait.what, wait.until) == ("teacher_confirmation", later(days=1))
    events = [effect for effect in world.publisher.effects if isinstance(effect, BatchStreamEvent)]
    (shown,) = [json.loads(bytes(event.data)) for event in events if event.event == "fact"]
    assert shown["waiting_for"][0]["until"].startswith("2026-09-02T08:00:00")


async def test_teachers_see_what_they_are_told_as_it_happens_and_nothing_else(client: Client, others: Others) -> None:
    batch, _ = await ready(client, others)
    async with watching(client, "/v1/stream", user=TEACHER) as ours, watching(client, "/v1/stream", user="b") as theirs:
        await others.say(notification("b", batch).data, notification(TEACHER, batch).data, notification("b", None).data)
        await client.post(f"/v1/batches/{batch}/pause", json={})
        shown = [told(event) for event in await ours.until("notification", notification_type="batch_paused")]
        *_, first = await theirs.until("notification")

    kinds = [each["notification_type"] for each in shown if "notification_type" in each]
    assert kinds == ["batch_spellcheck_completed", "batch_paused"]
    assert told(first)["batch_id"] is None
