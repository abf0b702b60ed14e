"""A class's essays, from a roster and files to results that say who wrote what."""

import asyncio
import csv
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from common_core.enums import CourseCode
from huleedu.api import Api, Json, Refused
from huleedu.classes import associations_of, class_of, decide, students_of
from huleedu.composition import compose
from huleedu.export import export
from huleedu.job import JobFailed, Step, hand_in, process, waits_for, whole_results
from huleedu.platform import running
from huleedu.services import definitions
from huleedu_service_libs.embedded_postgres import create_database
from tests.acceptance.conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROSTER = """Förnamn;Efternamn;E-post
Åsa;Lindqvist;asa@skolan.example
Bo;Ek;bo@skolan.example
Cia;Holm;cia@skolan.example
"""
TEXT = "My summer was realy good. I went to the beach with my freind and we swam every day until it was dark. "
ESSAYS = {"asa_lindqvist.txt": TEXT, "essay.txt": f"Name: Bo Ek\n\n{TEXT}", "text 3.txt": TEXT}


def unwatched(_: Sequence[Step]) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """A class of three."""
    path = tmp_path / "9A.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Their essays: one tells by its name who wrote it, one by its first line, one not at all."""
    made = tmp_path / "essays"
    made.mkdir()
    for name, text in ESSAYS.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(platform: Stage) -> AsyncIterator[Api]:
    """Another teacher."""
    async with Api(platform.addresses, user="another-teacher") as made:
        yield made


async def handed_in(api: Api, roster: Path, folder: Path) -> tuple[str, str]:
    """The class and a batch of it, which waits for its teacher."""
    class_id = await class_of(api, roster, CourseCode.ENG5)
    batch_id = await hand_in(api, folder, CourseCode.ENG5, "nlp", unwatched, class_id=class_id)
    assert await waits_for(api, batch_id, "teacher_confirmation", "pipeline_request") == "teacher_confirmation"
    return class_id, batch_id


def by_file(found: Json) -> dict[str, Json]:
    """The essays' associations by file name."""
    return {each["filename"]: each for each in found["associations"]}


async def test_a_class_goes_from_its_roster_to_results_with_names(
    api: Api, stranger: Api, roster: Path, folder: Path, tmp_path: Path
) -> None:
    class_id, batch_id = await handed_in(api, roster, folder)
    students = {each["first_name"]: each["student_id"] for each in await students_of(api, class_id)}

    with pytest.raises(Refused) as refusal:
        await api.request_pipeline(batch_id, "nlp")
    assert (refusal.value.status, refusal.value.code) == (409, "STUDENT_VALIDATION_PENDING")
    assert (await api.status(batch_id))["status"] == "awaiting_student_validation"

    found = by_file(await associations_of(api, batch_id))
    assert [found[name]["suggested_student_name"] for name in ESSAYS] == ["Åsa Lindqvist", "Bo Ek", None]
    assert all(found[name]["match_reasons"] for name in list(ESSAYS)[:2])
    assert found["text 3.txt"]["no_match_reason"]

    for path in (f"/v1/batches/{batch_id}/student-associations", f"/v1/classes/{class_id}/roster"):
        with pytest.raises(Refused) as refusal:
            await stranger.get("class_management_service", path)
        assert refusal.value.status == 404

    told = await decide(api, batch_id, {"accept_suggestions": True, "at_least": 0.8})
    assert (told["status"], told["waiting"]) == ("waiting", 1)
    assert (await api.status(batch_id))["status"] == "awaiting_student_validation"

    cia = {"essay_id": found["text 3.txt"]["essay_id"], "student_id": students["Cia"]}
    assert (await decide(api, batch_id, {"associations": [cia]}))["status"] == "confirmed"
    await waits_for(api, batch_id, "pipeline_request")
    await process(api, batch_id, "nlp", unwatched)

    results = await whole_results(api, batch_id)
    assert results["overall_status"] == "completed_successfully"
    names = {essay["file_name"]: essay["student"]["name"] for essay in results["essays"]}
    assert names == {"asa_lindqvist.txt": "Åsa Lindqvist", "essay.txt": "Bo Ek", "text 3.txt": "Cia Holm"}

    await export(api, batch_id, str(tmp_path / "class.csv"))
    rows = list(csv.DictReader((tmp_path / "class.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["Student"] for row in rows] == ["Åsa Lindqvist", "Bo Ek", "Cia Holm"]
    await export(api, batch_id, f"{tmp_path / 'texts'}/")
    assert {path.name for path in (tmp_path / "texts").iterdir()} == {"Åsa Lindqvist.txt", "Bo Ek.txt", "Cia Holm.txt"}

    await decide(api, batch_id, {"associations": [{**cia, "student_id": None}]})
    assert await name_of(api, batch_id, "text 3.txt", "UNKNOWN") == "UNKNOWN"
    timeline = [fact["kind"] for fact in await api.timeline(batch_id)]
    assert timeline.count("huleedu.class.student.associations.confirmed.v1") == 2
    assert (await api.status(batch_id))["status"] == "completed_successfully"


async def name_of(api: Api, batch_id: str, file: str, wanted: str) -> str:
    """Who wrote it, once the correction has come."""
    while True:
        essays = (await api.results(batch_id))["essays"]
        name = next(str(essay["student"]["name"]) for essay in essays if essay["file_name"] == file)
        if name == wanted:
            return name
        await asyncio.sleep(0.1)


@pytest_asyncio.fixture(loop_scope="session")
async def hasty(
    postgres_dsn: str, lexicons: Path, any_ports: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    """A platform that gives teachers next to no time."""
    monkeypatch.setenv("CLASS_MANAGEMENT_SERVICE_CONFIRMATION_SECONDS", "0.001")
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "lexicons").symlink_to(lexicons)
    dsn = await create_database(postgres_dsn, "hasty")
    async with running(compose(definitions()), data_dir, dsn) as up, Api(up.addresses) as made:
        yield made


async def test_the_time_limit_confirms_what_is_likely_and_every_essay_goes_on(
    hasty: Api, roster: Path, folder: Path
) -> None:
    class_id = await class_of(hasty, roster, CourseCode.ENG5)
    batch_id = await hand_in(hasty, folder, CourseCode.ENG5, "spellcheck", unwatched, class_id=class_id)
    await waits_for(hasty, batch_id, "pipeline_request")
    await process(hasty, batch_id, "spellcheck", unwatched)

    results = await whole_results(hasty, batch_id)
    assert results["completed_essay_count"] == len(ESSAYS)
    students = {essay["file_name"]: essay["student"] for essay in results["essays"]}
    assert [students[name]["name"] for name in ESSAYS] == ["Åsa Lindqvist", "Bo Ek", "UNKNOWN"]
    assert {student["method"] for student in students.values()} == {"timeout"}
    [told] = [fact["data"] for fact in await hasty.timeline(batch_id) if fact["kind"].endswith("confirmed.v1")]
    assert told["timeout_triggered"] is True
    assert (await hasty.status(batch_id))["student_matching"]["by_time_limit"] is True


async def test_a_guests_batch_never_hears_of_students(api: Api, folder: Path) -> None:
    """I9."""
    batch_id = await hand_in(api, folder, CourseCode.ENG5, "spellcheck", unwatched)

    status = await api.status(batch_id)
    assert (status["status"], status["student_matching"]) == ("ready_for_pipeline_execution", None)


async def test_another_teachers_class_names_nobody(api: Api, stranger: Api, roster: Path, folder: Path) -> None:
    """I16."""
    class_id = await class_of(api, roster, CourseCode.ENG5)
    batch_id = await hand_in(stranger, folder, CourseCode.ENG5, "spellcheck", unwatched, class_id=class_id)
    await waits_for(stranger, batch_id, "teacher_confirmation")

    found = await associations_of(stranger, batch_id)
    assert {len(each["suggestions"]) for each in found["associations"]} == {0}
    with pytest.raises(Refused):
        await students_of(stranger, class_id)
    await decide(stranger, batch_id, {"finish": True})
    await waits_for(stranger, batch_id, "pipeline_request")


async def test_a_roster_that_cannot_be_read_is_refused_row_by_row_and_leaves_no_class(api: Api, roster: Path) -> None:
    before = await api.get("class_management_service", "/v1/classes/?limit=100")
    roster.write_text(ROSTER + ";;nobody@skolan.example\n", encoding="utf-8")

    with pytest.raises(JobFailed, match="Row 5"):
        await class_of(api, roster, CourseCode.ENG5)
    assert await api.get("class_management_service", "/v1/classes/?limit=100") == before
