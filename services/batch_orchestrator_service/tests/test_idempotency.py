"""Every route that changes something: the same key gives the same answer and one effect; another request is refused."""

from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from batch_orchestrator_service.tests.others import Others
from batch_orchestrator_service.tests.said import SPELLCHECK, outcome, provisioned
from common_core.messages.batch import BatchEssaysRegistered, BatchPipelineCompletedV1
from common_core.messages.pipeline import BatchServiceSpellcheckInitiateCommandDataV1
from huleedu_service_libs.idempotency import KEPT, key_use

OPERATOR = {"Authorization": "Bearer sesame"}
REGISTRATION = {"expected_essay_count": 1, "course_code": "SV2", "user_id": "teacher-1"}
WANTED: dict[str, dict[str, Any]] = {
    "/v1/batches/register": REGISTRATION,
    "/v1/batches/<batch_id>/pipelines": {"requested_pipeline": "spellcheck"},
    "/v1/batches/<batch_id>/pause": {},
    "/v1/batches/<batch_id>/resume": {},
    "/v1/batches/<batch_id>/cancel": {},
    "/v1/batches/<batch_id>/phases/<phase>/retry": {},
    "/v1/operations": {"action": "pause", "user_id": "nobody"},
    "/v1/operations/<operation_id>/stop": {},
}
WITH_CONTENT_SERVICE = {"/v1/batches/<batch_id>/prompt"}


async def post(client: Client, path: str, body: dict[str, Any], **headers: str) -> Any:
    """The answer."""
    return await client.post(path, json=body, headers=OPERATOR | headers)


async def batch(client: Client, others: Others) -> str:
    """One that is ready."""
    batch_id = str((await (await post(client, "/v1/batches/register", REGISTRATION)).get_json())["batch_id"])
    registered = await others.hear(BatchEssaysRegistered)
    await others.say(provisioned(registered.essay_ids, batch_id=batch_id))
    while (await status(client, batch_id))["status"] != "ready_for_pipeline_execution":
        pass
    return batch_id


async def status(client: Client, batch_id: str) -> dict[str, Any]:
    """Where it stands."""
    found: dict[str, Any] = await (await client.get(f"/v1/batches/{batch_id}/status")).get_json()
    return found


async def failed(client: Client, others: Others) -> str:
    """One that has failed in spelling."""
    batch_id = await batch(client, others)
    await post(client, f"/v1/batches/{batch_id}/pipelines", {"requested_pipeline": "spellcheck"})
    command = await others.hear(BatchServiceSpellcheckInitiateCommandDataV1)
    codes = {ref.essay_id: "EMPTY_CONTENT" for ref in command.essays_to_process}
    await others.say(outcome(SPELLCHECK, [], codes, run=command.run_id, batch_id=batch_id))
    await others.hear(BatchPipelineCompletedV1)
    return batch_id


async def address(rule: str, client: Client, others: Others) -> str:
    """Of something that takes this."""
    if "<operation_id>" in rule:
        begun = await (await post(client, "/v1/operations", {"action": "cancel", "user_id": "nobody"})).get_json()
        return rule.replace("<operation_id>", begun["operation_id"])
    if "<batch_id>" not in rule:
        return rule
    batch_id = await (failed if "<phase>" in rule else batch)(client, others)
    return rule.replace("<batch_id>", batch_id).replace("<phase>", SPELLCHECK)


@pytest.mark.parametrize("rule", WANTED)
async def test_sent_again_it_is_the_same(client: Client, others: Others, rule: str) -> None:
    path, body = await address(rule, client, others), WANTED[rule]
    first, again = [await post(client, path, body, **{"Idempotency-Key": "k"}) for _ in range(2)]
    other = await post(client, path, {**body, "reason": "another"}, **{"Idempotency-Key": "k"})

    assert (first.status_code, again.status_code) == (202, 202)
    assert await first.get_json() == await again.get_json()
    assert (again.headers.get("Idempotent-Replay"), first.headers.get("Idempotent-Replay")) == ("true", None)
    assert (other.status_code, (await other.get_json())["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_no_route_is_left_out(client: Client) -> None:
    rules = client.app.url_map.iter_rules()
    kept = {rule.rule for rule in rules if key_use(client.app.view_functions[rule.endpoint]) == KEPT}

    assert kept == WANTED.keys() | WITH_CONTENT_SERVICE
