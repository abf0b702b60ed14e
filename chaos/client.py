"""Somebody who asks the platform for things, asks again whenever an answer is missing, and writes down every answer."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from chaos.diary import Diary, Entry

BOS, FILES, RESULTS = "batch_orchestrator_service", "file_service", "result_aggregator_service"
CLASSES = "class_management_service"
LOOKS = {BOS: "status", RESULTS: "results", CLASSES: "associations"}  # what is asked for there
PATIENCE_SECONDS = 6.0  # for one answer
PAUSE = (0.1, 0.6)  # seconds between two tries
AGAIN = 0.1  # how often a request that was answered is sent once more
AWAY = (aiohttp.ClientError, OSError, TimeoutError)

Addresses = Callable[[], Mapping[str, Sequence[str]]]
"""The base URLs of each service's replicas, as they are now."""

Content = Callable[[], dict[str, Any]]
"""Makes a request's body, for each try anew."""


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

    @asynccontextmanager
    async def listen(
        self, service: str, path: str, chance: random.Random, **request: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Within: an answer from one replica that may go on. Raises what a lost connection raises."""
        base = chance.choice(self._addresses()[service])
        async with self._session.get(base + path, **request) as response:
            yield response


class Refused(Exception):
    """A client was refused; `code` says why."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status, self.code = status, _code(body)


class _Problem(msgspec.Struct):
    code: str = ""


def _code(body: str) -> str:
    try:
        return msgspec.json.decode(body, type=_Problem).code
    except msgspec.MsgspecError:
        return ""


class Client:
    """One of them, with a name of its own; `asks_as` is the user that requests name, if any."""

    asks_as: str | None = None

    def __init__(self, name: str, seed: int, platform: Platform, diary: Diary) -> None:
        self.name = name
        self.chance = random.Random(f"{seed} {name}")
        self._platform, self._diary = platform, diary

    async def post(
        self,
        what: str,
        service: str,
        path: str,
        sent: dict[str, Any],
        batch_id: str = "",
        content: Content | None = None,
    ) -> dict[str, Any]:
        """Insist, under one key, until there is an answer; now and then ask for the same once more.

        The key goes along as the correlation id too, so that whatever comes of the request can be told by it. `sent`
        is the JSON body if there is no other `content`. Raises Refused.
        """
        key = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        headers = {"Idempotency-Key": key, "X-Correlation-ID": key, **self._identity}
        answer: dict[str, Any] | None = None
        again = self.chance.random() < AGAIN
        while answer is None or again:
            began, body = time.time(), {"json": sent} if content is None else content()
            reply = await self._platform.ask("POST", service, path, self.chance, headers=headers, **body)
            self._write(what, began, reply, key=key, batch_id=batch_id, sent=sent)
            if is_final(*reply[:2]):
                again = again and answer is None
                answer = msgspec.json.decode(reply[1])
            else:
                await asyncio.sleep(self.chance.uniform(*PAUSE))
        return answer

    async def look(self, service: str, path: str, batch_id: str) -> dict[str, Any]:
        """Ask until there is an answer; only what is no plain answer is worth an entry.

        Raises Refused if BOS does not know the batch. Others may not have heard of it yet.
        """
        while (answer := await self.glance(service, path, batch_id)) is None:
            await asyncio.sleep(self.chance.uniform(*PAUSE))
        return answer

    async def glance(self, service: str, path: str, batch_id: str) -> dict[str, Any] | None:
        """The same once: None if there is no answer."""
        began = time.time()
        reply = await self._platform.ask("GET", service, path, self.chance, headers=self._identity)
        if reply[0] == 200:
            answer: dict[str, Any] = msgspec.json.decode(reply[1])
            return answer
        self._write(LOOKS[service], began, reply, batch_id=batch_id)
        if service == BOS:
            is_final(*reply[:2])
        return None

    async def peek(self, batch_id: str) -> None:
        """Try to see a batch as somebody whose it is not."""
        service, began = self.chance.choice((BOS, RESULTS)), time.time()
        path = f"/v1/batches/{batch_id}/{'status' if service == BOS else 'results'}"
        headers = {"X-User-ID": f"{self.name}'s curious neighbour"}
        reply = await self._platform.ask("GET", service, path, self.chance, headers=headers)
        self._write("peek", began, reply, batch_id=batch_id)

    @property
    def _identity(self) -> dict[str, str]:
        return {} if self.asks_as is None else {"X-User-ID": self.asks_as}

    def note(self, what: str, batch_id: str, sent: dict[str, Any]) -> None:
        """Put down what is no request."""
        now = time.time()
        self._diary.write(Entry(who=self.name, what=what, began=now, ended=now, batch_id=batch_id, sent=sent))

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


def is_final(status: int, body: str) -> bool:
    """Whether there is no point in asking again. Raises Refused."""
    if 400 <= status < 500 and status != 429:
        raise Refused(status, body)
    return 200 <= status < 300
