"""A batch's whole way through BOS on the real event bus: what ELS would say goes in, commands come out."""

from typing import Any

from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.tests.others import Others
from batch_orchestrator_service.tests.said import NLP, SPELLCHECK, outcome, provisioned
from common_core.enums import BatchStatus
from common_core.messages.batch import (
    BatchEssaysRegistered,
    BatchPipelineCompletedV1,
)
from common_core.messages.pipeline import (
    BatchServiceNLPInitiateCommandDataV1,
    BatchServiceSpellcheckInitiateCommandDataV1,
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


async def ask(client: Client, batch_id: str, pipeline: str) -> str:
    """Start a pipeline; its run's id."""
    answer = await client.post(f"/v1/batches/{batch_id}/pipelines", json={"requested_pipeline": pipeline})
    assert answer.status_code == 202, await answer.get_data(as_text=True)
    return str((await answer.get_json())["run_id"])


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
    }
    assert found["waiting_for"] == []
