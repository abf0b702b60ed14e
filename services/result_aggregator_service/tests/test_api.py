"""What is answered over HTTP."""

from typing import Any

import pytest

from common_core.enums import ContentType, PhaseName
from common_core.shared import StorageReference, StorageReferenceMetadata
from huleedu_service_libs.openapi import openapi_document
from result_aggregator_service.tests.messages import (
    AKE,
    BATCH,
    BEA,
    CIA,
    FEATURES,
    OTHER_BATCH,
    RUN,
    TEACHER,
    assigned,
    command,
    ended,
    metadata,
    named,
    outcome,
    registered,
    spellcheck_failed,
    spellchecked,
    whole_story,
)
from result_aggregator_service.tests.others import Client
from result_aggregator_service.tests.showing import app_over
from result_aggregator_service.tests.telling import InMemoryWorld


@pytest.fixture
def world() -> InMemoryWorld:
    """What is known."""
    return InMemoryWorld()


@pytest.fixture
def client(world: InMemoryWorld) -> Client:
    """Who asks."""
    return app_over(world.reader).test_client()


async def get(client: Client, path: str, **headers: str) -> Any:
    """The JSON of a good answer."""
    answer = await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, await answer.get_data(as_text=True)
    return await answer.get_json()


async def test_the_status_says_where_batch_and_essays_stand(world: InMemoryWorld, client: Client) -> None:
    await world.tell([registered(), assigned(AKE), assigned(BEA), assigned(CIA), command(PhaseName.SPELLCHECK)])
    await world.tell([spellchecked(AKE), spellcheck_failed(BEA)])

    status = await get(client, f"/internal/v1/batches/{BATCH}/status")
    assert status["overall_status"] == "processing_pipelines"
    assert status["client_status"] == "processing"
    assert status["current_phase"] == "spellcheck"
    assert (status["essay_count"], status["completed_essay_count"]) == (3, 0)
    assert status["processing_started_at"] == "2026-03-02T08:03:00Z"
    essays = {essay["essay_id"]: essay for essay in status["essays"]}
    assert essays[AKE]["spellcheck_status"] == "completed"
    assert essays[AKE]["spellcheck_correction_count"] == 2
    assert essays[AKE]["spellcheck_corrected_text_storage_id"] == "c" * 31 + "1"
    assert essays[AKE]["filename"] == "Åke uppsats.docx"
    assert essays[AKE]["last_updated"] == "2026-03-02T08:04:00Z"
    assert essays[BEA]["spellcheck_error_detail"]["error_code"] == "TEXT_NOT_FOUND"
    assert essays[CIA]["spellcheck_status"] == "processing"
    assert essays[CIA]["nlp_status"] is None


async def test_the_status_knows_the_prompt(world: InMemoryWorld, client: Client) -> None:
    prompt = StorageReferenceMetadata(
        references={ContentType.STUDENT_PROMPT_TEXT: StorageReference(storage_id="5" * 32)}
    )
    await world.tell([registered(student_prompt_ref=prompt)])

    status = await get(client, f"/internal/v1/batches/{BATCH}/status")
    assert status["student_prompt_ref"] == {"references": {"student_prompt_text": {"storage_id": "5" * 32, "path": ""}}}


async def test_results_hold_everything(world: InMemoryWorld, client: Client) -> None:
    await world.tell(whole_story())

    results = await get(client, f"/v1/batches/{BATCH}/results")
    assert (results["course_code"], results["language"]) == ("SV1", "sv")
    assert (results["completed_essay_count"], results["failed_essay_count"], results["missing_essay_count"]) == (
        3,
        0,
        0,
    )
    assert [(phase["phase_name"], phase["run_id"], phase["completed_count"]) for phase in results["phases"]] == [
        ("spellcheck", RUN, 3),
        ("nlp", RUN, 3),
    ]
    assert "ovix" in {feature["name"] for feature in results["key_features"]}
    assert "flesch_kincaid" not in {feature["name"] for feature in results["key_features"]}
    assert results["left_out"][1] == {
        "file_name": "tom.txt",
        "file_upload_id": "upload-9",
        "code": "EMPTY_CONTENT",
        "reason": "The file holds no text.",
    }
    essay = results["essays"][-1]
    assert essay["corrections"][0] == {
        "offset": 4,
        "length": 5,
        "original": "skirva",
        "replacement": "skriva",
        "alternatives": ["skiva"],
        "kind": "spelling",
    }
    assert essay["features"] == FEATURES
    assert essay["words"] == 210
    assert (essay["correction_count"], essay["corrections_per_100_words"]) == (2, 1.0)
    assert essay["original_text_storage_id"] == "1" * 32
    assert essay["corrected_text_storage_id"] == "c" * 31 + "1"
    assert essay["phases"] == {"spellcheck": "completed", "nlp": "completed"}


async def test_a_classs_results_say_who_wrote_what(world: InMemoryWorld, client: Client) -> None:
    await world.tell([registered(class_id="9a"), assigned(AKE), assigned(BEA), named(AKE, "Åke")])

    results = await get(client, f"/v1/batches/{BATCH}/results")
    assert results["class_id"] == "9a"
    assert [essay["student"] for essay in results["essays"]] == [
        {"name": "UNKNOWN", "student_id": None, "first_name": None, "last_name": None, "email": None, "method": None},
        {
            "name": "Åke Öberg",
            "student_id": "student-Åke",
            "first_name": "Åke",
            "last_name": "Öberg",
            "email": "åke@skolan.se",
            "method": "human",
        },
    ]


async def test_a_guests_results_name_nobody(world: InMemoryWorld, client: Client) -> None:
    """I9."""
    await world.tell([registered(), assigned(AKE), named(AKE, "Åke")])

    (essay,) = (await get(client, f"/v1/batches/{BATCH}/results"))["essays"]
    assert essay["student"] is None


async def test_an_essay_that_failed_says_why(world: InMemoryWorld, client: Client) -> None:
    await world.tell([registered(), assigned(AKE), outcome(PhaseName.NLP, {AKE: "ODD_TROUBLE"})])

    results = await get(client, f"/v1/batches/{BATCH}/results")
    assert results["essays"][0]["failures"] == [
        {"phase": "nlp", "code": "ODD_TROUBLE", "reason": "Analysis failed: odd trouble."}
    ]


async def test_a_batch_without_essays_has_results_all_the_same(world: InMemoryWorld, client: Client) -> None:
    await world.tell([registered()])

    assert (await get(client, f"/v1/batches/{BATCH}/results"))["essays"] == []


PATHS = [
    f"/internal/v1/batches/{BATCH}/status",
    f"/v1/batches/{BATCH}/results",
    f"/v1/batches/{BATCH}/results.csv",
    f"/v1/batches/{BATCH}/results.xlsx",
]


@pytest.mark.parametrize("path", PATHS)
async def test_somebody_elses_batch_is_not_there(world: InMemoryWorld, client: Client, path: str) -> None:
    answer_to_all = await client.get(path, headers={"X-User-ID": TEACHER})
    assert (answer_to_all.status_code, (await answer_to_all.get_json())["code"]) == (404, "BATCH_NOT_FOUND")

    await world.tell(whole_story())
    theirs = await client.get(path, headers={"X-User-ID": TEACHER})
    not_theirs = await client.get(path, headers={"X-User-ID": "teacher-2"})
    assert (theirs.status_code, not_theirs.status_code) == (200, 404)
    assert not_theirs.content_type == "application/problem+json"


async def test_a_batch_is_not_shown_before_its_owner_is_known(world: InMemoryWorld, client: Client) -> None:
    await world.tell([each for each in whole_story() if each != registered()])

    assert (await client.get(PATHS[0])).status_code == 404


async def test_a_name_may_come_percent_encoded(world: InMemoryWorld, client: Client) -> None:
    await world.tell([registered(user_id="Åsa")])

    assert await get(client, PATHS[0], X_User_ID="%C3%85sa", X_Identity_Encoding="url")


async def test_a_teachers_batches_are_listed(world: InMemoryWorld, client: Client) -> None:
    await world.tell([registered(), ended(), registered(OTHER_BATCH, metadata=metadata(60, OTHER_BATCH))])
    of_teacher = f"/internal/v1/batches/user/{TEACHER}"

    everything = await get(client, of_teacher)
    assert [batch["batch_id"] for batch in everything["batches"]] == [OTHER_BATCH, BATCH]
    assert everything["pagination"] == {"limit": 20, "offset": 0, "total": 2}
    for word in ("pending_content", "awaiting_content_validation"):
        waiting = await get(client, f"{of_teacher}?status={word}&limit=1")
        assert [batch["batch_id"] for batch in waiting["batches"]] == [OTHER_BATCH]


async def test_a_list_is_for_its_teacher_only(client: Client) -> None:
    answer = await client.get(f"/internal/v1/batches/user/{TEACHER}", headers={"X-User-ID": "teacher-2"})

    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["status=nonsense", "limit=0", "limit=101", "offset=-1"])
async def test_a_senseless_query_is_refused(client: Client, query: str) -> None:
    answer = await client.get(f"/internal/v1/batches/user/{TEACHER}?{query}")

    assert (answer.status_code, (await answer.get_json())["code"]) == (400, "VALIDATION_ERROR")


async def test_the_api_is_documented(world: InMemoryWorld) -> None:
    app = app_over(world.reader)
    async with app.app_context():
        paths = openapi_document(app)["paths"]

    results = paths["/v1/batches/{batch_id}/results"]["get"]["responses"]
    assert results["200"]["content"]["application/json"]["schema"]
    assert results["404"]["description"].startswith("BATCH_NOT_FOUND")
