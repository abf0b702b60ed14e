"""The shared memory of what has been handled: the same promises in memory and in Redis, and what happens without it."""

import asyncio
import contextlib
import os
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.recall import NO_RECALL, InMemoryRecall, Recall, RedisRecall
from infra.redis import RedisServer

IDS = [str(uuid.uuid4()) for _ in range(1000)]
ODD_IDS = ["", " ", "å😀\0\r\n", "x" * 10_000]
SECONDS = 10  # for what takes milliseconds: a guard against hanging, not a measure
SLOT = timedelta(minutes=10)


@pytest.fixture
async def of_two_replicas(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Recall, Recall]]:
    """The same memory as two replicas have it."""
    if request.param is InMemoryRecall:
        memory = InMemoryRecall()
        yield memory, memory
        return
    url = request.getfixturevalue("redis_url")
    one, other = RedisRecall(url, time_limit=SECONDS), RedisRecall(url, time_limit=SECONDS)
    yield one, other
    await asyncio.gather(one.close(), other.close())


@pytest.fixture
def group() -> str:
    """A group of an installation of the test's own."""
    return f"{uuid.uuid4().hex}:spellchecker_service"


both = pytest.mark.parametrize("of_two_replicas", [InMemoryRecall, RedisRecall], indirect=True)


@both
async def test_what_one_replica_remembers_the_other_knows(of_two_replicas: tuple[Recall, Recall], group: str) -> None:
    one, other = of_two_replicas

    await one.remember(group, IDS[:400])
    await one.remember(group, IDS[300:500])

    assert await other.known(group, IDS) == frozenset(IDS[:500])
    assert other.trouble is None


@both
async def test_any_text_may_be_an_id(of_two_replicas: tuple[Recall, Recall], group: str) -> None:
    one, other = of_two_replicas

    await one.remember(group, ODD_IDS)

    assert await other.known(group, [*ODD_IDS, "x"]) == frozenset(ODD_IDS)


@both
async def test_what_one_group_has_handled_is_news_to_another(
    of_two_replicas: tuple[Recall, Recall], group: str
) -> None:
    one, other = of_two_replicas

    await one.remember(group, IDS)

    assert not await other.known("nlp_service", IDS)


@both
async def test_nothing_is_known_of_nothing(of_two_replicas: tuple[Recall, Recall], group: str) -> None:
    one, other = of_two_replicas

    await one.remember(group, [])
    await one.check()

    assert await other.known(group, []) == frozenset()


async def test_without_a_recall_nothing_is_remembered(group: str) -> None:
    await NO_RECALL.remember(group, IDS)

    assert not await NO_RECALL.known(group, IDS)


async def test_it_remembers_for_one_slot_and_forgets_after_two(redis_url: str, group: str) -> None:
    clock = Clock(SLOT.total_seconds() * 5 - 1)
    recall = RedisRecall(redis_url, time_limit=SECONDS, slot=SLOT, clock=clock)
    await recall.remember(group, IDS)

    clock.now += SLOT.total_seconds()
    assert await recall.known(group, IDS) == frozenset(IDS)
    clock.now += SLOT.total_seconds()
    assert not await recall.known(group, IDS)
    await recall.close()


async def test_redis_is_told_to_forget_as_well(redis_url: str, group: str) -> None:
    recall = RedisRecall(redis_url, time_limit=SECONDS, slot=SLOT)
    await recall.remember(group, IDS)

    async with Redis.from_url(redis_url) as redis:
        (key,) = [key async for key in redis.scan_iter(f"huleedu:inbox:{group}:*")]
        assert 0 < await redis.ttl(key) <= 2 * SLOT.total_seconds() + 1
    await recall.close()


class Clock:
    """A clock that only moves when told."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


class Line:
    """The way to the server, which a test may make slow."""

    def __init__(self, socket: Path, port: int) -> None:
        self._socket, self._port = socket, port
        self.url = f"unix://{socket}"
        self.answers_after = 0.0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Within: it leads to the server."""
        async with await asyncio.start_unix_server(self._connect, self._socket):
            yield

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            answers, questions = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(questions):
                passing_on = asyncio.create_task(self._pass_on(answers, writer))
                while data := await reader.read(65536):
                    questions.write(data)
                passing_on.cancel()

    async def _pass_on(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            while data := await answers.read(65536):
                await asyncio.sleep(self.answers_after)
                writer.write(data)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for that."""
    async with asyncio.timeout(SECONDS):
        while not await holds():
            await asyncio.sleep(0.01)


async def _answers(url: str) -> bool:
    recall = RedisRecall(url)
    with contextlib.suppress(Unavailable):
        await recall.check()
    await recall.close()
    return recall.trouble is None


@pytest.fixture
async def line(redis_server: RedisServer) -> AsyncIterator[Line]:
    """A way to the session's server."""
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be shorter than a test's folder
        line = Line(Path(folder) / "line", redis_server.port)
        async with line.open():
            yield line


@pytest.fixture
async def patient(redis_url: str) -> AsyncIterator[RedisRecall]:
    """Who waits as long as it takes."""
    recall = RedisRecall(redis_url, time_limit=SECONDS)
    yield recall
    await recall.close()


@contextmanager
def frozen(server: RedisServer, _: Line) -> Iterator[None]:
    """Connections are accepted, and that is all."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@contextmanager
def killed(server: RedisServer, _: Line) -> Iterator[None]:
    """There is no server, and the next one remembers nothing."""
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextmanager
def slow(_: RedisServer, line: Line) -> Iterator[None]:
    """Everything is done, but its answer comes when nobody waits for it any more."""
    line.answers_after = SECONDS
    try:
        yield
    finally:
        line.answers_after = 0


@pytest.mark.parametrize("outage", [frozen, killed, slow])
async def test_while_redis_is_away_nothing_is_known_and_it_comes_back_by_itself(
    redis_server: RedisServer,
    line: Line,
    group: str,
    outage: Callable[[RedisServer, Line], AbstractContextManager[None]],
) -> None:
    recall = RedisRecall(line.url, time_limit=0.1, rest=0)

    async def knows_again() -> bool:
        await recall.remember(group, IDS)
        return await recall.known(group, IDS) == frozenset(IDS)

    await until(knows_again)
    async with asyncio.timeout(SECONDS / 2):
        with outage(redis_server, line):
            for _ in range(5):
                assert not await recall.known(group, IDS)
                await recall.remember(group, IDS)
                assert recall.trouble is not None
                with pytest.raises(Unavailable):
                    await recall.check()

    await until(knows_again)
    assert recall.trouble is None
    await recall.close()


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(
    line: Line, patient: RedisRecall, group: str
) -> None:
    await patient.remember(group, IDS[:1])
    recall = RedisRecall(line.url, time_limit=0.1, rest=0)

    line.answers_after = 0.3
    assert not await recall.known(group, IDS[:1])
    line.answers_after = 0

    async with asyncio.timeout(SECONDS):
        while recall.trouble is not None:
            assert not await recall.known(group, IDS[1:2])
    await recall.close()


@pytest.mark.parametrize(("rest", "knows"), [(1000, False), (0, True)])
async def test_after_three_failures_redis_is_left_alone_for_its_rest(
    redis_server: RedisServer, line: Line, patient: RedisRecall, group: str, rest: float, knows: bool
) -> None:
    await patient.remember(group, IDS)
    recall = RedisRecall(line.url, time_limit=SECONDS / 20, rest=rest)

    with frozen(redis_server, line):
        for _ in range(3):
            await recall.known(group, IDS)
    await until(lambda: _answers(line.url))

    assert bool(await recall.known(group, IDS)) is knows
    await recall.check()
    assert recall.trouble is None
    await recall.close()


async def test_an_address_where_nobody_listens_is_trouble_and_no_more(tmp_path: Path, group: str) -> None:
    recall = RedisRecall(f"unix://{tmp_path / 'nobody'}")

    await recall.remember(group, IDS)

    assert not await recall.known(group, IDS)
    assert recall.trouble is not None
    await recall.close()


class JustLost(Redis):
    """A connection that uvloop knows to be lost, and redis-py not yet."""

    async def execute_command(self, *args: object, **options: object) -> object:
        """Whatever is asked."""
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


async def test_a_connection_that_is_just_lost_is_trouble_and_no_more(
    monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    monkeypatch.setattr("huleedu_service_libs.runtime.recall.Redis", JustLost)
    recall = RedisRecall("redis://127.0.0.1:1")

    await recall.remember(group, IDS)

    assert not await recall.known(group, IDS)
    assert recall.trouble is not None
    await recall.close()


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisRecall("localhost")
