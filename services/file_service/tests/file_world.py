"""File Service on a real log, with contents and batches in memory and a reader small enough to know by heart."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from dishka import Provider, Scope
from quart import Response
from quart.datastructures import FileStorage
from quart.typing import TestClientProtocol as Client

from common_core.enums import FileValidationErrorCode
from common_core.messages.content import BatchFileAddedV1, EssayContentProvisionedV1, EssayValidationFailedV1
from common_core.messages.notification import TeacherNotificationRequestedV1
from file_service.config import SERVICE_NAME, FileSettings
from file_service.domain.batches import BatchStanding
from file_service.domain.extracted_text import ExtractedText, FileFormat, extracted
from file_service.domain.failures import UnsupportedFileType
from file_service.implementations.batch_standings_impl import InMemoryBatchStandings
from file_service.protocols import BatchStandingsProtocol, TextReaderProtocol
from file_service.startup_setup import DEFINITION, container, started
from huleedu_service_libs import migrations
from huleedu_service_libs.content_client import PLAIN_TEXT, ContentClientProtocol, InMemoryContentClient
from huleedu_service_libs.http_client import PeerRefused
from huleedu_service_libs.runtime import Database, PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import NoPool, Others

ESSAY = b"Elin Berg\n\nMy summer job was at a bakery, where I had to rise at four every morning.\n"
OTHER_ESSAY = b"My summer holiday was quiet: I read books by the lake and learned how to row a boat.\n"
PICTURE = b"a picture"
BROKEN = b"a file over which the reader itself breaks"
TEACHER = "teacher-1"
SAID = (BatchFileAddedV1, EssayContentProvisionedV1, EssayValidationFailedV1, TeacherNotificationRequestedV1)
_PUT_OFF = "select exists (select from runtime.work where not_before > now())"


class Contents(InMemoryContentClient):
    """Contents that do not take everything."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[bytes] = set()

    async def store(self, content: bytes, content_type: str = PLAIN_TEXT) -> str:
        if content in self.refused:
            raise PeerRefused("content_service", 413, {"code": "TOO_LARGE"})
        return await super().store(content, content_type)


class PlainReader:
    """Takes every file for text, but for two. Waits before each until it may go on."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.begun = 0

    async def extract(self, raw: bytes, file_name: str) -> ExtractedText:
        self.begun += 1
        await self.may_go_on.wait()
        if raw == PICTURE:
            raise UnsupportedFileType
        if raw == BROKEN:
            raise KeyError("a bug")
        return extracted(raw.decode(), FileFormat.TXT, author="Berit Berg")


class World(Others):
    """One database, the service on it, and what it was heard saying. It can be stopped and started again."""

    def __init__(self, listener: Database, **settings: Any) -> None:
        super().__init__(listener, *SAID)
        self.settings = FileSettings(**{"extraction_processes": 2, **settings})
        self.content, self.reader = Contents(), PlainReader()
        self.batches = InMemoryBatchStandings(b=BatchStanding(user_id=TEACHER))

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Client]:
        """Within: the service answers, works, and is heard. At the end it is cut off, whatever it is doing."""
        bus = PostgresEventBus(self.database.dsn, take_over=True)
        platform = Platform(bus=bus, pool=NoPool(), dsn=self.database.dsn, data_dir=Path())
        service = await started(self.settings, platform, container(self.settings, platform, self._replacements()))
        async with self.listening(bus):
            yield service.app.test_client()
        await service.close()

    def _replacements(self) -> Provider:
        fakes = Provider(scope=Scope.APP)
        fakes.provide(lambda: self.content, provides=ContentClientProtocol)
        fakes.provide(lambda: self.batches, provides=BatchStandingsProtocol)
        fakes.provide(lambda: self.reader, provides=TextReaderProtocol)
        return fakes

    async def settled(self) -> None:
        """Wait until all work is done and all that was said is heard."""
        await self.at_rest(SERVICE_NAME)

    async def is_reading(self) -> bool:
        return self.reader.begun > 0

    async def is_put_off(self) -> bool:
        return bool(await self.database.pool.fetchval(_PUT_OFF))

    @property
    def added(self) -> list[BatchFileAddedV1]:
        return self.of(BatchFileAddedV1)

    @property
    def texts(self) -> list[EssayContentProvisionedV1]:
        return self.of(EssayContentProvisionedV1)

    @property
    def failures(self) -> list[EssayValidationFailedV1]:
        return self.of(EssayValidationFailedV1)

    def answers(self) -> Counter[tuple[str, FileValidationErrorCode | None]]:
        """How often each (file name, error code) was answered."""
        answered: list[tuple[str, FileValidationErrorCode | None]] = [
            (text.original_file_name, None) for text in self.texts
        ]
        return Counter(
            answered + [(failure.original_file_name, failure.validation_error_code) for failure in self.failures]
        )


@asynccontextmanager
async def world_on(dsn: str, **settings: Any) -> AsyncIterator[World]:
    """A world on this database, which has the runtime's schema already."""
    assert DEFINITION.scripts is not None
    await migrations.upgrade(dsn, SERVICE_NAME, DEFINITION.scripts)
    listener = await Database.connect(dsn, "essay_lifecycle_service")
    try:
        yield World(listener, **settings)
    finally:
        await listener.close()


async def hand_in(
    client: Client, *files: tuple[str, bytes], batch_id: str = "b", user_id: str | None = TEACHER, **headers: str
) -> Response:
    """Upload files, each a (name, bytes)."""
    asker = {"X-User-ID": user_id} if user_id else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(
        "/v1/files/batch",
        form={"batch_id": batch_id},
        files={str(number): FileStorage(BytesIO(raw), name) for number, (name, raw) in enumerate(files)},
        headers={**asker, **named},
    )


async def problem(answer: Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    body = await answer.get_json()
    assert answer.content_type == "application/problem+json"
    assert answer.status_code == body["status"]
    return answer.status_code, body["code"]
