"""A platform of many processes that is stopped and restarted while teachers use it: nothing is lost."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import asyncpg
import pytest

from common_core.enums import CourseCode
from huleedu.api import Api
from huleedu.job import follow, whole_results
from infra.cluster import Cluster
from infra.replica import DRAIN_LIMIT_S, Stopped

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEACHERS, ESSAYS = 4, 12


@pytest.fixture
def essays(tmp_path: Path) -> list[Path]:
    """A class's files."""
    files = [tmp_path / f"essay {number:02}.txt" for number in range(ESSAYS)]
    for number, path in enumerate(files):
        path.write_text(f"This is essay number {number}. It is long enough to be taken for an essay by anybody.")
    return files


async def hand_in(api: Api, essays: list[Path]) -> str:
    """A batch, up to where its pipeline is running."""
    batch_id = await api.register(len(essays), CourseCode.ENG5)
    await api.upload(batch_id, essays)
    while (await api.status(batch_id))["client_status"] != "ready":
        await asyncio.sleep(0.1)
    await api.request_pipeline(batch_id, "nlp")
    return batch_id


async def teach(api: Api, essays: list[Path], enough: asyncio.Event) -> list[str]:
    """One batch after the other, each to its end."""
    batch_ids = []
    while not enough.is_set():
        batch_ids.append(await hand_in(api, essays))
        await follow(api, batch_ids[-1], lambda _: None)
    return batch_ids


async def every_essay_counts_once(api: Api, batch_id: str) -> None:
    """In each phase, as BOS and RAS see it."""
    status = await follow(api, batch_id, lambda _: None)
    assert status["status"] == "completed_successfully", status
    for phase in status["progress"]["phases"]:
        assert (phase["succeeded"], phase["failed"], phase["total"]) == (ESSAYS, 0, ESSAYS), status
    results = await whole_results(api, batch_id)
    assert len({essay["essay_id"] for essay in results["essays"]}) == len(results["essays"]) == ESSAYS
    assert all(essay["corrected_text_storage_id"] and essay["features"] for essay in results["essays"])


async def set_aside(cluster: Cluster) -> list[str]:
    """Why messages became dead letters, in any database."""
    reasons: list[str] = []
    for dsn in set(cluster.databases.values()):
        con = await asyncpg.connect(dsn)
        reasons += [row["reason"] for row in await con.fetch("select reason from runtime.dead_letter")]
        await con.close()
    return reasons


def drained(ends: Iterable[Stopped]) -> bool:
    """Whether each process ended by itself, in time."""
    return all(end.exit_code == 0 and end.seconds < DRAIN_LIMIT_S for end in ends)


async def test_everything_is_restarted_under_load_one_replica_after_the_other(
    cluster: Cluster, essays: list[Path]
) -> None:
    enough = asyncio.Event()
    async with Api(cluster.addresses) as api:
        teachers = [asyncio.create_task(teach(api, essays, enough)) for _ in range(TEACHERS)]
        ends = await cluster.roll()
        enough.set()
        batch_ids = [batch_id for taught in await asyncio.gather(*teachers) for batch_id in taught]

        assert drained(ends)
        assert len(batch_ids) >= TEACHERS
        for batch_id in batch_ids:
            await every_essay_counts_once(api, batch_id)
    assert await set_aside(cluster) == []


async def test_everything_is_stopped_at_once_in_the_middle_of_work_and_goes_on_later(
    cluster: Cluster, essays: list[Path]
) -> None:
    async with Api(cluster.addresses) as api:
        batch_ids = await asyncio.gather(*(hand_in(api, essays) for _ in range(TEACHERS)))

        ends = await cluster.stop()
        await cluster.start()

        assert drained(ends.values())
        for batch_id in batch_ids:
            await every_essay_counts_once(api, batch_id)
    assert await set_aside(cluster) == []
