"""The spellchecker on a real log, with contents in memory and an engine small enough to know by heart."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from dishka import Provider, Scope

from common_core.enums import Language
from common_core.messages.spellcheck import (
    EssayLifecycleSpellcheckRequestV1,
    SpellcheckPhaseCompletedV1,
    SpellcheckResultV1,
)
from common_core.shared import SystemProcessingMetadata
from huleedu_service_libs import migrations
from huleedu_service_libs.content_client import PLAIN_TEXT, ContentClientProtocol, InMemoryContentClient
from huleedu_service_libs.process_pool import WorkerDied
from huleedu_service_libs.runtime import Database, PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import Others
from spellchecker_service.config import SERVICE_NAME, SpellcheckerSettings
from spellchecker_service.domain.languages import detect_language
from spellchecker_service.domain.results import Correction, SpellingResult, apply_corrections
from spellchecker_service.kafka_consumer import SpellcheckerKafkaConsumer
from spellchecker_service.startup_setup import DEFINITION, container

T = TypeVar("T")

AT = datetime(2026, 1, 1, tzinfo=UTC)
DEADLY = "This text kills the process that reads it."


class Contents(InMemoryContentClient):
    """Contents that tell how often they were asked for, and how often something was to be kept."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.stored = 0

    async def fetch(self, storage_id: str) -> bytes:
        self.asked[storage_id] += 1
        return await super().fetch(storage_id)

    async def store(self, content: bytes, content_type: str = PLAIN_TEXT) -> str:
        self.stored += 1
        return await super().store(content, content_type)


class SmallPool:
    """Knows one misspelling, "teh", and one learner's error, "informations"."""

    def __init__(self) -> None:
        self.calls = 0

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        self.calls += 1
        language, text, _ = cast(tuple[Language, str, Path], args)
        if text == DEADLY:
            raise WorkerDied("its exit status is -9")
        detected = detect_language(text)
        corrections = tuple(map(_corrected, re.finditer("teh|informations", text)))
        made = corrections if detected in (None, language) else ()
        return cast(T, SpellingResult(apply_corrections(text, made), made, len(text.split()), detected))


def _corrected(found: re.Match[str]) -> Correction:
    if found[0] == "teh":
        return Correction(found.start(), 3, "teh", "the", ("tea", "ten"), "spelling")
    return Correction(found.start(), len(found[0]), found[0], "information", (), "learner")


class World(Others):
    """One database, the service on it, and what it was heard saying."""

    def __init__(self, els: Database, **settings: Any) -> None:
        self.bus = PostgresEventBus(els.dsn)
        super().__init__(els, SpellcheckPhaseCompletedV1, SpellcheckResultV1)
        self.content, self.pool = Contents(), SmallPool()
        self.settings = SpellcheckerSettings(**settings)

    async def ask(self, times: int = 1, /, *, language: str = "en", **texts: str | None) -> None:
        """Say ELS's request for each of these essays; None is a text that does not exist."""
        for essay_id, text in texts.items():
            if text is not None:
                self.content.kept[f"text-of-{essay_id}"] = text.encode()
        await self.say(*(asked(essay_id, language=language) for essay_id in texts for _ in range(times)))

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Within: the service reads and works, and all it says is heard."""
        platform = Platform(bus=self.bus, pool=self.pool, dsn=self.database.dsn, data_dir=Path())
        contents = Provider(scope=Scope.APP)
        contents.provide(lambda: self.content, provides=ContentClientProtocol)
        parts = container(self.settings, platform, contents)
        self.bus.subscribe(await parts.get(Database), (await parts.get(SpellcheckerKafkaConsumer)).groups())
        async with self.listening(self.bus):
            yield
        await parts.close()

    @property
    def short_answers(self) -> list[SpellcheckPhaseCompletedV1]:
        return self.of(SpellcheckPhaseCompletedV1)

    @property
    def long_answers(self) -> list[SpellcheckResultV1]:
        return self.of(SpellcheckResultV1)

    def text(self, storage_id: str | None) -> str:
        return self.content.kept[storage_id or ""].decode()

    async def rows(self) -> dict[str, tuple[int, str | None]]:
        """The number of corrections and the error code kept for each essay."""
        rows = await self.database.pool.fetch("select * from spellchecker_service.essay_spellcheck")
        return {row["essay_id"]: (row["corrections"], row["error_code"]) for row in rows}

    async def settled(self) -> None:
        """Wait until all requests are read and all that was said is heard."""
        await self.at_rest(SERVICE_NAME, EssayLifecycleSpellcheckRequestV1)


def asked(essay_id: str, **facts: Any) -> EssayLifecycleSpellcheckRequestV1:
    """ELS's request for one essay."""
    fields = {"language": "en", "run_id": "run", "attempt": 1, "text_storage_id": f"text-of-{essay_id}", **facts}
    about = SystemProcessingMetadata(entity_id=essay_id, entity_type="essay", parent_id="batch", timestamp=AT)
    return EssayLifecycleSpellcheckRequestV1(
        entity_id=essay_id, parent_id="batch", timestamp=AT, system_metadata=about, **fields
    )


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
