"""The whole service on a real database: it hears events through the real bus and answers over HTTP."""

from msgspec.structs import replace

from common_core.enums import PhaseName
from result_aggregator_service.tests.messages import (
    BATCH,
    CORRELATION,
    ESSAYS,
    RUN,
    analysed,
    ended,
    outcome,
    registered,
    spellchecked,
    whole_story,
)
from result_aggregator_service.tests.others import Client, Others, until


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


async def test_results_that_come_after_the_end_of_their_run_are_waited_for(others: Others) -> None:
    await others.say(registered(), outcome(PhaseName.SPELLCHECK), outcome(PhaseName.NLP), ended())
    assert await others.hear() == []

    await others.say(*map(spellchecked, ESSAYS), *map(analysed, ESSAYS))
    others.clock.go_on(seconds=2)

    async def announced() -> bool:
        return len(await others.hear()) == 1

    await until(announced)


async def test_a_message_about_an_impossible_batch_holds_up_nothing(others: Others, client: Client) -> None:
    await others.say(registered(batch_id="no uuid"), registered())

    assert await others.dead_letters() == 1
    assert (await client.get(f"/v1/batches/{BATCH}/results")).status_code == 200


async def test_ids_in_capitals_are_the_same_ids(others: Others, client: Client) -> None:
    await others.say(registered(), registered(BATCH.upper()), replace(outcome(PhaseName.NLP), batch_id=BATCH.upper()))

    status = await (await client.get(f"/internal/v1/batches/{BATCH}/status")).get_json()
    assert status["overall_status"] == "processing_pipelines"
    assert await others.dead_letters() == 0


async def test_it_is_ready_while_it_reads(others: Others, client: Client) -> None:
    await others.say(registered())

    assert (await client.get("/readyz")).status_code == 200
