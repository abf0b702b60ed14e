"""The whole service on a real database: it hears events through the real bus and answers over HTTP."""

from result_aggregator_service.tests.conftest import Client
from result_aggregator_service.tests.messages import BATCH, CORRELATION, RUN, ended, registered, whole_story
from result_aggregator_service.tests.others import Others


async def test_a_whole_batch_is_put_together_and_announced(others: Others, client: Client) -> None:
    await others.say(*whole_story())

    results = await (await client.get(f"/v1/batches/{BATCH}/results")).get_json()
    assert results["overall_status"] == "completed_successfully"
    assert [essay["file_name"] for essay in results["essays"]] == ["=Cia().pdf", "Bea.txt", "Åke uppsats.docx"]
    assert [left["code"] for left in results["left_out"]] == ["NO_AVAILABLE_SLOT", "EMPTY_CONTENT"]
    announced = await others.hear()
    assert [(each.data.run_id, each.data.completed_essays) for each in announced] == [(RUN, 3)]
    assert announced[0].correlation_id == CORRELATION


async def test_the_story_again_and_backwards_changes_nothing(others: Others, client: Client) -> None:
    await others.say(*whole_story())
    told_once = await (await client.get(f"/v1/batches/{BATCH}/results")).get_json()
    await others.say(*reversed(whole_story()))

    assert await (await client.get(f"/v1/batches/{BATCH}/results")).get_json() == told_once
    assert len(await others.hear()) == 1


async def test_nothing_is_announced_before_the_results_have_come(others: Others) -> None:
    await others.say(registered(), ended())

    assert await others.hear() == []


async def test_a_message_about_an_impossible_batch_holds_up_nothing(others: Others, client: Client) -> None:
    await others.say(registered(batch_id="no uuid"), registered())

    assert await others.dead_letters() == 1
    assert (await client.get(f"/v1/batches/{BATCH}/results")).status_code == 200
