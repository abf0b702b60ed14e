"""A guest class's essays, from files to results."""

import csv
import json
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from common_core.enums import CourseCode
from huleedu.api import Api, Json, Refused
from huleedu.export import export
from huleedu.job import JobFailed, Step, do_job, follow, whole_results

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = Path(__file__).parents[2] / "examples"
ESSAY = "My summer was realy good. I went to the beach with my freind and we swam every day until it was dark. "


def unwatched(_: Sequence[Step]) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of text files."""

    def made(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
        return tmp_path

    return made


async def job(api: Api, path: Path, course: CourseCode = CourseCode.ENG5, pipeline: str = "nlp") -> Json:
    """Take the folder through the pipeline; its results."""
    batch_id = await do_job(api, path, course, pipeline, unwatched)
    return await whole_results(api, batch_id)


@pytest.mark.parametrize(("name", "course"), [("english-class", CourseCode.ENG5), ("swedish-class", CourseCode.SV1)])
async def test_a_class_goes_through_spelling_and_analysis(api: Api, name: str, course: CourseCode) -> None:
    results = await job(api, EXAMPLES / name, course)

    assert results["overall_status"] == "completed_successfully"
    assert (results["completed_essay_count"], len(results["left_out"])) == (10, 2)
    for essay in results["essays"]:
        if essay["file_name"] in {left["file_name"] for left in results["left_out"]}:
            continue
        assert essay["words"] > 50, essay["file_name"]
        assert essay["features"]["lix"] > 0
        assert essay["language_detected"] == results["language"]
    assert sum(essay["correction_count"] or 0 for essay in results["essays"]) > 5


async def test_each_correction_stands_where_it_says(api: Api, folder: Callable[..., Path]) -> None:
    results = await job(api, folder(one=ESSAY), pipeline="spellcheck")

    [essay] = results["essays"]
    original = await api.text(essay["original_text_storage_id"])
    corrected = await api.text(essay["corrected_text_storage_id"])
    pairs = [(c["original"], c["replacement"]) for c in essay["corrections"]]
    assert pairs == [("realy", "really"), ("freind", "friend")]
    for correction in essay["corrections"]:
        begin = correction["offset"]
        assert original[begin : begin + correction["length"]] == correction["original"]
    assert corrected == original.replace("realy", "really").replace("freind", "friend")


async def test_a_batch_in_which_no_file_can_be_used_fails_with_reasons(api: Api, folder: Callable[..., Path]) -> None:
    with pytest.raises(JobFailed) as failure:
        await job(api, folder(blank="   ", short="Too short."))

    assert "blank.txt" in str(failure.value)
    assert "short.txt" in str(failure.value)


async def test_a_second_pipeline_reuses_what_is_done(api: Api, folder: Callable[..., Path]) -> None:
    first = await job(api, folder(one=ESSAY, two=ESSAY + ESSAY), pipeline="spellcheck")
    batch_id = first["batch_id"]

    accepted = await api.request_pipeline(batch_id, "nlp")
    status = await follow(api, batch_id, unwatched)

    assert {phase["name"]: phase["reuse"] for phase in accepted["phases"]} == {"spellcheck": True, "nlp": False}
    assert status["status"] == "completed_successfully"
    assert len(status["runs"]) == 2
    results = await whole_results(api, batch_id)
    assert all(essay["features"] for essay in results["essays"])


@pytest.mark.parametrize(
    ("pipeline", "assignment"),
    [("cj_assessment", "the-sea"), ("cj_assessment", None), ("ai_feedback", None), ("comprehensive", "the-sea")],
)
async def test_a_pipeline_whose_services_are_not_there_is_refused_at_once(
    api: Api, folder: Callable[..., Path], pipeline: str, assignment: str | None
) -> None:
    batch_id = (await job(api, folder(one=ESSAY), pipeline="spellcheck"))["batch_id"]

    with pytest.raises(Refused) as refusal:
        await api.request_pipeline(batch_id, pipeline, assignment_id=assignment)

    assert refusal.value.code == "PHASE_NOT_AVAILABLE"
    assert (await api.status(batch_id))["status"] == "completed_successfully"


async def test_an_essay_in_another_language_is_flagged_and_left_as_it_is(api: Api, folder: Callable[..., Path]) -> None:
    swedish = "Jag tycker att det är viktigt att alla får vara med och bestämma hur vår skola ska se ut i framtiden. "
    results = await job(api, folder(one=swedish), CourseCode.ENG5)

    [essay] = results["essays"]
    assert (essay["language_detected"], essay["correction_count"]) == ("sv", 0)


async def test_results_are_exported_as_files_that_open_again(
    api: Api, folder: Callable[..., Path], tmp_path: Path
) -> None:
    batch_id = (await job(api, folder(åsa=ESSAY)))["batch_id"]
    out = tmp_path / "out"
    out.mkdir()

    for target in ("r.json", "r.csv", "r.xlsx", "texts"):
        await export(api, batch_id, str(out / target))

    assert json.loads((out / "r.json").read_text(encoding="utf-8"))["batch_id"] == batch_id
    rows = list(csv.reader((out / "r.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert any("åsa.txt" in row for row in rows)
    workbook = openpyxl.load_workbook(BytesIO((out / "r.xlsx").read_bytes()))
    assert "åsa.txt" in {cell for row in workbook.worksheets[0].values for cell in row}
    assert "really good" in (out / "texts" / "åsa.txt").read_text(encoding="utf-8")
