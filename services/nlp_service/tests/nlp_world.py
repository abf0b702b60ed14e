"""The NLP service on a real log, with contents in memory and an engine small enough to know by heart."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from dishka import Provider, Scope

from common_core.enums import Language
from common_core.message import Envelope, Message
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1, BatchNlpProcessingRequestedV2, EssayNlpCompletedV1
from common_core.shared import EssayProcessingInputRefV1
from huleedu_service_libs import migrations
from huleedu_service_libs.content_client import ContentClientProtocol, InMemoryContentClient
from huleedu_service_libs.process_pool import WorkerDied
from huleedu_service_libs.runtime import Cause, Database, Group, GroupCommit, PostgresEventBus, current_unit, on_run
from huleedu_service_libs.service import Platform
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.domain.analysis import analyse
from nlp_service.domain.reading import Lexicon
from nlp_service.kafka_consumer import NlpKafkaConsumer
from nlp_service.startup_setup import DEFINITION, container

T = TypeVar("T")

AT = datetime(2026, 1, 1, tzinfo=UTC)
CAUSE = Cause("00000000-0000-4000-8000-000000000001", {"user_id": "teacher"})
LEXICON = Lexicon(zipf=lambda word: 5.0, accepts=lambda word: True)
_HAS_READ = """select not exists (select from runtime.log where first + n > at and topic = any($2::text[]))
  from runtime.cursor where grp = $1"""
DEADLY = "This text kills the process that reads it."


class Contents(InMemoryContentClient):
    """Contents that tell how often they were asked for, and may break on one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.broken: set[str] = set()

    async def fetch(self, storage_id: str) -> bytes:
        self.asked[storage_id] += 1
        if storage_id in self.broken:
            raise KeyError("a bug")
        return await super().fetch(storage_id)


class SmallPool:
    """Analyses here, with a lexicon that knows every word."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        language, text = cast(tuple[Language, str], args)
        if text == DEADLY:
            raise WorkerDied("its exit status is -9")
        return cast(T, analyse(text, language, LEXICON))


class World:
    """One database, the service on it, and what it was heard saying."""

    def __init__(self, els: Database, **settings: Any) -> None:
        self.els, self.content = els, Contents()
        self.settings = NlpSettings(**settings)
        self.bus = PostgresEventBus(els.dsn)
        self.commit = GroupCommit(els, "essay_lifecycle_service", self.bus.said)
        self.heard: list[Envelope[Any]] = []

    def essays(self, **texts: str | None) -> list[EssayProcessingInputRefV1]:
        """Essays by id, with their texts; None is a text that does not exist."""
        for essay_id, text in texts.items():
            if text is not None:
                self.content.kept[f"text-of-{essay_id}"] = text.encode()
        return [EssayProcessingInputRefV1(essay_id=each, text_storage_id=f"text-of-{each}") for each in texts]

    async def ask(self, essays: list[EssayProcessingInputRefV1], **fields: Any) -> None:
        """Say ELS's request for these essays."""
        facts = {"language": "en", "run_id": "run", "attempt": 1, **fields}
        await self.say(
            BatchNlpProcessingRequestedV2(
                entity_id="batch", batch_id="batch", timestamp=AT, essays_to_process=essays, **facts
            )
        )

    async def say(self, *messages: Message) -> None:
        async def action() -> None:
            current_unit().say(*messages)

        await self.commit.run(action, CAUSE)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Within: the service reads and works, and all it says is heard."""
        platform = Platform(bus=self.bus, pool=SmallPool(), dsn=self.els.dsn, data_dir=Path())
        contents = Provider(scope=Scope.APP)
        contents.provide(lambda: self.content, provides=ContentClientProtocol)
        parts = container(self.settings, platform, contents)
        self.bus.subscribe(await parts.get(Database), (await parts.get(NlpKafkaConsumer)).groups())
        routes = (on_run(EssayNlpCompletedV1, self._hear), on_run(BatchNlpAnalysisCompletedV1, self._hear))
        self.bus.subscribe(self.els, [Group(name="listener", routes=routes)])
        running = asyncio.create_task(self.bus.run())
        try:
            async with asyncio.timeout(30):
                yield
        finally:
            running.cancel()
            await asyncio.wait([running])
            await parts.close()

    async def _hear(self, envelopes: Sequence[Envelope[Any]]) -> None:
        self.heard.extend(envelopes)

    @property
    def analyses(self) -> list[EssayNlpCompletedV1]:
        return [each.data for each in self.heard if isinstance(each.data, EssayNlpCompletedV1)]

    @property
    def answers(self) -> list[BatchNlpAnalysisCompletedV1]:
        return [each.data for each in self.heard if isinstance(each.data, BatchNlpAnalysisCompletedV1)]

    def outcomes(self) -> Counter[tuple[str, str]]:
        """How often each (essay, "success" or error code) was answered."""
        summaries = [(answer.processing_summary, answer.error_codes) for answer in self.answers]
        return Counter(
            [(essay_id, "success") for summary, _ in summaries for essay_id in summary.successful_essay_ids]
            + [(essay_id, codes[essay_id]) for summary, codes in summaries for essay_id in summary.failed_essay_ids]
        )

    async def rows(self) -> dict[tuple[str, int], str | None]:
        """The error code kept for each (essay, attempt)."""
        rows = await self.els.pool.fetch("select essay_id, attempt, error_code from nlp_service.essay_analysis")
        return {(row["essay_id"], row["attempt"]): row["error_code"] for row in rows}

    async def at_rest(self) -> None:
        """Wait until all requests are read, all work is done, and all that was said is heard."""
        await until(lambda: self._has_read(SERVICE_NAME, BatchNlpProcessingRequestedV2))
        await until(self._has_worked)
        await until(lambda: self._has_read("listener", EssayNlpCompletedV1, BatchNlpAnalysisCompletedV1))

    async def _has_read(self, group: str, *messages: type[Message]) -> bool:
        topics = [message.topic for message in messages]
        return bool(await self.els.pool.fetchval(_HAS_READ, group, topics))

    async def _has_worked(self) -> bool:
        return not await self.els.pool.fetchval("select count(*) from runtime.work")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look again until it holds; the test's own time limit ends it otherwise."""
    while not await condition():
        await asyncio.sleep(0.01)


@asynccontextmanager
async def world_on(dsn: str, **settings: Any) -> AsyncIterator[World]:
    """A world on this database, which has the runtime's schema already."""
    assert DEFINITION.scripts is not None
    await migrations.upgrade(dsn, SERVICE_NAME, DEFINITION.scripts)
    els = await Database.connect(dsn, "essay_lifecycle_service")
    try:
        yield World(els, **settings)
    finally:
        await els.close()
