"""The committed documents are what the services are, and valid; so is what each service answers with."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from common_core.topics import MESSAGES
from huleedu.services import SERVICES
from huleedu_service_libs.asyncapi import asyncapi_document
from tests.reference.documents import documents
from tests.reference.event_tables import readme, shown, table
from tests.reference.files import ASYNCAPI, OPENAPI, REGENERATE, text
from tests.reference.services import Started
from tests.reference.validity import asyncapi_faults, openapi_faults

Services = dict[str, Started]
ASKED = json.loads((OPENAPI / "batch_orchestrator_service.json").read_text("utf-8"))
SAID = json.loads(ASYNCAPI.read_text("utf-8"))
REGISTERED = "huleedu.batch.essays.registered.v1"


def test_the_committed_documents_are_current(services: Services) -> None:
    committed = {path: path.read_text("utf-8") for path in (ASYNCAPI, *OPENAPI.glob("*.json"))}

    assert committed == {path: text(document) for path, document in documents(services.values()).items()}, REGENERATE


@pytest.mark.parametrize("name", SERVICES)
def test_a_readme_shows_what_its_service_says_and_reads(services: Services, name: str) -> None:
    assert shown(readme(name).read_text("utf-8")) == table(services[name].events), REGENERATE


@pytest.mark.parametrize("name", SERVICES)
def test_what_can_be_asked_is_described_with_its_problems(name: str) -> None:
    described = json.loads((OPENAPI / f"{name}.json").read_text("utf-8"))

    assert openapi_faults(described) == []
    assert [fault.message for fault in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_what_is_said_is_described() -> None:
    assert asyncapi_faults(SAID) == []
    assert SAID["components"]["messages"].keys() == {"PublishedLetter", *(message.__name__ for message in MESSAGES)}


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_answers_with_its_own_part(services: Services, name: str) -> None:
    service = services[name]
    answer = json.loads(await (await service.app.test_client().get("/asyncapi.json")).get_data(as_text=True))

    assert answer == asyncapi_document(answer["info"]["title"], [service.events])
    assert asyncapi_faults(answer) == []
    assert answer["channels"].items() <= SAID["channels"].items()
    assert answer["operations"] == {
        operation: described
        for operation, described in SAID["operations"].items()
        if described["tags"] == [{"name": name}]
    }


def test_who_says_and_who_reads_a_message_is_shown() -> None:
    about = {name: o["action"] for name, o in SAID["operations"].items() if name.endswith(REGISTERED)}

    assert about == {
        f"batch_orchestrator_service.says.{REGISTERED}": "send",
        f"essay_lifecycle_service.reads.{REGISTERED}": "receive",
        f"result_aggregator_service.reads.{REGISTERED}": "receive",
    }
    message = SAID["components"]["messages"]["BatchEssaysRegistered"]
    assert message["bindings"]["kafka"]["key"]["description"] == "`data.entity_id`"


def test_who_sets_messages_aside_on_kafka_is_shown() -> None:
    letters = SAID["channels"]["dead_letters"]
    readers = {name.partition(".reads.")[0] for name in SAID["operations"] if ".reads." in name}

    assert letters["address"] == "{topic}.dlq"
    assert readers == {name.partition(".sets_aside")[0] for name in SAID["operations"] if ".sets_aside" in name}
    assert SAID["servers"]["kafka"]["variables"]["bootstrap"]["default"] == "kafka:9092"


STATUS = ("paths", "/v1/batches/{batch_id}/status", "get")


def inside(document: Any, *places: str) -> Any:
    """The part of a document at these places."""
    for place in places:
        document = document[place]
    return document


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda d: d.update(openapi="3.0.3"), "openapi: not 3.1"),
        (lambda d: d["info"].pop("version"), "info: no title, or no version"),
        (lambda d: d.update(paths={}), "paths: none"),
        (lambda d: d["components"]["schemas"].pop("WrongField"), "leads nowhere"),
        (lambda d: inside(d, *STATUS, "responses").pop("200"), "no success"),
        (lambda d: inside(d, *STATUS, "responses").pop("default"), "no default"),
        (lambda d: inside(d, *STATUS, "responses", "404").pop("content"), "404: not a problem"),
        (lambda d: inside(d, *STATUS, "responses").update({"503": {"description": "Away"}}), "503: not a problem"),
        (lambda d: inside(d, *STATUS, "responses", "200").pop("description"), "200: not a response"),
        (lambda d: inside(d, *STATUS).update(parameters=[]), "its path has other parameters"),
        (lambda d: inside(d, *STATUS, "parameters")[0].pop("schema"), "a parameter without place or schema"),
        (lambda d: inside(d, *STATUS).update(operationId="get_list_batches"), "operationId get_list_batches: 2 times"),
        (lambda d: inside(d, "paths", "/v1/batches/register", "post", "requestBody").clear(), "a body of no type"),
        (lambda d: inside(d, *STATUS[:2]).update(fetch=inside(d, *STATUS)), "not an operation"),
    ],
)
def test_a_faulty_description_of_what_can_be_asked_is_caught(spoil: Callable[[Any], Any], fault: str) -> None:
    document = deepcopy(ASKED)
    spoil(document)

    assert any(fault in found for found in openapi_faults(document))


READ = ("operations", f"result_aggregator_service.reads.{REGISTERED}")


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda d: d.update(asyncapi="2.6.0"), "asyncapi: not 3.0.0"),
        (lambda d: d["info"].pop("title"), "info: no title, or no version"),
        (lambda d: d["channels"].pop(REGISTERED), "leads nowhere"),
        (lambda d: d["channels"][REGISTERED].update(address="elsewhere"), "no address, or no message"),
        (lambda d: d["channels"]["dead_letters"].update(address="letters"), "no address, or no message"),
        (lambda d: d["channels"].update(unused={"address": "unused", "messages": {"A": {}}}), "unused: nobody's"),
        (lambda d: inside(d, *READ).update(action="publish"), "no action"),
        (lambda d: inside(d, *READ)["channel"].update({"$ref": "#/channels/other"}), "a message of another channel"),
        (lambda d: d["components"]["messages"]["BatchEssaysRegistered"].pop("headers"), "no headers"),
        (lambda d: d["components"]["schemas"]["Headers"].update(prefixItems=[]), "prefixItems is no word of a schema"),
        (lambda d: d["components"]["schemas"].update({"a name": {}}), "a name: not a name"),
    ],
)
def test_a_faulty_description_of_what_is_said_is_caught(spoil: Callable[[Any], Any], fault: str) -> None:
    document = deepcopy(SAID)
    spoil(document)

    assert any(fault in found for found in asyncapi_faults(document))
