"""The shared memory of what has been handled: the same promises in memory and in Redis, and what happens without it."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.recall import NO_RECALL, InMemoryRecall, Recall, RedisRecall

GROUP = "spellchecker_service"
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
    url, epoch = request.getfixturevalue("redis_url"), uuid.uuid4().hex
    one, other = RedisRecall(url, epoch, time_limit=SECONDS), RedisRecall(url, epoch, time_limit=SECONDS)
    yield one, other
    await asyncio.gather(one.close(), other.close())


both = pytest.mark.parametrize("of_two_replicas", [InMemoryRecall, RedisRecall], indirect=True)


@both
async def test_what_one_replica_remembers_the_other_knows(of_two_replicas: tuple[Recall, Recall]) -> None:
    one, other = of_two_replicas

    await one.remember(GROUP, IDS[:400])
    await one.remember(GROUP, IDS[300:500])

    assert await other.known(GROUP, IDS) == frozenset(IDS[:500])
    assert other.trouble is None


@both
async def test_any_text_may_be_an_id(of_two_replicas: tuple[Recall, Recall]) -> None:
    one, other = of_two_replicas

    await one.remember(GROUP, ODD_IDS)

    assert await other.known(GROUP, [*ODD_IDS, "x"]) == frozenset(ODD_IDS)


@both
async def test_what_one_group_has_handled_is_news_to_another(of_two_replicas: tuple[Recall, Recall]) -> None:
    one, other = of_two_replicas

    await one.remember(GROUP, IDS)

    assert not await other.known("nlp_service", IDS)


@both
async def test_nothing_is_known_of_nothing(of_two_replicas: tuple[Recall, Recall]) -> None:
    one, other = of_two_replicas

    await one.remember(GROUP, [])
    await one.check()

    assert await other.known(GROUP, []) == frozenset()


async def test_without_a_recall_nothing_is_remembered() -> None:
    await NO_RECALL.remember(GROUP, IDS)

    assert not await NO_RECALL.known(GROUP, IDS)


async def test_after_a_restore_nothing_is_known_of_what_it_undid(redis_url: str) -> None:
    before, after = (RedisRecall(redis_url, uuid.uuid4().hex, time_limit=SECONDS) for _ in range(2))
    await before.remember(GROUP, IDS)

    assert await before.known(GROUP, IDS)
    assert not await after.known(GROUP, IDS)
    await asyncio.gather(before.close(), after.close())


async def test_it_remembers_for_one_slot_and_forgets_after_two(redis_url: str) -> None:
    clock = Clock(SLOT.total_seconds() * 5 - 1)
    recall = RedisRecall(redis_url, uuid.uuid4().hex, time_limit=SECONDS, slot=SLOT, clock=clock)
    await recall.remember(GROUP, IDS)

    clock.now += SLOT.total_seconds()
    assert await recall.known(GROUP, IDS) == frozenset(IDS)
    clock.now += SLOT.total_seconds()
    assert not await recall.known(GROUP, IDS)
    await recall.close()


async def test_redis_is_told_to_forget_as_well(redis_url: str) -> None:
    epoch = uuid.uuid4().hex
    recall = RedisRecall(redis_url, epoch, time_limit=SECONDS, slot=SLOT)
    await recall.remember(GROUP, IDS)

    async with Redis.from_url(redis_url) as redis:
        (key,) = [key async for key in redis.scan_iter(f"huleedu:inbox:{epoch}:{GROUP}:*")]
        assert 0 < await redis.ttl(key) <= 2 * SLOT.total_seconds() + 1
    await recall.close()


class Clock:
    """A clock that only moves when told."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


class OwnRedis:
    """A server that a test may kill, freeze and slow down, under an address that stays."""

    def __init__(self, folder: Path, program: str) -> None:
        self._socket, line = folder / "redis.sock", folder / "line.sock"
        self._command = [program, "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._line, self.url = line, f"unix://{line}"
        self._process: subprocess.Popen[bytes] | None = None
        self.answers_after = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Within: there is a server, and a line to it."""
        self.start()
        try:
            async with await asyncio.start_unix_server(self._connect, self._line):
                await until(lambda: _answers(self.url))
                yield
        finally:
            self.kill()

    def start(self) -> None:
        """Start it, with nothing remembered."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def send(self, signal_number: signal.Signals) -> None:
        """SIGSTOP freezes it, SIGCONT lets it go on."""
        assert self._process is not None
        self._process.send_signal(signal_number)

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            answers, questions = await asyncio.open_unix_connection(self._socket)
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
    recall = RedisRecall(url, "")
    with contextlib.suppress(Unavailable):
        await recall.check()
    await recall.close()
    return recall.trouble is None


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[OwnRedis]:
    """A running server of the test's own; `redis_url` says whether there can be one."""
    program = shutil.which("redis-server")
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be shorter than a test's folder
        server = OwnRedis(Path(folder), program)
        async with server.running():
            yield server


@pytest.fixture
async def patient(server: OwnRedis) -> AsyncIterator[RedisRecall]:
    """Who waits as long as it takes."""
    recall = RedisRecall(server.url, "1", time_limit=SECONDS)
    yield recall
    await recall.close()


@asynccontextmanager
async def frozen(server: OwnRedis) -> AsyncIterator[None]:
    """Connections are accepted, and that is all."""
    server.send(signal.SIGSTOP)
    try:
        yield
    finally:
        server.send(signal.SIGCONT)


@asynccontextmanager
async def killed(server: OwnRedis) -> AsyncIterator[None]:
    """There is no server, and the next one remembers nothing."""
    server.kill()
    try:
        yield
    finally:
        server.start()


@asynccontextmanager
async def slow(server: OwnRedis) -> AsyncIterator[None]:
    """Everything is done, but its answer comes when nobody waits for it any more."""
    server.answers_after = SECONDS
    try:
        yield
    finally:
        server.answers_after = 0


@pytest.mark.parametrize("outage", [frozen, killed, slow])
async def test_while_redis_is_away_nothing_is_known_and_it_comes_back_by_itself(
    server: OwnRedis, outage: Callable[[OwnRedis], AbstractAsyncContextManager[None]]
) -> None:
    recall = RedisRecall(server.url, "1", time_limit=0.1, rest=0)

    async def knows_again() -> bool:
        await recall.remember(GROUP, IDS)
        return await recall.known(GROUP, IDS) == frozenset(IDS)

    await until(knows_again)
    async with asyncio.timeout(SECONDS / 2), outage(server):
        for _ in range(5):
            assert not await recall.known(GROUP, IDS)
            await recall.remember(GROUP, IDS)
            assert recall.trouble is not None
            with pytest.raises(Unavailable):
                await recall.check()

    await until(knows_again)
    assert recall.trouble is None
    await recall.close()


async def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(server: OwnRedis, patient: RedisRecall) -> None:
    await patient.remember(GROUP, IDS[:1])
    recall = RedisRecall(server.url, "1", time_limit=0.1, rest=0)

    server.answers_after = 0.3
    assert not await recall.known(GROUP, IDS[:1])
    server.answers_after = 0

    async with asyncio.timeout(SECONDS):
        while recall.trouble is not None:
            assert not await recall.known(GROUP, IDS[1:2])
    await recall.close()


@pytest.mark.parametrize(("rest", "knows"), [(1000, False), (0, True)])
async def test_after_three_failures_redis_is_left_alone_for_its_rest(
    server: OwnRedis, patient: RedisRecall, rest: float, knows: bool
) -> None:
    await patient.remember(GROUP, IDS)
    recall = RedisRecall(server.url, "1", time_limit=SECONDS / 20, rest=rest)

    async with frozen(server):
        for _ in range(3):
            await recall.known(GROUP, IDS)
    await until(lambda: _answers(server.url))

    assert bool(await recall.known(GROUP, IDS)) is knows
    await recall.check()
    assert recall.trouble is None
    await recall.close()


async def test_an_address_where_nobody_listens_is_trouble_and_no_more(tmp_path: Path) -> None:
    recall = RedisRecall(f"unix://{tmp_path / 'nobody'}", "1")

    await recall.remember(GROUP, IDS)

    assert not await recall.known(GROUP, IDS)
    assert recall.trouble is not None
    await recall.close()


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisRecall("localhost", "1")
