"""Whatever the teacher of a guest batch should hear of is shown in its streams, once."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import zstandard

from common_core.enums import CourseCode
from huleedu.api import Api
from huleedu.job import do_job
from tests.acceptance.conftest import Stage
from tests.acceptance.test_guest_batch import ESSAY, unwatched

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOLD = {
    "batch_files_uploaded",
    "batch_validation_failed",
    "batch_processing_started",
    "batch_spellcheck_completed",
    "batch_nlp_completed",
    "pipeline_completed",
    "batch_results_ready",
}


async def shown(con: "asyncpg.Connection[Any]", batch_id: str) -> list[Any]:
    """The notifications that BOS shows in the streams of this batch, up to now."""
    rows = await con.fetch("select payload from runtime.log where topic = 'stays.batch_orchestrator.stream.event'")
    records = [json.loads(raw)["data"] for row in rows for raw in zstandard.decompress(row["payload"]).split(b"\n")]
    return [each["data"] for each in records if each["event"] == "notification" and each["batch_id"] == batch_id]


async def test_a_teacher_hears_of_everything_once(platform: Stage, api: Api, tmp_path: Path) -> None:
    (tmp_path / "elin.txt").write_text(ESSAY, encoding="utf-8")
    (tmp_path / "short.txt").write_text("Too short.", encoding="utf-8")
    batch_id = await do_job(api, tmp_path, CourseCode.ENG5, "nlp", unwatched)

    con = await asyncpg.connect(platform.databases["batch_orchestrator_service"])
    while not {told["notification_type"] for told in await shown(con, batch_id)} >= TOLD:
        await asyncio.sleep(0.1)
    heard = await shown(con, batch_id)
    await con.close()

    assert Counter(told["notification_type"] for told in heard) == dict.fromkeys(TOLD, 1)
    payloads = {told["notification_type"]: told["payload"] for told in heard}
    assert payloads["batch_validation_failed"]["error_codes"] == {"CONTENT_TOO_SHORT": 1}
    assert payloads["pipeline_completed"]["message"] == "1 of 1 essay came through."
    assert payloads["batch_results_ready"]["run_id"] == payloads["batch_processing_started"]["run_id"]
