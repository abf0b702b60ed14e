"""The NLP service on a real log, with contents and rosters in memory and an engine small enough to know by heart."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from dishka import Provider, Scope

from common_core.enums import CourseCode, Language
from common_core.messages.matching import (
    BatchAuthorMatchesSuggestedV1,
    BatchStudentMatchingRequestedV1,
    EssayToMatchV1,
)
from common_core.messages.nlp import BatchNlpAnalysisCompletedV1, BatchNlpProcessingRequestedV2, EssayNlpCompletedV1
from common_core.shared import EssayProcessingInputRefV1
from huleedu_service_libs import migrations
from huleedu_service_libs.content_client import ContentClientProtocol, InMemoryContentClient
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.process_pool import WorkerDied
from huleedu_service_libs.runtime import Database, PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import Others
from nlp_service.config import SERVICE_NAME, NlpSettings
from nlp_service.domain.analysis import analyse
from nlp_service.domain.matching.names import Student
from nlp_service.domain.reading import Lexicon
from nlp_service.kafka_consumer import STUDENT_MATCHING, NlpKafkaConsumer
from nlp_service.protocols import ClassMissing, RosterClientProtocol
from nlp_service.startup_setup import DEFINITION, container
from nlp_service.student_matching import match_students

T = TypeVar("T")

AT = datetime(2026, 1, 1, tzinfo=UTC)
LEXICON = Lexicon(zipf=lambda word: 5.0, accepts=lambda word: True)
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


class Rosters:
    """Class management in a dict; while `away` is set, it is away."""

    def __init__(self) -> None:
        self.classes: dict[str, list[Student]] = {}
        self.asked: Counter[str] = Counter()
        self.away = False

    async def students(self, class_id: str) -> list[Student]:
        self.asked[class_id] += 1
        await self.check()
        if class_id not in self.classes:
            raise ClassMissing(class_id)
        return self.classes[class_id]

    async def check(self) -> None:
        if self.away:
            raise Unavailable("class_management_service is away")


class SmallPool:
    """Matches here; analyses here too, with a lexicon that knows every word."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        if function is match_students:
            if any(essay.text == DEADLY for essay in args[0]):
                raise WorkerDied("its exit status is -9")
            return function(*args)
        language, text = cast(tuple[Language, str], args)
        if text == DEADLY:
            raise WorkerDied("its exit status is -9")
        return cast(T, analyse(text, language, LEXICON))


class World(Others):
    """One database, the service on it, and what it was heard saying."""

    def __init__(self, els: Database, **settings: Any) -> None:
        self.bus = PostgresEventBus(els.dsn)
        super().__init__(els, EssayNlpCompletedV1, BatchNlpAnalysisCompletedV1, BatchAuthorMatchesSuggestedV1)
        self.content, self.rosters, self.settings = Contents(), Rosters(), NlpSettings(**settings)

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

    def essays_to_match(self, **texts: str | None) -> list[EssayToMatchV1]:
        """The same as `essays`, as they are sent to be matched; their files are called after them."""
        return [
            EssayToMatchV1(
                essay_id=each.essay_id, text_storage_id=each.text_storage_id, file_name=f"{each.essay_id}.docx"
            )
            for each in self.essays(**texts)
        ]

    async def ask_to_match(self, essays: list[EssayToMatchV1], **fields: Any) -> None:
        """Say ELS's request to match these essays."""
        facts = {"class_id": "9A", "course_code": CourseCode.ENG5, "run_id": "run", "attempt": 1, **fields}
        await self.say(
            BatchStudentMatchingRequestedV1(
                entity_id="batch", batch_id="batch", timestamp=AT, essays_to_process=essays, **facts
            )
        )

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Within: the service reads and works, and all it says is heard."""
        platform = Platform(bus=self.bus, pool=SmallPool(), dsn=self.database.dsn, data_dir=Path())
        contents = Provider(scope=Scope.APP)
        contents.provide(lambda: self.content, provides=ContentClientProtocol)
        contents.provide(lambda: self.rosters, provides=RosterClientProtocol)
        parts = container(self.settings, platform, contents)
        self.bus.subscribe(await parts.get(Database), (await parts.get(NlpKafkaConsumer)).groups())
        async with self.listening(self.bus):
            yield
        await parts.close()

    @property
    def analyses(self) -> list[EssayNlpCompletedV1]:
        return self.of(EssayNlpCompletedV1)

    @property
    def answers(self) -> list[BatchNlpAnalysisCompletedV1]:
        return self.of(BatchNlpAnalysisCompletedV1)

    @property
    def suggestions(self) -> list[BatchAuthorMatchesSuggestedV1]:
        return self.of(BatchAuthorMatchesSuggestedV1)

    def outcomes(self) -> Counter[tuple[str, str]]:
        """How often each (essay, "success" or error code) was answered."""
        summaries = [(answer.processing_summary, answer.error_codes) for answer in self.answers]
        return Counter(
            [(essay_id, "success") for summary, _ in summaries for essay_id in summary.successful_essay_ids]
            + [(essay_id, codes[essay_id]) for summary, codes in summaries for essay_id in summary.failed_essay_ids]
        )

    async def rows(self) -> dict[tuple[str, int], str | None]:
        """The error code kept for each (essay, attempt)."""
        rows = await self.database.pool.fetch("select essay_id, attempt, error_code from nlp_service.essay_analysis")
        return {(row["essay_id"], row["attempt"]): row["error_code"] for row in rows}

    async def settled(self) -> None:
        """Wait until all requests are read, all work is done, and all that was said is heard."""
        await self.at_rest(SERVICE_NAME, BatchNlpProcessingRequestedV2)
        await self.at_rest(STUDENT_MATCHING, BatchStudentMatchingRequestedV1)


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
