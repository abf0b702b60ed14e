"""BOS's messages on their way: published as the wire has them; and older peers are understood."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
import zstandard
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.tests.others import Others
from batch_orchestrator_service.tests.said import AT, SPELLCHECK, outcome
from batch_orchestrator_service.tests.test_acceptance import heard_to_the_end, started, until
from common_core.enums import BatchStatus
from common_core.message import Envelope
from common_core.messages.batch import BatchEssaysRegistered
from common_core.messages.pipeline import ELSBatchPhaseOutcomeV1
from huleedu_service_libs.runtime import log

OLDER_TOPIC = "huleedu.els.batch.phase.outcome.v1"


@pytest.fixture
async def con(service_dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """To the database of the running service."""
    con = await asyncpg.connect(service_dsn)
    yield con
    await con.close()


async def append(con: "asyncpg.Connection[asyncpg.Record]", said: ELSBatchPhaseOutcomeV1, producer: str) -> None:
    """The outcome as an older peer says it."""
    envelope = Envelope(
        event_id="e",
        event_type=OLDER_TOPIC,
        event_timestamp=AT,
        source_service=producer,
        correlation_id="c",
        data=said,
    )
    async with con.transaction():
        await log.append(con, {(OLDER_TOPIC, said.batch_id): [msgspec.json.encode(envelope)]})


async def test_an_announcement_stands_in_the_log_under_its_batch(
    client: Client, con: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    correlation = "11111111-1111-4111-8111-111111111111"
    body = {"expected_essay_count": 1, "course_code": "SV1", "user_id": "teacher-1", "org_id": "school-1"}
    answer = await client.post("/v1/batches/register", json=body, headers={"X-Correlation-ID": correlation})
    batch = (await answer.get_json())["batch_id"]

    (row,) = await con.fetch("select topic, key, payload from runtime.log where key = $1", batch)
    envelope = msgspec.json.decode(zstandard.decompress(row["payload"]))
    assert (row["topic"], row["key"]) == ("huleedu.batch.essays.registered.v1", batch)
    assert envelope["event_type"] == BatchEssaysRegistered.topic
    assert envelope["source_service"] == "batch_orchestrator_service"
    assert envelope["correlation_id"] == correlation
    assert envelope["metadata"] == {"user_id": "teacher-1", "org_id": "school-1"}
    assert envelope["data"]["entity_id"] == batch
    assert envelope["data"]["class_id"] is None


async def test_a_refused_registration_leaves_nothing_in_the_log(
    client: Client, con: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    body = {"expected_essay_count": 5001, "course_code": "SV1", "user_id": "teacher-1"}
    assert (await client.post("/v1/batches/register", json=body)).status_code == 422

    assert await con.fetchval("select count(*) from runtime.log") == 0


async def test_an_older_els_is_understood(
    client: Client, others: Others, con: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    batch, essays, _ = await started(client, others, "spellcheck")
    said = outcome(SPELLCHECK, essays, run=None, attempt=None, batch_id=batch)
    await append(con, said, "essay-lifecycle-service")

    await until(client, batch, BatchStatus.COMPLETED_SUCCESSFULLY)


async def test_an_outcome_that_is_not_its_sender_s_to_say_is_set_aside(
    client: Client, others: Others, con: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    batch, essays, run = await started(client, others, "spellcheck")
    await append(con, outcome(SPELLCHECK, essays, run=run, batch_id=batch), "file_service")

    await heard_to_the_end(client, others)
    assert await con.fetchval("select key from runtime.dead_letter") == batch
    await until(client, batch, BatchStatus.PROCESSING_PIPELINES)
