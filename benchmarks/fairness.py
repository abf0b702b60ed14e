"""`fairness`: how long a teacher waits for five essays while another's thousand are worked on, beside having all alone.

Real work: all services, files read, essays spell-checked and analysed in one process of the pool.
"""

import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.first_come import first_come
from benchmarks.stage import Server, Stage, server, stage

SERVICES = (
    "batch_conductor_service",
    "batch_orchestrator_service",
    "content_service",
    "essay_lifecycle_service",
    "file_service",
    "nlp_service",
    "result_aggregator_service",
    "spellchecker_service",
)
BOS = "batch_orchestrator_service"
SAMPLES = Path(__file__).parents[1] / "examples" / "english-class"
PROMPT = {"references": {"student_prompt_text": {"storage_id": "0" * 32}}}
SMALL = 5
SOME = 10
FILES_AT_ONCE = 250

_READY = "select status = 'ready_for_pipeline_execution' from batch_orchestrator_service.batches where batch_id = $1"
_ENDED = "select status like 'completed%' from batch_orchestrator_service.batches where batch_id = $1"
_CHECKED = """select coalesce(sum(succeeded), 0) >= $2 from essay_lifecycle_service.phase
  where batch_id = $1::uuid and phase = 'spellcheck'"""


class Size(msgspec.Struct, frozen=True):
    """How many essays the large batch has, and how often everything is measured."""

    essays: int
    rounds: int


FULL, SHORT = Size(essays=1000, rounds=3), Size(essays=100, rounds=1)


class Times(msgspec.Struct, frozen=True):
    """Seconds: from a small batch's files to all being read, from its request to its results; all of the large one."""

    files: float
    results: float
    large: float = 0.0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Medians in seconds: for five essays, alone, beside the large batch, and beside it without turns."""

    large_batch: int
    rounds: int
    files_alone_s: float
    files_beside_s: float
    files_first_come_s: float
    results_alone_s: float
    results_beside_s: float
    results_first_come_s: float
    large_batch_s: float
    large_batch_first_come_s: float
    results_times_alone: float
    results_times_alone_first_come: float


class School:
    """Teachers who hand in the sample class's texts, again and again."""

    def __init__(self, on: Stage, http: aiohttp.ClientSession) -> None:
        self._stage, self._http = on, http
        self._texts = [path.read_bytes() for path in sorted(SAMPLES.glob("*.txt"))]

    async def registered(self, essays: int, teacher: str) -> str:
        """A new batch."""
        body = {"expected_essay_count": essays, "course_code": "ENG5", "user_id": teacher, "student_prompt_ref": PROMPT}
        return str((await self._stage.post("/v1/batches/register", body))["batch_id"])

    async def hand_in(self, batch_id: str, essays: int) -> None:
        """All its files."""
        for start in range(0, essays, FILES_AT_ONCE):
            form = aiohttp.FormData({"batch_id": batch_id})
            for number, text in enumerate(islice(cycle(self._texts), min(FILES_AT_ONCE, essays - start)), start):
                form.add_field("files", text, filename=f"essay-{number}.txt", content_type="text/plain")
            async with self._http.post(f"{self._stage.addresses['file_service']}/v1/files/batch", data=form) as answer:
                assert answer.status == 202, await answer.text()

    async def ready(self, batch_id: str) -> None:
        """Wait until all its files are read."""
        await self._stage.until(BOS, _READY, batch_id)

    async def begin(self, batch_id: str) -> None:
        """Have it spell-checked and analysed."""
        await self._stage.post(f"/v1/batches/{batch_id}/pipelines", {"requested_pipeline": "nlp"})

    async def ended(self, batch_id: str) -> None:
        """Wait for its results."""
        await self._stage.until(BOS, _ENDED, batch_id)

    async def under_way(self, batch_id: str) -> None:
        """Wait until some of its essays have been spell-checked."""
        await self._stage.until(BOS, _CHECKED, batch_id, SOME)

    async def alone(self) -> Times:
        """A small batch by itself."""
        batch_id, files = await self._files_of_five()
        return Times(files, await self._results_of_five(batch_id))

    async def beside(self, essays: int) -> Times:
        """A small batch while first the files and then the essays of a large one are worked on."""
        large = await self.registered(essays, "large")
        await self.hand_in(large, essays)
        small, files = await self._files_of_five()
        await self.ready(large)
        began = time.perf_counter()
        await self.begin(large)
        await self.under_way(large)
        results = await self._results_of_five(small)
        await self.ended(large)
        return Times(files, results, time.perf_counter() - began)

    async def _files_of_five(self) -> tuple[str, float]:
        batch_id, began = await self.registered(SMALL, "small"), time.perf_counter()
        await self.hand_in(batch_id, SMALL)
        await self.ready(batch_id)
        return batch_id, time.perf_counter() - began

    async def _results_of_five(self, batch_id: str) -> float:
        began = time.perf_counter()
        await self.begin(batch_id)
        await self.ended(batch_id)
        return time.perf_counter() - began


async def fairness(size: Size) -> Figures:
    """All on one stage, one after the other in each round."""
    alone, beside, unfair = [], [], []
    async with server() as on, _school(on) as school:
        await school.alone()  # lexicons are built, processes warm
        for _ in range(size.rounds):
            alone.append(await school.alone())
            beside.append(await school.beside(size.essays))
            with first_come():
                unfair.append(await school.beside(size.essays))
    return _figures(size, alone, beside, unfair)


def _figures(size: Size, alone: Sequence[Times], beside: Sequence[Times], unfair: Sequence[Times]) -> Figures:
    def median(series: Sequence[Times], of: Callable[[Times], float]) -> float:
        return statistics.median(map(of, series))

    results = [median(series, lambda each: each.results) for series in (alone, beside, unfair)]
    return Figures(
        large_batch=size.essays,
        rounds=size.rounds,
        files_alone_s=median(alone, lambda each: each.files),
        files_beside_s=median(beside, lambda each: each.files),
        files_first_come_s=median(unfair, lambda each: each.files),
        results_alone_s=results[0],
        results_beside_s=results[1],
        results_first_come_s=results[2],
        large_batch_s=median(beside, lambda each: each.large),
        large_batch_first_come_s=median(unfair, lambda each: each.large),
        results_times_alone=results[1] / results[0],
        results_times_alone_first_come=results[2] / results[0],
    )


@asynccontextmanager
async def _school(on: Server) -> AsyncIterator[School]:
    async with (
        stage(on, "fairness", SERVICES, {}) as made,
        aiohttp.ClientSession() as http,
        made.while_reading(),
    ):
        yield School(made, http)


def run(size: Size) -> Figures:
    """On the fast event loop, as the platform runs."""
    import uvloop

    return uvloop.run(fairness(size))
