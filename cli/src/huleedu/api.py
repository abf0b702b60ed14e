"""The platform's HTTP APIs, as the command line uses them."""

import asyncio
import getpass
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import aiohttp
from file_service.domain.file_names import file_name

from common_core.enums import CourseCode
from huleedu.addresses import AddressUnknown, NotUp, known_addresses

Json = dict[str, Any]
Ask = Callable[[], AbstractAsyncContextManager[aiohttp.ClientResponse]]

PATIENCE = 20  # times to ask again while something is away, such as a database that is being started
REFUSALS = 3  # after which nobody seems to listen, unless the platform has answered before
PAUSE_SECONDS = 1.0
SILENCE_SECONDS = 50.0  # after which a stream counts as broken: it says every 15 that it lives

LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)


class Refused(Exception):
    """The platform refused the request; the message says why."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        self.status, self.code = status, problem.get("code")
        self.errors: list[Json] = problem.get("errors", [])


class Api:
    """Asks a platform's services, as the user of this machine's account if no other is named."""

    def __init__(self, addresses: Mapping[str, str], user: str | None = None) -> None:
        self._addresses = addresses
        self._has_answered = False
        self.user = user or _account()
        self._session = aiohttp.ClientSession(
            headers={"X-User-ID": self.user, **_operator()}, timeout=aiohttp.ClientTimeout(total=120)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def pipelines(self) -> list[str]:
        """What a batch can be taken through."""
        answer = await self.get("batch_conductor_service", "/internal/v1/pipelines")
        return [pipeline["name"] for pipeline in answer["pipelines"]]

    async def register(self, essays: int, course: CourseCode, class_id: str | None = None) -> str:
        """A new batch, of a class if one is named; its id."""
        body = {"expected_essay_count": essays, "course_code": course, "user_id": self.user, "class_id": class_id}
        answer = await self.post("batch_orchestrator_service", "/v1/batches/register", body)
        return str(answer["batch_id"])

    async def upload(self, batch_id: str, files: Sequence[Path]) -> None:
        """Hand these files in."""
        await self.post_form("file_service", "/v1/files/batch", lambda: _form(batch_id, files))

    async def request_pipeline(self, batch_id: str, pipeline: str, *, assignment_id: str | None = None) -> Json:
        """Have the batch processed; some phases need the assignment whose prompt the students were given."""
        body: Json = {"requested_pipeline": pipeline}
        if assignment_id is not None:
            body["prompt_payload"] = {"assignment_id": assignment_id}
        return await self.post("batch_orchestrator_service", f"/v1/batches/{batch_id}/pipelines", body)

    async def status(self, batch_id: str) -> Json:
        """Where BOS says the batch stands."""
        return await self.get("batch_orchestrator_service", f"/v1/batches/{batch_id}/status")

    async def control(self, batch_id: str, action: str, reason: str | None) -> Json:
        """Cancel, pause or resume the batch."""
        return await self.post("batch_orchestrator_service", f"/v1/batches/{batch_id}/{action}", {"reason": reason})

    async def retry(self, batch_id: str, phase: str, wanted: Json) -> Json:
        """Try essays again that failed in the phase: all of them if there are no `essay_ids`."""
        return await self.post("batch_orchestrator_service", f"/v1/batches/{batch_id}/phases/{phase}/retry", wanted)

    async def operate(self, operation: Json) -> Json:
        """Ask the same of many batches, as an operator."""
        return await self.post("batch_orchestrator_service", "/v1/operations", operation)

    async def timeline(self, batch_id: str) -> list[Json]:
        """Every fact that changed the batch, in order."""
        facts: list[Json] = []
        after: int | None = 0
        while after is not None:
            path = f"/v1/batches/{batch_id}/timeline?limit=1000&after={after}"
            page = await self.get("batch_orchestrator_service", path)
            facts += page["facts"]
            after = page["next_after"]
        return facts

    async def batches(self, wanted: Json, limit: int | None = None) -> list[Json]:
        """The batches that fit, newest first, page by page: all of them, or so many.

        One's own; with an `owner`, or for `everyone`, it is asked as an operator.
        """
        query = [(name, value) for name, value in wanted.items() if name != "everyone"]
        as_operator = "owner" in wanted or wanted.get("everyone", False)
        found: list[Json] = []
        cursor: str | None = ""
        while cursor is not None and (limit is None or len(found) < limit):
            page = await self._page([*query, ("limit", 100), *([("cursor", cursor)] if cursor else [])], as_operator)
            found += page["batches"]
            cursor = page["next_cursor"]
        return found[:limit]

    async def operations(self) -> list[Json]:
        """What operators have asked of many batches, the newest first."""
        found: list[Json] = (await self.get("batch_orchestrator_service", "/v1/operations"))["operations"]
        return found

    async def operation(self, operation_id: str) -> Json:
        """How far it is."""
        return await self.get("batch_orchestrator_service", f"/v1/operations/{quote(operation_id, safe='')}")

    async def stop_operation(self, operation_id: str) -> Json:
        """Ask no further batch."""
        path = f"/v1/operations/{quote(operation_id, safe='')}/stop"
        return await self.post("batch_orchestrator_service", path, {})

    @asynccontextmanager
    async def stream(self, batch_id: str | None, last: str | None) -> AsyncIterator[aiohttp.StreamReader]:
        """Events as they happen, of the batch or of all that are this user's, from after the one with the id `last`."""
        path = "/v1/stream" if batch_id is None else f"/v1/batches/{batch_id}/stream"
        headers = {"Last-Event-ID": last} if last else {}
        patience = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=SILENCE_SECONDS)
        url = self._url("batch_orchestrator_service", path)
        async with self._session.get(url, headers=headers, timeout=patience) as response:
            self._has_answered = True
            await _checked(response, read=False)
            yield response.content

    async def essays_received(self, batch_id: str) -> int:
        """How many of the batch's essays have their text by now."""
        try:
            answer = await self.get("essay_lifecycle_service", f"/v1/batches/{batch_id}/status")
        except Refused:
            return 0  # ELS has not heard of it yet
        return int(answer["total_essays"] - answer["status_breakdown"].get("uploaded", 0))

    async def results(self, batch_id: str) -> Json:
        """All that is known of the batch, essay by essay."""
        return await self.get("result_aggregator_service", f"/v1/batches/{batch_id}/results")

    @asynccontextmanager
    async def download(self, batch_id: str, ending: str) -> AsyncIterator[aiohttp.StreamReader]:
        """The results as a file: .csv or .xlsx."""
        url = self._url("result_aggregator_service", f"/v1/batches/{batch_id}/results{ending}")
        async with self._session.get(url) as response:
            await _checked(response, read=False)
            yield response.content

    async def text(self, storage_id: str) -> str:
        """A stored text."""
        async with self._session.get(self._url("content_service", f"/v1/content/{storage_id}")) as response:
            await _checked(response, read=False)
            return await response.text("utf-8")

    async def readiness(self, service: str) -> Json:
        """What a service says of itself at /readyz."""
        async with self._session.get(self._url(service, "/readyz")) as response:
            answer: Json = await response.json()
            return answer

    async def post_form(self, service: str, path: str, form: Callable[[], aiohttp.FormData]) -> Json:
        """Send a form, which is made anew each time that it is sent."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        url = self._url(service, path)
        return await self._patiently(lambda: self._session.post(url, data=form(), headers=headers))

    async def delete(self, service: str, path: str) -> None:
        """Remove it."""
        async with self._session.delete(self._url(service, path)) as response:
            await _checked(response, read=False)

    async def post(self, service: str, path: str, body: Json) -> Json:
        """Ask for this; no effect comes twice."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return await self._patiently(lambda: self._session.post(self._url(service, path), json=body, headers=headers))

    async def get(self, service: str, path: str) -> Json:
        """What the service answers."""
        return await self._patiently(lambda: self._session.get(self._url(service, path)))

    async def _page(self, query: list[tuple[str, Any]], as_operator: bool) -> Json:
        """An operator speaks for nobody in particular."""
        url = f"{self._url('batch_orchestrator_service', '/v1/batches')}?{urlencode(query, doseq=True)}"
        headers = {"X-User-ID": ""} if as_operator else {}
        return await self._patiently(lambda: self._session.get(url, headers=headers))

    async def _patiently(self, ask: Ask) -> Json:
        """Ask again while something is away or restarts; no effect comes twice, as each POST has a key."""
        refusals = 0
        for _ in range(PATIENCE):
            try:
                async with ask() as response:
                    self._has_answered = True
                    if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                        return await _checked(response)
            except aiohttp.ClientConnectorError:
                refusals += 1
                if refusals == REFUSALS and not self._has_answered:
                    raise
            except LOST:
                pass
            await pause()
        async with ask() as response:
            return await _checked(response)

    def _url(self, service: str, path: str) -> str:
        if service not in self._addresses:
            raise AddressUnknown(service)
        return f"{self._addresses[service]}{path}"


def _account() -> str:
    """Whose account this is; a container may run under a number that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _operator() -> dict[str, str]:
    """The operators' token, for whoever has it."""
    token = os.environ.get("HULEEDU_OPERATOR_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def sent_as(path: Path) -> str:
    """The name to hand a file in under: as the File Service keeps it, and UTF-8 whatever the locale says."""
    return file_name(os.fsencode(path.name).decode(errors="replace"))


def _form(batch_id: str, files: Sequence[Path]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # file names as they are, in UTF-8
    form.add_field("batch_id", batch_id)
    for path in files:
        form.add_field("files", path.read_bytes(), filename=sent_as(path), content_type="application/octet-stream")
    return form


async def pause() -> None:
    await asyncio.sleep(PAUSE_SECONDS)


async def _checked(response: aiohttp.ClientResponse, *, read: bool = True) -> Json:
    if response.status >= 400:
        is_problem = response.content_type == "application/problem+json"
        raise Refused(response.status, await response.json(content_type=None) if is_problem else {})
    answer: Json = await response.json() if read else {}
    return answer


def running_api(data_dir: Path) -> Api:
    """The platform that is up, here or where settings say. Raises NotUp."""
    known = known_addresses(data_dir)
    if not known:
        raise NotUp
    return Api(known)
