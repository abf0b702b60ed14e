"""Stopping, waiting, going on and trying again, through all services."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common_core.enums import CourseCode
from huleedu.api import Api, Json, Refused
from huleedu.job import follow, whole_results
from tests.acceptance.conftest import Stage
from tests.acceptance.test_guest_batch import ESSAY, unwatched

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ready(api: Api, tmp_path: Path, essays: int = 3) -> str:
    """A batch whose essays are all in."""
    files = [tmp_path / f"{number}.txt" for number in range(essays)]
    for number, file in enumerate(files):
        file.write_text(f"{ESSAY} Pupil {number} of {tmp_path.name}.", encoding="utf-8")
    batch_id = await api.register(essays, CourseCode.ENG5)
    await api.upload(batch_id, files)
    await reached(api, batch_id, lambda status: status["status"] == "ready_for_pipeline_execution")
    return batch_id


async def reached(api: Api, batch_id: str, is_there: Callable[[Json], bool]) -> Json:
    """The status, once it is so."""
    while not is_there(status := await api.status(batch_id)):
        pass
    return status


async def kinds(api: Api, batch_id: str) -> list[str]:
    """What the timeline holds, in short."""
    return [fact["kind"].removeprefix("batch_orchestrator.") for fact in await api.timeline(batch_id)]


async def test_a_paused_batch_loses_nothing(api: Api, tmp_path: Path) -> None:
    batch_id = await ready(api, tmp_path)
    await api.request_pipeline(batch_id, "nlp")
    await api.control(batch_id, "pause", "the bell rings")
    status = await api.status(batch_id)
    assert [wait["what"] for wait in status["waiting_for"]] == ["resume"]

    await api.control(batch_id, "resume", None)
    await follow(api, batch_id, unwatched)
    results = await whole_results(api, batch_id)
    assert (results["overall_status"], results["completed_essay_count"]) == ("completed_successfully", 3)
    assert {"pause.asked", "resume.asked"} <= set(await kinds(api, batch_id))


async def test_a_cancelled_batch_takes_a_further_pipeline(api: Api, tmp_path: Path) -> None:
    batch_id = await ready(api, tmp_path)
    first = await api.request_pipeline(batch_id, "nlp")
    answers = [await api.control(batch_id, "cancel", "the wrong class") for _ in range(2)]
    assert [answer["batch_status"] for answer in answers] == ["cancelled", "cancelled"]
    assert (await kinds(api, batch_id)).count("cancel.asked") == 1

    again = await api.request_pipeline(batch_id, "nlp")
    assert again["run_id"] != first["run_id"]
    await follow(api, batch_id, unwatched)
    status = await api.status(batch_id)
    assert [run["status"] for run in status["runs"]] == ["cancelled", "completed_successfully"]
    assert (await whole_results(api, batch_id))["completed_essay_count"] == 3


@contextmanager
def missing(storage_id: str, data_dir: Path) -> Iterator[None]:
    """Within: Content Service does not find this text."""
    (kept,) = (data_dir / "content").rglob(f"*{storage_id[4:]}*")
    moved = kept.rename(data_dir / "moved away")
    yield
    moved.rename(kept)


async def test_failed_essays_are_tried_again_and_the_results_are_those_of_all(
    api: Api, tmp_path: Path, platform: Stage
) -> None:
    batch_id = await ready(api, tmp_path)
    while not (essays := (await api.results(batch_id))["essays"]):
        pass
    with missing(essays[0]["original_text_storage_id"], platform.data_dir):
        await api.request_pipeline(batch_id, "nlp")
        await follow(api, batch_id, unwatched)
    status = await api.status(batch_id)
    assert (status["status"], status["runs"][-1]["failed_essay_count"]) == ("completed_with_failures", 1)

    with pytest.raises(Refused) as refused:
        await api.retry(batch_id, "nlp", {})
    assert refused.value.code == "NOTHING_FAILED"
    answer = await api.retry(batch_id, "spellcheck", {"reason": "found it again"})
    assert len(answer["essay_ids"]) == 1
    await follow(api, batch_id, unwatched)

    status = await api.status(batch_id)
    assert status["status"] == "completed_successfully"
    assert [phase["succeeded"] for phase in status["runs"][-1]["phases"]] == [3, 3]
    results = await whole_results(api, batch_id)
    assert (results["completed_essay_count"], results["failed_essay_count"]) == (3, 0)
    assert [(phase["completed_count"], phase["failed_count"]) for phase in results["phases"]] == [(3, 0), (3, 0)]


async def test_an_operator_has_all_that_failed_tried_again_and_sees_how_far_that_is(
    api: Api, tmp_path: Path, platform: Stage
) -> None:
    batch_id = await ready(api, tmp_path)
    while not (essays := (await api.results(batch_id))["essays"]):
        pass
    with missing(essays[0]["original_text_storage_id"], platform.data_dir):
        await api.request_pipeline(batch_id, "nlp")
        await follow(api, batch_id, unwatched)
    failed = await api.batches({"owner": api.user, "status": ["completed_with_failures"]})
    assert batch_id in [each["batch_id"] for each in failed]

    begun = await api.operate({"action": "retry", "user_id": api.user, "reason": "found it again"})
    while (operation := await api.operation(begun["operation_id"]))["status"] == "running":
        pass
    assert (operation["status"], operation["left"]) == ("done", 0)
    await reached(api, batch_id, lambda status: status["status"] == "completed_successfully")
    retry = [fact for fact in await api.timeline(batch_id) if fact["kind"].endswith("retry.asked")]
    assert [(fact["who"], fact["why"]) for fact in retry] == [("operator", "found it again")]
