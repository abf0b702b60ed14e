"""Whatever is asked, the API answers as its own OpenAPI document says, and never with a 500."""

import asyncio
from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from class_management_service.config import SERVICE_NAME
from class_management_service.tests.matches import BATCH, matches, result, suggestion
from class_management_service.tests.teacher import Teacher
from class_management_service.tests.world import World
from common_core.messages.matching import BatchAuthorMatchesSuggestedV1
from huleedu_service_libs.openapi import openapi_document
from huleedu_service_libs.runtime import Cause
from huleedu_service_libs.server import serve

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HEADERS = {"X-User-ID": "anna", "X-Service-ID": "nlp_service", "X-Internal-API-Key": "sesame"}
EXAMPLES = 5  # for each operation


async def test_every_operation_keeps_to_its_document(anna: Teacher, world: World) -> None:
    class_id = await anna.makes_class()
    student_id = await anna.makes_student("Åsa", "Björk", class_id, email="asa@school.example")
    answer = matches(result("one", suggestion(student_id)), result("two"), class_id=class_id)
    await world.others.say(answer, cause=Cause("c", {"user_id": "anna"}))
    await world.others.at_rest(SERVICE_NAME, BatchAuthorMatchesSuggestedV1)
    there = {"class_id": class_id, "student_id": student_id, "batch_id": BATCH, "essay_id": "one"}
    stopping = asyncio.Event()
    served = await serve(world.app, "127.0.0.1", 0, stopping)
    try:
        tried = await asyncio.to_thread(_try_all, openapi_document(world.app), served.url, there)
    finally:
        stopping.set()
        await served.stopped()

    assert tried > 20


def _try_all(document: dict[str, object], url: str, there: Mapping[str, str]) -> int:
    """How many operations there are, each tried with ids that are there and with others."""
    schema = schemathesis.openapi.from_dict(document)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    operations = sorted(found, key=lambda operation: operation.method == "delete")  # while there is something left
    for operation in operations:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(), real=st.booleans())
        def answers(case: schemathesis.Case[Any], real: bool) -> None:
            if real and case.path_parameters:
                case.path_parameters = {name: there.get(name, value) for name, value in case.path_parameters.items()}
            case.call_and_validate(base_url=url, headers=HEADERS, checks=CHECKS)

        answers()
    return len(operations)
