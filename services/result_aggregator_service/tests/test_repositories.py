"""One contract, in memory and on PostgreSQL: whatever the order and however often, the same is known in the end."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from common_core.enums import AssociationValidationMethod, BatchStatus, PhaseName
from common_core.message import Message
from huleedu_service_libs.runtime.blame import Fenced
from huleedu_service_libs.runtime.database import Database
from result_aggregator_service.config import SERVICE_NAME
from result_aggregator_service.domain.batch import Batch
from result_aggregator_service.domain.results import NO_RUN, Edition
from result_aggregator_service.implementations.batch_table import BatchTable, VersionedBatch
from result_aggregator_service.implementations.result_reader_postgres_impl import PostgresResultReaderImpl
from result_aggregator_service.tests.messages import (
    AKE,
    BATCH,
    BEA,
    CIA,
    LATER_RUN,
    OTHER_BATCH,
    RUN,
    TEACHER,
    analysed,
    assigned,
    command,
    ended,
    file_failed,
    metadata,
    named,
    outcome,
    registered,
    slot_failed,
    spellcheck_failed,
    spellchecked,
    whole_story,
)
from result_aggregator_service.tests.telling import InMemoryWorld, PostgresWorld, World, known


@pytest.fixture
async def postgres_world(result_dsn: str) -> AsyncIterator[World]:
    """PostgreSQL."""
    database = await Database.connect(result_dsn, SERVICE_NAME)
    yield PostgresWorld(database)
    await database.close()


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> World:
    """Each implementation in turn."""
    found: World = InMemoryWorld() if request.param == "memory" else request.getfixturevalue("postgres_world")
    return found


def everything() -> list[Message]:
    """More than happens to one batch: a retry, a second run, a slot given anew, slots and files that fail."""
    return [
        *whole_story(),
        assigned(BEA, 1.5, file_upload_id="upload-22", original_file_name="Bea igen.txt"),
        file_failed("tom 2.txt", "upload-10"),
        slot_failed(CIA, "tom.txt"),
        spellcheck_failed(AKE, attempt=0),
        outcome(PhaseName.SPELLCHECK, {AKE: "TEXT_NOT_FOUND"}, attempt=0),
        command(PhaseName.SPELLCHECK, 3.5),
        ended(2, 7),
        command(PhaseName.NLP, 10, LATER_RUN),
        analysed(AKE, 11, LATER_RUN),
        analysed(BEA, 1, run_id=None, attempt=None),
        named(AKE, "Bo"),
        named(AKE, "Åke", version=2),
        named(BEA, None, association_method=AssociationValidationMethod.TIMEOUT),
        named(CIA, "Cia", version=None),
        outcome(PhaseName.NLP, {BEA: "ANALYSIS_FAILED"}, LATER_RUN),
        ended(1, 12, LATER_RUN),
    ]


@st.composite
def tellings(draw: st.DrawFn) -> list[list[Message]]:
    """Everything in any order, some of it twice, cut into polls anywhere."""
    messages = everything()
    again = draw(st.lists(st.sampled_from(messages), max_size=6))
    told = draw(st.permutations([*messages, *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(told) - 1), max_size=4)))
    return [list(told[start:end]) for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tellings())
async def test_the_order_of_messages_does_not_matter(world: World, polls: list[list[Message]]) -> None:
    await world.forget()
    await world.tell(everything())
    in_order = await known(world)

    await world.forget()
    for poll in polls:
        await world.tell(poll)

    in_this_order = await known(world)
    assert _but_announcements(in_this_order.batch) == _but_announcements(in_order.batch)
    assert in_this_order.slots == in_order.slots
    assert in_this_order.unused == in_order.unused
    assert in_this_order.results == in_order.results
    assert in_this_order.students == in_order.students
    assert {essay: student.name for essay, student in in_order.students.items()} == {
        AKE: "Åke Öberg",
        BEA: "UNKNOWN",
        CIA: "Cia Öberg",
    }


def _but_announcements(batch: Batch | None) -> Batch | None:
    """Whether a run's results are announced yet depends on what had come by its end, until its timer has fired."""
    return batch and replace(batch, announced=[])


async def test_the_newest_run_and_in_it_the_newest_attempt_wins(world: World) -> None:
    await world.tell([spellchecked(AKE, 9, LATER_RUN, 2)])
    await world.tell([spellchecked(AKE, 20, LATER_RUN, 1), spellchecked(AKE, 21, RUN, 3)])
    await world.tell([spellchecked(AKE, 22, run_id=None, attempt=None)])

    (result,) = (await known(world)).results
    assert result.edition == Edition(LATER_RUN, 2)


async def test_a_newer_attempt_replaces_a_failure(world: World) -> None:
    await world.tell([spellcheck_failed(AKE)])
    await world.tell([spellchecked(AKE, 9, attempt=2)])

    (result,) = (await known(world)).results
    assert (result.error_code, result.edition) == (None, Edition(RUN, 2))


async def test_results_are_kept_whole(world: World) -> None:
    await world.tell([spellchecked(AKE), analysed(AKE, run_id=None)])

    analysis, spelling = (await known(world)).results
    assert [(made.original, made.replacement, made.kind) for made in spelling.corrections] == [
        ("skirva", "skriva", "spelling"),
        ("=sum", "summa", "learner"),
    ]
    assert analysis.features["lix"] == 38.2
    assert analysis.edition == Edition(NO_RUN, 1)


async def test_corrections_and_features_come_only_when_asked_for_in_full(world: World) -> None:
    await world.tell([spellchecked(AKE), analysed(AKE)])

    results = (await world.reader.results(BATCH, [AKE], in_full=False))[AKE]
    assert all(not result.corrections and not result.features for result in results)
    assert all(result.summary for result in results)


async def test_an_essay_of_which_only_a_result_is_known_is_among_the_essays(world: World) -> None:
    await world.tell([assigned(AKE), spellchecked(BEA)])

    names = {slot.essay_id: slot.file_name for slot in (await known(world)).slots}
    assert names == {AKE: "Åke uppsats.docx", BEA: None}


async def test_a_teacher_has_a_list_of_batches_the_newest_first(world: World) -> None:
    newer = registered(OTHER_BATCH, metadata=metadata(60, OTHER_BATCH))
    somebody_elses = registered("0190a000-0000-7000-8000-0000000000b3", user_id="teacher-2")
    await world.tell([registered(), newer, somebody_elses, ended()])

    everything = await world.reader.batches_of(TEACHER, None, 10, 0)
    assert [each.batch_id for each in everything.batches] == [OTHER_BATCH, BATCH]
    second = await world.reader.batches_of(TEACHER, None, 1, 1)
    assert ([each.batch_id for each in second.batches], second.total) == ([BATCH], 2)
    done = await world.reader.batches_of(TEACHER, [BatchStatus.COMPLETED_SUCCESSFULLY], 10, 0)
    assert ([each.batch_id for each in done.batches], done.total) == ([BATCH], 1)


async def test_of_two_processes_that_hear_first_of_a_batch_one_starts_anew(result_dsn: str) -> None:
    database = await Database.connect(result_dsn, SERVICE_NAME)
    table, first, second = BatchTable(), VersionedBatch(Batch()), VersionedBatch(Batch(ingestion_failed=True))
    async with database.transaction() as con:
        await table.write(con, {BATCH: first})
    async with database.transaction() as con:
        with pytest.raises(Fenced):
            await table.write(con, {BATCH: second})

    assert await PostgresResultReaderImpl(database).batch(BATCH) == first.batch
    await database.close()


async def test_what_is_not_known_is_not_found(world: World) -> None:
    assert await world.reader.batch(BATCH) is None
    assert await world.reader.batch("../etc/passwd") is None
    assert await world.reader.slots(BATCH) == []
