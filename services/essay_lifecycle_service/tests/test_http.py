"""What can be asked over HTTP: true numbers, or a problem."""

import uuid

import pytest
from dishka import Provider, Scope, make_async_container, provide
from quart.typing import TestClientProtocol as Client

from common_core.enums import PhaseName
from essay_lifecycle_service.app import make_app
from essay_lifecycle_service.config import Settings
from essay_lifecycle_service.domain.intake import registration_of, upload_of
from essay_lifecycle_service.domain.matching import confirmation_of
from essay_lifecycle_service.domain.phases import plan_of
from essay_lifecycle_service.domain.requests import spellcheck_answers
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from essay_lifecycle_service.protocols import EssayFactsProtocol
from essay_lifecycle_service.tests.said import (
    AT,
    confirmed,
    deadline,
    id_of,
    provisioned,
    registered,
    spellcheck,
    spelled,
    unusable,
)
from essay_lifecycle_service.tests.stores import Store
from huleedu_service_libs.health import Health
from huleedu_service_libs.tracing import Tracing

TIME = "2026-09-01T08:00:00Z"


@pytest.fixture
def client(store: Store) -> Client:
    class Facts(Provider):
        scope = Scope.APP

        @provide
        def facts(self) -> EssayFactsProtocol:
            return store.facts

    settings = Settings.load()
    metrics = EssayLifecycleMetrics(settings.service_name)
    return make_app(settings, make_async_container(Facts()), metrics, Health(), Tracing()).test_client()


async def a_batch(store: Store) -> None:
    """Four slots: one spell-checked, one failed in it, one unusable file, one never filled."""
    batch = registration_of(registered("9b", ["e1", "e2", "e3", "e4"]), "request", None)
    await store.run(lambda: store.intakes.register([batch], AT))
    files = [upload_of(m) for m in (provisioned("9b", "ada"), provisioned("9b", "bo"), unusable("9b", "cy"))]
    await store.run(lambda: store.intakes.receive(files, AT))
    plan = plan_of(spellcheck("9b", ["e1", "e2"]), id_of("event"), "request", None)
    await store.run(lambda: store.phases.open(PhaseName.SPELLCHECK, [plan], AT))


async def answered(store: Store) -> None:
    answers = [a for m in (spelled("9b", "e1"), spelled("9b", "e2", error="E")) for a in spellcheck_answers(m)]
    await store.run(lambda: store.phases.record(PhaseName.SPELLCHECK, answers, AT))
    await store.run(lambda: store.intakes.close([deadline("9b").batch_id], AT))


async def test_a_batchs_status_counts_its_essays(store: Store, client: Client) -> None:
    await a_batch(store)
    response = await client.get(f"/v1/batches/{id_of('9b')}/status")
    assert await response.get_json() == {
        "batch_id": id_of("9b"),
        "total_essays": 4,
        "status_breakdown": {"awaiting_spellcheck": 2, "content_ingestion_failed": 1, "uploaded": 1},
        "completion_percentage": 25.0,
    }

    await answered(store)
    response = await client.get(f"/v1/batches/{id_of('9b')}/status")
    assert await response.get_json() == {
        "batch_id": id_of("9b"),
        "total_essays": 4,
        "status_breakdown": {"spellchecked_success": 1, "spellcheck_failed": 1, "content_ingestion_failed": 2},
        "completion_percentage": 100.0,
    }


async def test_an_essays_status_tells_its_life(store: Store, client: Client) -> None:
    await a_batch(store)
    await answered(store)
    students = [confirmation_of(confirmed("9b", {"e1": "student-ada"}))]
    await store.run(lambda: store.matchings.confirm(students, AT))
    timeline = dict.fromkeys(["uploaded", "ready_for_processing", "awaiting_spellcheck", "spellchecked_success"], TIME)

    response = await client.get(f"/v1/essays/{id_of('e1')}/status")
    assert await response.get_json() == {
        "essay_id": id_of("e1"),
        "current_status": "spellchecked_success",
        "batch_id": id_of("9b"),
        "processing_progress": {"spellcheck": True},
        "timeline": timeline,
        "storage_references": {
            "raw_upload_blob": "raw-ada",
            "original_essay": "text-ada",
            "corrected_text": "corrected-e1",
        },
        "student_id": "student-ada",
        "association_method": "human",
        "created_at": TIME,
        "updated_at": TIME,
    }
    response = await client.get(f"/v1/essays/{id_of('e1')}/timeline")
    assert await response.get_json() == {"essay_id": id_of("e1"), "timeline": timeline}


@pytest.mark.parametrize("path", ["essays/{}/status", "essays/{}/timeline", "batches/{}/status"])
async def test_what_is_not_there_is_a_404_with_a_code(client: Client, path: str) -> None:
    response = await client.get("/v1/" + path.format(uuid.uuid4()))
    assert response.status_code == 404
    problem = await response.get_json()
    assert problem["code"] == ("BATCH_NOT_FOUND" if "batches" in path else "ESSAY_NOT_FOUND")

    response = await client.get("/v1/" + path.format("no-uuid"))
    assert response.status_code == 404
