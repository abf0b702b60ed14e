"""kill -9 while it is found out and confirmed who wrote what; each thing about it happens once all the same."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from common_core.enums import CourseCode
from huleedu.api import Api
from huleedu.classes import SERVICE, class_of
from tests.chaos.victim import AWAY, Victim, at_rest, drive

KILLS, SEED, BATCHES = 4, 20261125, 3
PUPILS = ("Åsa Ek", "Bo Berg", "Cia Holm", "Dan Lund", "Eva Strand")
TEXT = "The sea was calm that morning, and nobody in the village knew what the day would bring to them. " * 3

FACTS = "select count(*) from batch_orchestrator_service.timeline where kind = "
COUNTED = {
    "ended": "select count(*) from batch_orchestrator_service.batches where status = 'completed_successfully'",
    "suggested": f"{FACTS} 'batch_orchestrator.students.suggested'",
    "confirmed": f"{FACTS} 'huleedu.class.student.associations.confirmed.v1'",
    "ready": f"{FACTS} 'huleedu.els.batch.essays.ready.v1'",
    "matched": "select count(*) from nlp_service.student_matching",
    "known to ELS": "select count(*) from essay_lifecycle_service.essay_student where student_id is not null",
    "known to RAS": "select count(distinct (batch_id, last_name)) from result_aggregator_service.essay_student",
    "dead letters": "select count(*) from runtime.dead_letter",
    "work left": "select count(*) from runtime.work",
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """An essay of each pupil."""
    (tmp_path / "essays").mkdir()
    made = [tmp_path / "essays" / f"{name}.txt" for name in PUPILS]
    for path in made:
        path.write_text(TEXT, encoding="utf-8")
    return made


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """The class."""
    path = tmp_path / "9A.csv"
    path.write_text("Namn\n" + "\n".join(PUPILS), encoding="utf-8")
    return path


async def push(api: Api, batch_id: str) -> bool:
    """What a client and a teacher would do next; True once it has ended."""
    with suppress(*AWAY):
        waits = (await api.status(batch_id))["waiting_for"]
        if "teacher_confirmation" in {wait["what"] for wait in waits}:
            await api.post(SERVICE, f"/v1/batches/{batch_id}/student-associations", {"accept_suggestions": True})
    return await drive(api, batch_id)


async def test_a_class_whose_platform_is_killed_has_its_students_once(
    data_dir: Path, files: list[Path], roster: Path, victims: list[Victim]
) -> None:
    victims.append(victim := Victim(data_dir))
    chance, running = random.Random(SEED), await victim.start()
    async with Api(running.addresses) as api:
        class_id = await class_of(api, roster, CourseCode.ENG5)
        batch_ids = [await api.register(len(files), CourseCode.ENG5, class_id) for _ in range(BATCHES)]
        for batch_id in batch_ids:
            await api.upload(batch_id, files)
    for _ in range(KILLS):
        async with Api(running.addresses) as api:
            for batch_id in batch_ids:
                await push(api, batch_id)
            await asyncio.sleep(chance.uniform(0.0, 0.3))
        victim.kill()
        running = await victim.start()
    async with Api(running.addresses) as api, asyncio.timeout(90):
        while not all([await push(api, batch_id) for batch_id in batch_ids]):
            await asyncio.sleep(0.1)

    await at_rest(running.dsn)
    con = await asyncpg.connect(running.dsn)
    counted = {what: await con.fetchval(query) for what, query in COUNTED.items()}
    await con.close()
    essays = BATCHES * len(PUPILS)
    assert counted == {
        **dict.fromkeys(("ended", "suggested", "confirmed", "ready", "matched"), BATCHES),
        **dict.fromkeys(("known to ELS", "known to RAS"), essays),
        **dict.fromkeys(("dead letters", "work left"), 0),
    }
