"""A batch's whole way through BOS on the real event bus: what ELS would say goes in, commands come out."""

import asyncio
from typing import Any

from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.domain.pipeline import PHASES
from batch_orchestrator_service.tests.conductor import Conductor
from batch_orchestrator_service.tests.others import Others, Watch
from batch_orchestrator_service.tests.said import CORRELATION, NLP, SPELLCHECK, outcome, provisioned
from batch_orchestrator_service.tests.said import ready as essays_ready
from common_core.enums import BatchStatus
from common_core.messages.batch import (
    BatchContentDeadlinePassedV1,
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
from common_core.messages.control import (
    BatchPausedV1,
    BatchPhaseDeadlinePassedV1,
    BatchResumedV1,
    BatchRunCancelledV1,
)
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
    ClientBatchPipelineRequestV1,
    ELSBatchPhaseProgressV1,
    PipelineDeniedV1,
)

REGISTRATION = {"expected_essay_count": 2, "course_code": "ENG5", "user_id": "teacher-1", "org_id": "school-1"}


async def register(client: Client, others: Others) -> BatchEssaysRegistered:
    """A batch of two, as ELS learns of it."""
    answer = await client.post("/v1/batches/register", json=REGISTRATION)
    assert answer.status_code == 202, await answer.get_data(as_text=True)
    announced = await others.hear(BatchEssaysRegistered)
    assert announced.entity_id == (await answer.get_json())["batch_id"]
    return announced


async def status(client: Client, batch_id: str) -> dict[str, Any]:
    """What the service answers about a batch."""
    answer = await client.get(f"/v1/batches/{batch_id}/status")
    assert answer.status_code == 200
    found: dict[str, Any] = await answer.get_json()
    return found


async def until(client: Client, batch_id: str, wanted: BatchStatus) -> dict[str, Any]:
    """The status, once the batch stands there."""
    while (found := await status(client, batch_id))["status"] != wanted:
        pass
    return found


async def until_waiting_for(client: Client, batch_id: str, what: str) -> dict[str, Any]:
    """The status, once this is what the batch waits for."""
    while (found := await status(client, batch_id))["waiting_for"][0]["what"] != what:
        pass
    return found


async def ask(client: Client, batch_id: str, pipeline: str) -> str:
    """Start a pipeline; its run's id."""
    answer = await client.post(f"/v1/batches/{batch_id}/pipelines", json={"requested_pipeline": pipeline})
    assert answer.status_code == 202, await answer.get_data(as_text=True)
    return str((await answer.get_json())["run_id"])


async def ready(client: Client, others: Others) -> tuple[str, list[str]]:
    """A batch whose content has come, and its essays."""
    announced = await register(client, others)
    await others.say(provisioned(announced.essay_ids, batch_id=announced.entity_id))
    await until(client, announced.entity_id, BatchStatus.READY_FOR_PIPELINE_EXECUTION)
    return announced.entity_id, announced.essay_ids


async def started(client: Client, others: Others, pipeline: str) -> tuple[str, list[str], str]:
    """A batch whose first phase has been commanded, its essays, and its run."""
    batch, essays = await ready(client, others)
    run = await ask(client, batch, pipeline)
    await others.hear(BatchServiceSpellcheckInitiateCommandDataV1)
    return batch, essays, run


async def heard_to_the_end(client: Client, others: Others) -> None:
    """BOS has dealt with all that was said up to now: what was said after it has taken effect."""
    answer = await client.post("/v1/batches/register", json=REGISTRATION)
    batch = (await answer.get_json())["batch_id"]
    await others.say(provisioned("", batch_id=batch))
    await until(client, batch, BatchStatus.CONTENT_INGESTION_FAILED)


def requested(batch: str, pipeline: str, user_id: str = "teacher-1") -> ClientBatchPipelineRequestV1:
    """A client's request, as a message."""
    return ClientBatchPipelineRequestV1(
        batch_id=batch, requested_pipeline=pipeline, client_correlation_id=CORRELATION, user_id=user_id
    )


async def test_a_batch_goes_from_registration_to_the_end_of_its_run(client: Client, others: Others) -> None:
    announced = await register(client, others)
    batch, (ada, bo) = announced.entity_id, announced.essay_ids
    await others.say(provisioned([ada, bo], batch_id=batch))
    await until(client, batch, BatchStatus.READY_FOR_PIPELINE_EXECUTION)

    run = await ask(client, batch, "nlp")
    spelling = await others.hear(BatchServiceSpellcheckInitiateCommandDataV1)
    assert [ref.essay_id for ref in spelling.essays_to_process] == [ada, bo]
    assert (spelling.run_id, spelling.attempt, spelling.user_id, spelling.language) == (run, 1, "teacher-1", "en")

    await others.say(outcome(SPELLCHECK, [ada], {bo: "SPELLCHECK_SERVICE_ERROR"}, run=run, batch_id=batch))
    analysis = await others.hear(BatchServiceNLPInitiateCommandDataV1)
    assert [ref.text_storage_id for ref in analysis.essays_to_process] == [f"corrected-{ada}"]

    await others.say(outcome(NLP, [ada], run=run, batch_id=batch))
    completed = await others.hear(BatchPipelineCompletedV1)
    assert (completed.final_status, completed.run_id) == (BatchStatus.COMPLETED_WITH_FAILURES, run)
    assert (completed.successful_essay_count, completed.failed_essay_count) == (1, 1)
    found = await until(client, batch, BatchStatus.COMPLETED_WITH_FAILURES)
    assert found["pipeline_state"]["spellcheck"]["essay_counts"] == {
        "total": 2,
        "pending_dispatch_or_processing": 0,
        "successful": 1,
        "failed": 1,
        "cancelled": 0,
    }
    assert found["waiting_for"] == []


async def test_a_batch_whose_content_never_comes_ends(client: Client, others: Others, watch: Watch) -> None:
    """ELS is asked to close it; and if ELS says nothing, it ends without it."""
    batch = (await register(client, others)).entity_id
    watch.forward(days=1)
    assert (await others.hear(BatchContentDeadlinePassedV1)).batch_id == batch
    assert (await status(client, batch))["status"] == BatchStatus.AWAITING_CONTENT_VALIDATION

    watch.forward(hours=1)
    found = await until(client, batch, BatchStatus.CONTENT_INGESTION_FAILED)
    assert found["progress"]["content"]["error_code"] == "CONTENT_DEADLINE_PASSED"


async def test_a_phase_that_never_answers_is_tried_again_and_its_late_answer_changes_nothing(
    client: Client, others: Others, watch: Watch
) -> None:
    """First ELS is asked to close it. It says nothing to that either, but comes back for the next attempt."""
    batch, essays, run = await started(client, others, "nlp")
    watch.forward(seconds=PHASES[SPELLCHECK].time_limit(2).total_seconds())
    closing = await others.hear(BatchPhaseDeadlinePassedV1)
    assert (closing.batch_id, closing.run_id, closing.attempt) == (batch, run, 1)

    watch.forward(seconds=PHASES[SPELLCHECK].silence.total_seconds())
    found = await until_waiting_for(client, batch, "next_attempt")
    watch.forward(minutes=1)
    again = await others.hear(BatchServiceSpellcheckInitiateCommandDataV1)
    assert (again.run_id, again.attempt) == (run, 2)
    assert found["waiting_for"][0]["until"] <= watch().isoformat()

    await others.say(outcome(SPELLCHECK, essays, run=run, attempt=1, batch_id=batch))
    await others.say(outcome(SPELLCHECK, essays[:1], run=run, attempt=2, batch_id=batch))
    analysis = await others.hear(BatchServiceNLPInitiateCommandDataV1)
    assert [ref.essay_id for ref in analysis.essays_to_process] == essays[:1]
    assert others.unheard(BatchServiceNLPInitiateCommandDataV1) == 0


async def test_failed_essays_are_tried_again_and_what_is_done_is_kept(client: Client, others: Others) -> None:
    batch, (ada, bo), run = await started(client, others, "nlp")
    await others.say(outcome(SPELLCHECK, [ada], {bo: "CONTENT_NOT_FOUND"}, run=run, batch_id=batch))
    await others.hear(BatchServiceNLPInitiateCommandDataV1)
    await others.say(outcome(NLP, [ada], run=run, batch_id=batch))
    await others.hear(BatchPipelineCompletedV1)

    answer = await client.post(f"/v1/batches/{batch}/phases/spellcheck/retry", json={"reason": "found it again"})
    body = await answer.get_json()
    assert (answer.status_code, body["essay_ids"]) == (202, [bo])
    spelling = await others.hear(BatchServiceSpellcheckInitiateCommandDataV1)
    assert (spelling.run_id, spelling.attempt) == (body["run_id"], 2)
    await others.say(outcome(SPELLCHECK, [bo], run=body["run_id"], attempt=2, batch_id=batch))
    analysis = await others.hear(BatchServiceNLPInitiateCommandDataV1)
    assert ([ref.text_storage_id for ref in analysis.essays_to_process], analysis.attempt) == ([f"corrected-{bo}"], 2)
    await others.say(outcome(NLP, [bo], run=body["run_id"], attempt=2, batch_id=batch))

    completed = await others.hear(BatchPipelineCompletedV1)
    assert (completed.final_status, completed.successful_essay_count) == (BatchStatus.COMPLETED_SUCCESSFULLY, 2)
    _, retried = (await status(client, batch))["runs"]
    assert (retried["retry_of"], [phase["succeeded"] for phase in retried["phases"]]) == (run, [2, 2])


async def test_a_cancelled_batch_is_over_and_what_comes_late_is_discarded(client: Client, others: Others) -> None:
    batch, essays, run = await started(client, others, "nlp")
    answers = [await client.post(f"/v1/batches/{batch}/cancel", json={"reason": "wrong class"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    told = await others.hear(BatchRunCancelledV1)
    assert (told.run_id, told.reason) == (run, "wrong class")
    assert (await others.hear(BatchPipelineCompletedV1)).final_status is BatchStatus.CANCELLED

    await others.say(outcome(SPELLCHECK, essays, run=run, batch_id=batch))
    await heard_to_the_end(client, others)
    found = await status(client, batch)
    assert (found["status"], found["waiting_for"], found["cancelled"]["reason"]) == ("cancelled", [], "wrong class")
    spelling = found["runs"][0]["phases"][0]
    assert (spelling["cancelled"], spelling["succeeded"], spelling["discarded"]) == (2, 0, True)
    assert others.unheard(BatchServiceNLPInitiateCommandDataV1) == others.unheard(BatchRunCancelledV1) == 0


async def test_a_paused_batch_keeps_what_comes_and_goes_on_with_it(
    client: Client, others: Others, watch: Watch
) -> None:
    batch, essays, run = await started(client, others, "nlp")
    await client.post(f"/v1/batches/{batch}/pause")
    paused = await others.hear(BatchPausedV1)
    await others.say(outcome(SPELLCHECK, essays, run=run, batch_id=batch))
    watch.forward(days=30)
    await heard_to_the_end(client, others)
    found = await status(client, batch)
    assert ([wait["what"] for wait in found["waiting_for"]], found["status"]) == (["resume"], "processing_pipelines")
    assert others.unheard(BatchServiceNLPInitiateCommandDataV1) == 0

    await client.post(f"/v1/batches/{batch}/resume", json={})
    assert (await others.hear(BatchResumedV1)).version > paused.version
    analysis = await others.hear(BatchServiceNLPInitiateCommandDataV1)
    assert [ref.essay_id for ref in analysis.essays_to_process] == essays


async def test_what_is_said_twice_takes_effect_once(client: Client, others: Others) -> None:
    batch, essays, run = await started(client, others, "nlp")
    spelling = outcome(SPELLCHECK, essays, run=run, batch_id=batch)
    await others.say(spelling, provisioned(essays, batch_id=batch), spelling)
    await others.say(spelling)

    await heard_to_the_end(client, others)
    await others.hear(BatchServiceNLPInitiateCommandDataV1)
    assert others.unheard(BatchServiceNLPInitiateCommandDataV1) == 0
    assert (await status(client, batch))["version"] == 4


async def test_essays_that_are_said_to_be_ready_await_the_client_s_request(client: Client, others: Others) -> None:
    announced = await register(client, others)
    await others.say(essays_ready(announced.essay_ids, batch_id=announced.entity_id))

    found = await until(client, announced.entity_id, BatchStatus.READY_FOR_PIPELINE_EXECUTION)
    assert [wait["what"] for wait in found["waiting_for"]] == ["pipeline_request"]


async def test_progress_is_shown_until_the_outcome_is_there(client: Client, others: Others) -> None:
    batch, _, run = await started(client, others, "spellcheck")
    await others.say(
        ELSBatchPhaseProgressV1(
            batch_id=batch, phase_name=SPELLCHECK, run_id=run, attempt=1, succeeded=1, failed=0, total=2
        )
    )
    await heard_to_the_end(client, others)

    found = await status(client, batch)
    assert found["progress"]["percentage"] == 50.0
    assert found["version"] == 3


async def test_a_pipeline_can_be_asked_for_by_a_message(client: Client, others: Others) -> None:
    batch, _ = await ready(client, others)
    await others.say(requested(batch, "spellcheck"))

    command = await others.hear(BatchServiceSpellcheckInitiateCommandDataV1)
    assert command.entity_id == batch


async def test_a_request_by_message_is_denied_with_its_code(client: Client, others: Others) -> None:
    batch, _ = await ready(client, others)
    await others.say(requested(batch, "horoscope"))
    denied = await others.envelope(PipelineDeniedV1)
    assert denied.data.denial_code == "BCS_PIPELINE_DEPENDENCY_RESOLUTION_FAILED"
    assert denied.correlation_id == CORRELATION

    await others.say(requested(batch, "spellcheck", user_id="teacher-2"))
    assert (await others.hear(PipelineDeniedV1)).denial_code == "BATCH_NOT_FOUND"


async def test_a_request_by_message_waits_until_bcs_is_back(
    client: Client, others: Others, conductor: Conductor
) -> None:
    batch, _ = await ready(client, others)
    conductor.away = True
    await others.say(requested(batch, "spellcheck"))
    while not conductor.asked:
        await status(client, batch)
    conductor.away = False

    assert (await others.hear(BatchServiceSpellcheckInitiateCommandDataV1)).entity_id == batch


async def test_while_bcs_is_away_a_request_leaves_no_trace(
    client: Client, others: Others, conductor: Conductor
) -> None:
    batch, _ = await ready(client, others)
    before, conductor.away = await status(client, batch), True
    answer = await client.post(f"/v1/batches/{batch}/pipelines", json={"requested_pipeline": "nlp"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert await status(client, batch) == before


async def test_the_same_key_gives_the_same_answer_and_one_batch(client: Client, others: Others) -> None:
    """I10."""
    headers = {"Idempotency-Key": "my-batch"}
    answers = await asyncio.gather(
        *(client.post("/v1/batches/register", json=REGISTRATION, headers=headers) for _ in range(4))
    )

    assert {answer.status_code for answer in answers} == {202}
    (batch,) = {(await answer.get_json())["batch_id"] for answer in answers}
    assert (await others.hear(BatchEssaysRegistered)).entity_id == batch
    found = await (await client.get("/v1/batches", headers={"X-User-ID": "teacher-1"})).get_json()
    assert [each["batch_id"] for each in found["batches"]] == [batch]


async def test_the_same_key_starts_one_run(client: Client, others: Others) -> None:
    batch, _ = await ready(client, others)
    headers, body = {"Idempotency-Key": "my-run"}, {"requested_pipeline": "nlp"}
    answers = [await client.post(f"/v1/batches/{batch}/pipelines", json=body, headers=headers) for _ in range(2)]

    assert len({(await answer.get_json())["run_id"] for answer in answers}) == 1


async def test_registrations_at_the_same_time_are_announced_once_each(client: Client, others: Others) -> None:
    """I1."""
    answers = await asyncio.gather(*(client.post("/v1/batches/register", json=REGISTRATION) for _ in range(20)))

    registered = {(await answer.get_json())["batch_id"] for answer in answers}
    announced = [(await others.hear(BatchEssaysRegistered)).entity_id for _ in range(20)]
    assert sorted(announced) == sorted(registered)


async def test_an_operator_cancels_everything_of_one_owner(client: Client, others: Others, watch: Watch) -> None:
    batches = {(await started(client, others, "nlp"))[0] for _ in range(3)}
    answer = await client.post(
        "/v1/operations",
        json={"action": "cancel", "user_id": "teacher-1", "reason": "a mistake", "per_second": 1},
        headers={"Authorization": "Bearer sesame"},
    )
    assert answer.status_code == 202
    told = set()
    for _ in batches:
        told.add((await others.hear(BatchRunCancelledV1)).batch_id)
        watch.forward(seconds=1)
    assert told == batches
