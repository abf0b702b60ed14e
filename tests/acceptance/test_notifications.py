"""Whatever the teacher of a guest batch should hear of is seen in the teacher's stream, once."""

import asyncio
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from common_core.enums import CourseCode
from huleedu.api import Api
from huleedu.job import do_job
from huleedu_service_libs.event_streams.reading import EventReader
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


async def heard(stream: aiohttp.ClientResponse) -> list[Any]:
    """The notifications about the first batch of which everything has been told."""
    reader, of_batch = EventReader(), defaultdict[str, list[Any]](list)
    async for chunk in stream.content.iter_any():
        for event in reader.feed(chunk):
            if event.event == "notification":
                told = json.loads(event.data)
                of_batch[told["batch_id"]].append(told)
                if {each["notification_type"] for each in of_batch[told["batch_id"]]} >= TOLD:
                    return of_batch[told["batch_id"]]
    raise AssertionError("the stream has ended")


async def test_a_teacher_hears_of_everything_once(platform: Stage, api: Api, tmp_path: Path) -> None:
    (tmp_path / "elin.txt").write_text(ESSAY, encoding="utf-8")
    (tmp_path / "short.txt").write_text("Too short.", encoding="utf-8")
    address = f"{platform.addresses['batch_orchestrator_service']}/v1/stream"
    async with aiohttp.ClientSession() as session, session.get(address, headers={"X-User-ID": api.user}) as stream:
        listening = asyncio.create_task(heard(stream))
        batch_id = await do_job(api, tmp_path, CourseCode.ENG5, "nlp", unwatched)
        notifications = await listening

    assert {told["batch_id"] for told in notifications} == {batch_id}
    assert Counter(told["notification_type"] for told in notifications) == dict.fromkeys(TOLD, 1)
    payloads = {told["notification_type"]: told["payload"] for told in notifications}
    assert payloads["batch_validation_failed"]["error_codes"] == {"CONTENT_TOO_SHORT": 1}
    assert payloads["pipeline_completed"]["message"] == "1 of 1 essay came through."
    assert payloads["batch_results_ready"]["run_id"] == payloads["batch_processing_started"]["run_id"]
