"""A client that hands classes in, asks again whenever an answer is missing, and keeps a diary of all it was told."""

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import msgspec

from chaos.assignments import Assignment, assignments, portions
from chaos.diary import Diary, Entry
from common_core.enums import CourseCode

BOS, FILES, RESULTS = "batch_orchestrator_service", "file_service", "result_aggregator_service"
RUN_DONE = frozenset({"completed_successfully", "completed_with_failures", "failed"})
RESTS = RUN_DONE | {"ready"}
PATIENCE_SECONDS = 6.0  # for one answer
PAUSE = (0.1, 0.6)  # seconds between two tries
LOOK = (0.1, 0.3)  # seconds between two looks
AGAIN = 0.1  # how often a request that was answered is sent once more
AWAY = (aiohttp.ClientError, OSError, TimeoutError)

Addresses = Callable[[], Mapping[str, Sequence[str]]]
"""The base URLs of each service's replicas, as they are now."""


class Platform:
    """Where services answer, and the connections to them; shared by all clients."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        limit = aiohttp.ClientTimeout(total=PATIENCE_SECONDS, connect=2)
        self._session = aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()

    async def ask(
        self, method: str, service: str, path: str, chance: random.Random, **request: Any
    ) -> tuple[int, str, str]:
        """One try at one replica: status, body, and no error; or 0, nothing, and what went wrong."""
        base = chance.choice(self._addresses()[service])
        try:
            async with self._session.request(method, base + path, **request) as response:
                return response.status, await response.text(), ""
        except AWAY as error:
            return 0, "", f"{type(error).__name__}: {error}"[:200]


class Teacher:
    """One client with a name of its own."""

    def __init__(self, name: str, seed: int, platform: Platform, diary: Diary) -> None:
        self.name = name
        self._chance = random.Random(f"{seed} {name}")
        self._platform, self._diary = platform, diary
        self._seen: tuple[str, str, int] | None = None

    async def teach(self, enough: asyncio.Event, others: list[str], pause: float) -> None:
        """Hand in class after class until it is `enough`; `others` collects every client's batches."""
        for assignment in assignments(self._chance):
            if enough.is_set():
                return
            with suppress(Refused):  # which stands in the diary
                others.append(await self.hand_in(assignment))
            await self._peek(others)
            await asyncio.sleep(self._chance.uniform(0, 2 * pause))

    async def hand_in(self, assignment: Assignment) -> str:
        """One class, from registration to results; or to where it is left to wait."""
        batch_id = await self._register(assignment)
        for files in portions(assignment.files(self._chance), self._chance):
            await self._upload(batch_id, files)
        if assignment.is_whole:
            status = await self._status_in(batch_id, RESTS)
            if status == "ready":
                for pipeline in assignment.pipelines:
                    await self._request(batch_id, pipeline)
            self._note("finished", batch_id, msgspec.to_builtins(assignment))
        else:
            self._note("left", batch_id, msgspec.to_builtins(assignment))
        return batch_id

    async def _register(self, assignment: Assignment) -> str:
        body = {
            "expected_essay_count": assignment.essays,
            "course_code": self._chance.choice((CourseCode.ENG5, CourseCode.SV1)),
            "user_id": self.name,
        }
        answer = await self._post("register", "", BOS, "/v1/batches/register", body, lambda: {"json": body})
        return str(answer["batch_id"])

    async def _upload(self, batch_id: str, files: Sequence[tuple[str, bytes]]) -> None:
        sent = {"files": [name for name, _ in files]}
        await self._post("upload", batch_id, FILES, "/v1/files/batch", sent, lambda: {"data": _form(batch_id, files)})

    async def _request(self, batch_id: str, pipeline: str) -> None:
        body = {"requested_pipeline": pipeline}
        path = f"/v1/batches/{batch_id}/pipelines"
        answer = await self._post("request", batch_id, BOS, path, body, lambda: {"json": body})
        await self._run_ended(batch_id, str(answer["run_id"]))

    async def _run_ended(self, batch_id: str, run_id: str) -> None:
        while True:
            status = await self._see(batch_id)
            if any(run["run_id"] == run_id and run["ended_at"] for run in status["runs"]):
                break
            await asyncio.sleep(self._chance.uniform(*LOOK))
        while (await self._look(RESULTS, f"/v1/batches/{batch_id}/results", batch_id))["client_status"] not in RUN_DONE:
            await asyncio.sleep(self._chance.uniform(*LOOK))

    async def _status_in(self, batch_id: str, wanted: frozenset[str]) -> str:
        while True:
            status = await self._see(batch_id)
            if status["client_status"] in wanted:
                return str(status["client_status"])
            await asyncio.sleep(self._chance.uniform(*LOOK))

    async def _see(self, batch_id: str) -> dict[str, Any]:
        """Where the batch stands; put down whenever that is news."""
        status = await self._look(BOS, f"/v1/batches/{batch_id}/status", batch_id)
        seen = (batch_id, status["status"], len(status["runs"]))
        if seen != self._seen:
            self._seen = seen
            self._note("saw", batch_id, {"status": seen[1], "runs": seen[2]})
        return status

    async def _post(
        self,
        what: str,
        batch_id: str,
        service: str,
        path: str,
        sent: dict[str, Any],
        content: Callable[[], dict[str, Any]],
    ) -> dict[str, Any]:
        """Insist, under one key, until there is an answer; now and then ask for the same once more."""
        key = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        headers = {"Idempotency-Key": key, "X-User-ID": self.name}
        answer: dict[str, Any] | None = None
        again = self._chance.random() < AGAIN
        while answer is None or again:
            began = time.time()
            reply = await self._platform.ask("POST", service, path, self._chance, headers=headers, **content())
            self._write(what, began, reply, key=key, batch_id=batch_id, sent=sent)
            if _is_final(reply[0]):
                again = again and answer is None
                answer = msgspec.json.decode(reply[1])
            else:
                await asyncio.sleep(self._chance.uniform(*PAUSE))
        return answer

    async def _look(self, service: str, path: str, batch_id: str) -> dict[str, Any]:
        """Ask until there is an answer; only what is no plain answer is worth an entry.

        Raises Refused if BOS does not know the batch. The aggregator may not have heard of it yet.
        """
        headers = {"X-User-ID": self.name}
        while True:
            began = time.time()
            reply = await self._platform.ask("GET", service, path, self._chance, headers=headers)
            if reply[0] == 200:
                answer: dict[str, Any] = msgspec.json.decode(reply[1])
                return answer
            self._write("status" if service == BOS else "results", began, reply, batch_id=batch_id)
            if service == BOS:
                _is_final(reply[0])
            await asyncio.sleep(self._chance.uniform(*PAUSE))

    async def _peek(self, others: Sequence[str]) -> None:
        """Try to see a batch that may be somebody else's."""
        if others and self._chance.random() < 0.2:
            batch_id, began = self._chance.choice(others), time.time()
            headers = {"X-User-ID": f"{self.name}'s curious neighbour"}
            service = self._chance.choice((BOS, RESULTS))
            path = f"/v1/batches/{batch_id}/{'status' if service == BOS else 'results'}"
            reply = await self._platform.ask("GET", service, path, self._chance, headers=headers)
            self._write("peek", began, reply, batch_id=batch_id)

    def _write(
        self,
        what: str,
        began: float,
        reply: tuple[int, str, str],
        *,
        key: str = "",
        batch_id: str = "",
        sent: dict[str, Any] | None = None,
    ) -> None:
        status, answer, error = reply
        entry = Entry(
            who=self.name,
            what=what,
            began=began,
            ended=time.time(),
            status=status,
            key=key,
            batch_id=batch_id,
            sent=sent or {},
            answer=answer,
            error=error,
        )
        self._diary.write(entry)

    def _note(self, what: str, batch_id: str, sent: dict[str, Any]) -> None:
        now = time.time()
        self._diary.write(Entry(who=self.name, what=what, began=now, ended=now, batch_id=batch_id, sent=sent))


def _is_final(status: int) -> bool:
    """Whether there is no point in asking again. Raises Refused for what should never be answered."""
    if 400 <= status < 500 and status != 429:
        raise Refused(status)
    return 200 <= status < 300


class Refused(Exception):
    """A client that did everything right was refused."""


def _form(batch_id: str, files: Sequence[tuple[str, bytes]]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("batch_id", batch_id)
    for name, content in files:
        form.add_field("files", content, filename=name, content_type="application/octet-stream")
    return form
